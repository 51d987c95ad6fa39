"""Words in a table's cell that lead elsewhere, or that can be led to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalib.markup import escape_html, typst_string


@dataclass(frozen=True)
class Address:
    """Where a link leads from either face.

    Attributes
    ----------
    html, pdf
        A report beside this one, from this one's folder: "../2150000001-primary/report.html". Or
        "#" and the anchor of a cell on the same page.
    """

    html: str
    pdf: str

    @classmethod
    def here(cls, anchor: str) -> Address:
        """The address of a cell on the same page."""
        return cls(f"#{anchor}", f"#{anchor}")


Piece = tuple[str, Address | None]


class Linked(str):
    """Words of which some lead elsewhere; as text it is its words, so that plain faces stay whole."""

    pieces: tuple[Piece, ...]

    def __new__(cls, pieces: Sequence[Piece]) -> Linked:
        """The pieces in order; one without an address is mere text."""
        made = super().__new__(cls, "".join(words for words, _ in pieces))
        made.pieces = tuple(pieces)
        return made

    @property
    def html(self) -> str:
        """The words with their links for a page."""
        return "".join(
            f'<a href="{escape_html(to.html)}">{escape_html(words)}</a>' if to else escape_html(words)
            for words, to in self.pieces
        )

    @property
    def typst(self) -> str:
        """The words with their links as literals for print."""
        pieces = "".join(
            f"({typst_string(words)}, {typst_string(to.pdf if to else '')}), " for words, to in self.pieces
        )
        return f"(words: {typst_string(self)}, pieces: ({pieces}))"


class Anchored(str):
    """Words that can be led to by their anchor, such as def-R1."""

    anchor: str

    def __new__(cls, words: str, anchor: str) -> Anchored:
        """The words and the anchor: letters, digits, _ and -, unique on a page."""
        made = super().__new__(cls, words)
        made.anchor = anchor
        return made

    @property
    def typst(self) -> str:
        """The words with their anchor as literals for print."""
        return f"(words: {typst_string(self)}, anchor: {typst_string(self.anchor)})"


def listed(pieces: Sequence[Piece], joint: str) -> Linked:
    """Several names as one enumeration, each with its own link."""
    found: list[Piece] = []
    for position, piece in enumerate(pieces):
        found += [(joint, None)] if position else []
        found.append(piece)
    return Linked(found)
