"""Make the fonts that evalib ships, from Noto Sans CJK SC: `python -m evalib.fonts.build`.

Run by hand, never by a report. It needs Debian's package `fonts-noto-cjk`. The same
source files and the same fontTools give the same bytes.

The subsets hold 通用规范汉字表 (8,105 characters, in `hanzi_8105.txt`), all of GB2312,
Latin, Greek, and the symbols that reports print. Outlines stay CFF; hints and `locl` are
dropped (a report is printed or zoomed, and it is always simplified Chinese), which halves
the size. `hwid` stays, so that raw output can be set in columns without a third font, and
`pwid`, which gives English its narrow quotation marks.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from evalib.fonts import FAMILY, FILES

SOURCES = tuple(
    Path("/usr/share/fonts/opentype/noto", name)
    for name in ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc")
)
SOURCE_FAMILY = "Noto Sans CJK SC"
SYMBOLS = "−–—―‖‘’“”„†‡•…‰′″※€℃℉№™Ω←↑→↓↔⇒√∝∞∠∩∪≈≠≤≥≡△▽▲▼▷▶◀◁○●◎◆◇□■★☆✓✗〓㎡㎏㎝㎜"
RANGES = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x017F),  # Latin-1, Latin Extended-A: pinyin with its tones
    (0x01CD, 0x01DC),  # the third tone
    (0x0300, 0x0304),  # combining marks
    (0x0391, 0x03C9),  # Greek: χ σ ρ τ
    (0x2070, 0x208E),  # superscript and subscript figures
    (0x2150, 0x215E),  # fractions
    (0x2160, 0x217B),  # Roman numerals
    (0x2460, 0x2473),  # ① to ⑳
    (0x2500, 0x257F),  # box drawing, in raw output
    (0x2580, 0x2593),  # blocks
    (0x3000, 0x3017),  # CJK punctuation
    (0xFF01, 0xFF5E),  # full-width forms
    (0xFFE0, 0xFFE6),  # full-width currency
)
# Seconds since 1904, as `head` counts them: 1 January 2024.
STAMP = 3786912000
DROPPED_TABLES = ["DSIG", "VORG", "vhea", "vmtx"]
FEATURES = ["kern", "mark", "ccmp", "hwid", "pwid"]


def characters() -> set[int]:
    """Every code point that the subsets are asked to hold; the source decides what it has."""
    hanzi = files("evalib.fonts").joinpath("hanzi_8105.txt").read_text(encoding="utf-8")
    wanted = {ord(character) for character in hanzi + SYMBOLS if not character.isspace()}
    for first, last in RANGES:
        wanted.update(range(first, last + 1))
    for lead in range(0xA1, 0xF8):
        for trail in range(0xA1, 0xFF):
            wanted.update(ord(one) for one in bytes((lead, trail)).decode("gb2312", "ignore"))
    return wanted


def build(source: Path, target: Path, weight: str) -> None:
    """Subset one weight of the source collection and write it under our own name."""
    font = _face(source)
    options = Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.desubroutinize = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13]
    options.drop_tables = [*options.drop_tables, *DROPPED_TABLES]
    options.recalc_timestamp = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    _rename(font, weight)
    font["head"].created = font["head"].modified = STAMP
    font.recalcTimestamp = False
    font.save(target)


def _face(source: Path) -> TTFont:
    for font in TTCollection(source, lazy=True).fonts:
        if font["name"].getDebugName(1) == SOURCE_FAMILY:
            return font
    raise SystemExit(f"{source.name} has no face named {SOURCE_FAMILY}")


def _rename(font: TTFont, weight: str) -> None:
    """Our own family name: it must not be taken for an installed Noto."""
    names = font["name"]
    names.names = [record for record in names.names if record.langID == 0x409]
    postscript = f"{FAMILY.replace(' ', '')}-{weight}"
    full = f"{FAMILY} {weight}"
    own = {1: FAMILY, 2: weight, 3: f"evalib;{postscript}", 4: full, 6: postscript}
    for identifier, text in own.items():
        names.setName(text, identifier, 3, 1, 0x409)
    outlines = font["CFF "].cff
    outlines.fontNames = [postscript]
    outlines.topDictIndex[0].FullName = full
    outlines.topDictIndex[0].FamilyName = FAMILY


def main() -> None:
    """Build both weights beside this module."""
    folder = Path(__file__).parent
    for source, name in zip(SOURCES, FILES, strict=True):
        target = folder / name
        build(source, target, target.stem.partition("-")[2])
        print(f"{name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
