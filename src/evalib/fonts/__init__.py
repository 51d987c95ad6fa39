"""The fonts that reports are printed in, and which characters they can draw."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FAMILY = "Evalib Sans SC"
FILES = ("EvalibSansSC-Regular.otf", "EvalibSansSC-Bold.otf")

# Line breaks, joiners, marks of direction and variation selectors have no shape of their own.
_SHAPELESS = frozenset(
    {0x09, 0x0A, 0x0D, 0xAD, 0xFEFF}
    | {*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)}
    | {*range(0xE0100, 0xE01F0)}
)


def font_paths() -> tuple[Path, ...]:
    """The regular and the bold font file."""
    return tuple(Path(__file__).with_name(name) for name in FILES)


def covers(text: str) -> set[str]:
    """The characters of a text that the fonts cannot draw.

    Parameters
    ----------
    text
        Anything that is to be printed.

    Returns
    -------
    The missing characters, each once; empty when the text can be printed whole.
    Characters without a shape of their own, such as a line break, are never missing.

    >>> covers("学业质量 52.6 ▲")
    set()
    """
    drawable = _drawable()
    return {character for character in set(text) if ord(character) not in drawable}


@cache
def _drawable() -> frozenset[int]:
    # fontTools is only needed to read the files, once a process.
    from fontTools.ttLib import TTFont

    maps = []
    for path in font_paths():
        with TTFont(path, lazy=True) as font:
            maps.append(set(font.getBestCmap()))
    return frozenset(set.intersection(*maps) | _SHAPELESS)
