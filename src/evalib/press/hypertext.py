"""A document as one HTML file that asks nobody for anything."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup as Safe

from evalib.markup import escape_html, printable
from evalib.press.document import Block, Document, Figure, ForeignHtml, Markup, Plain, Prose
from evalib.press.pictures import Picture
from evalib.press.prose import FACES
from evalib.press.sanitize import reduce_html
from evalib.vocabulary import LANGUAGE_TAGS

# A drawing may grow a little beyond its natural size, but a thumbnail stays one.
GROWTH = 1.25
CSS_PIXEL = 0.75


def hypertext(document: Document) -> str:
    """The document as HTML: one file, no script, no request, every text escaped."""
    return _template().render(
        document=document,
        language=LANGUAGE_TAGS[document.lang],
        style=Safe(_style()),
        blocks=[_block(block) for block in document.blocks],
    )


@cache
def _template() -> Template:
    loader = PackageLoader("evalib.press", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


@cache
def _style() -> str:
    return files("evalib.press").joinpath("templates", "report.css").read_text(encoding="utf-8")


def _block(block: Block) -> dict[str, object]:
    """A block as the template wants it: its kind and ready parts."""
    match block:
        case Prose():
            return {"kind": "markup", "markup": Safe(FACES["html"].render(block.tokens))}
        case Markup():
            return {"kind": "markup", "markup": Safe(reduce_html(block.text))}
        case ForeignHtml():
            return {"kind": "foreign", "markup": Safe(reduce_html(block.text))}
        case Plain():
            return {"kind": "plain", "text": printable(block.text), "error": block.error}
        case Figure():
            twin = Safe(reduce_html(block.twin_html))
            return {"kind": "figure", "figure": block, "twin": twin, **_drawn(block)}


def _drawn(figure: Figure) -> dict[str, object]:
    drawn = figure.content
    if isinstance(drawn, Picture):
        return {"picture": drawn.address}
    label = f'<svg role="img" aria-label="{escape_html(figure.alt)}"'
    return {
        "drawing": Safe(drawn.svg.replace("<svg", label, 1)),
        "width": round(drawn.width / CSS_PIXEL * GROWTH),
    }
