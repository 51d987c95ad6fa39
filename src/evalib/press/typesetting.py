"""A document as Typst source: every text a string literal, every glyph one that the fonts have."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

from evalib import fonts
from evalib.markup import typst_string
from evalib.press.document import Block, Document, Figure, ForeignHtml, Markup, Plain, Prose
from evalib.press.pictures import Drawing, Picture
from evalib.press.prose import FACES

GETA = "〓"
# A drawing at least this wide fills the line; one taller than this share of its width is held to a page.
LINE_FILLING_POINTS = 360
# Half a line of contents holds this many narrow letters, a Chinese character counted as two.
HALF_LINE = 46
TALL, PAGE_FILLING_MM = 1.3, 210


def typesetting(document: Document) -> tuple[str, tuple[str, ...]]:
    """The document as one Typst file that needs nothing beside it but the fonts.

    Returns
    -------
    The source, and the characters that the fonts lack, as "U+1F600 GRINNING FACE": they
    stand in the source as 〓, because a missing glyph prints as nothing at all.
    """
    parts = [_prelude(), _opening(document), *(_block(block) for block in document.blocks)]
    source = "\n\n".join(parts) + "\n"
    missing = sorted(fonts.covers(source))
    source = source.translate({ord(character): GETA for character in missing})
    return source, tuple(f"U+{ord(one):04X} {unicodedata.name(one, '?')}" for one in missing)


@cache
def _prelude() -> str:
    return files("evalib.press").joinpath("templates", "evalib.typ").read_text(encoding="utf-8")


def _opening(document: Document) -> str:
    contents = document.labels["contents"] if len(document.contents) > 1 else ""
    region = typst_string("cn") if document.lang == "zh" else "none"
    fields = {
        "title": typst_string(document.title),
        "lang": typst_string(document.lang),
        "region": region,
        "eyebrow": typst_string(document.eyebrow),
        "subtitle": typst_string(document.subtitle),
        "running-head": typst_string(document.running_head),
        "fingerprint": typst_string(document.fingerprint),
        "contents": typst_string(contents),
        "contents-columns": str(_contents_columns(document)),
        "contents-length": str(len(document.contents)),
        "page-label": f"(page, pages) => {_page_label(document.labels['page'])}",
        "font": typst_string(fonts.FAMILY),
    }
    given = ", ".join(f"{name}: {value}" for name, value in fields.items())
    return f"#show: evalib-report.with({given})"


def _contents_columns(document: Document) -> int:
    """Two columns when every entry fits into half a line, so that page one keeps its room."""
    widths = (sum(1 if one.isascii() else 2 for one in words) for _, words in document.contents)
    return 2 if max(widths, default=0) <= HALF_LINE else 1


def _page_label(label: str) -> str:
    """A label with {page} and {pages} as a Typst sum of strings."""
    pieces = re.split(r"\{(pages?)\}", label)
    return " + ".join(piece if k % 2 else typst_string(piece) for k, piece in enumerate(pieces))


def _block(block: Block) -> str:
    match block:
        case Prose():
            return FACES["typst"].render(block.tokens).rstrip()
        case Markup():
            return block.text
        case Plain():
            return f"#evalib-pre({typst_string(block.text)}, error: {str(block.error).lower()})"
        case Figure():
            return _figure(block)
        case ForeignHtml():
            raise TypeError("HTML has no Typst face")


def _figure(figure: Figure) -> str:
    alt, caption = typst_string(figure.alt), typst_string(figure.caption)
    if isinstance(figure.content, Picture):
        return f"#evalib-photo({figure.content.typst_bytes}, alt: {alt}, caption: {caption})"
    return (
        f"#evalib-figure(svg: {typst_string(figure.content.svg)}, alt: {alt}, "
        f"caption: {caption}, {_extent(figure.content)})"
    )


def _extent(drawing: Drawing) -> str:
    if drawing.height > TALL * drawing.width and drawing.width >= LINE_FILLING_POINTS:
        return f"width: auto, height: {PAGE_FILLING_MM}mm"
    if drawing.width >= LINE_FILLING_POINTS:
        return "width: 100%"
    return "width: auto"
