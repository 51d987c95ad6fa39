from __future__ import annotations

from importlib.resources import files

import pytest
from fontTools.ttLib import TTFont

from evalib import fonts
from evalib.fonts.build import RANGES, STAMP, SYMBOLS


def test_every_character_of_the_general_standard_list_can_be_drawn() -> None:
    listed = files("evalib.fonts").joinpath("hanzi_8105.txt").read_text(encoding="utf-8").replace("\n", "")
    assert len(set(listed)) == 8105
    assert fonts.covers(listed) == set()


def test_all_of_gb2312_and_the_symbols_of_reports_can_be_drawn() -> None:
    pairs = ((lead, trail) for lead in range(0xA1, 0xF8) for trail in range(0xA1, 0xFF))
    national = "".join(bytes(pair).decode("gb2312", "ignore") for pair in pairs)
    assert len(national) == 7445
    assert fonts.covers(national + SYMBOLS.replace("✗", "")) == set()
    assert fonts.covers("χσρτ×÷±≤≥≈→↑↓²³‰°′″①⑳āǎüé〓 “English” it’s – 95% −0.06") == set()


def test_what_cannot_be_drawn_is_named_and_shapeless_characters_are_not() -> None:
    assert fonts.covers("学😀校\U0002000b\n\t\u200b\ufe0f") == {"😀", "\U0002000b"}


@pytest.mark.parametrize("path", fonts.font_paths(), ids=lambda path: path.stem)
def test_a_font_is_renamed_small_and_free_of_the_clock(path) -> None:  # type: ignore[no-untyped-def]
    weight = path.stem.partition("-")[2]
    with TTFont(path) as font:
        names = {record.nameID: str(record) for record in font["name"].names}
        assert (names[1], names[2]) == (fonts.FAMILY, weight)
        assert "Noto" not in names[6] + font["CFF "].cff.fontNames[0]
        assert font["head"].created == font["head"].modified == STAMP
        assert "locl" not in {one.FeatureTag for one in font["GSUB"].table.FeatureList.FeatureRecord}
        assert font["OS/2"].usWeightClass == {"Regular": 400, "Bold": 700}[weight]
    assert path.stat().st_size < 2_300_000


def test_both_weights_draw_the_same_characters() -> None:
    maps = []
    for path in fonts.font_paths():
        with TTFont(path, lazy=True) as font:
            maps.append(set(font.getBestCmap()))
    assert maps[0] == maps[1]
    assert set(range(*RANGES[0])) <= maps[0]


def test_the_licence_travels_with_the_fonts() -> None:
    licence = files("evalib.fonts").joinpath("OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Google Corporation" in licence
