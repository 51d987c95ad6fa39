"""HTML of any output, reduced to text, tables, lists and the page's own classes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from evalib.markup import escape_html

# fmt: off
_KEPT = frozenset({
    "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "p",
    "div", "span", "br", "hr", "ul", "ol", "li", "dl", "dt", "dd", "b",
    "strong", "i", "em", "u", "s", "sub", "sup", "small", "code", "pre", "blockquote", "h3", "h4", "h5", "h6",
    "details", "summary", "a",
})
# fmt: on
# A small drawing in a table's cell: lines and dots placed by numbers, and nothing else.
_SPARK = frozenset({"svg", "line", "circle"})
_VOID = frozenset({"br", "hr"})
# Their content is no text for a reader.
_SILENT = frozenset(
    {"script", "style", "template", "title", "head", "noscript", "iframe", "object", "svg", "math"}
)
# Attributes that are kept, each with the values that it may have.
_ATTRIBUTES = {
    "colspan": re.compile(r"\d{1,3}"),
    "rowspan": re.compile(r"\d{1,3}"),
    "scope": re.compile(r"(?:col|row)(?:group)?"),
    "role": re.compile(r"region|group|img"),
    "tabindex": re.compile(r"0"),
    "aria-label": re.compile(r".*", re.DOTALL),
    # Another report of the same year, a place on this page or on that one; never an address elsewhere.
    "href": re.compile(r"(?=.)(?:\.\./[\w~-]{1,200}/report(?:\.[a-z]{2})?\.html)?(?:#[\w-]{1,80})?"),
    "id": re.compile(r"def-[\w-]{1,80}"),
    "viewbox": re.compile(r"[\d. ]{1,40}"),
    **dict.fromkeys(("x1", "x2", "y1", "y2", "cx", "cy", "r"), re.compile(r"-?\d{1,4}(?:\.\d{1,4})?")),
}
# The classes that report.css knows; any other would borrow a place on the page or mean nothing.
# fmt: off
_CLASSES = frozenset({
    "lead", "small", "note", "context", "first", "tag", "up", "down", "same", "na", "number", "right",
    "center", "scroll", "figures", "prose", "twin", "standings", "pair", "remarks", "spark", "mean", "run",
    "span",
})
# fmt: on
# What may be left open in HTML, and is closed by the next of its kind.
_SELF_CLOSING = frozenset({"tr", "td", "th", "li", "p", "dt", "dd"})


def reduce_html(markup: str) -> str:
    """The markup rebuilt from a short list of elements; everything else leaves its text only.

    Scripts, styles, pictures, forms and nearly all attributes are gone, and so are all links but those
    to another report of the same year and to a table's row; what `page/` writes comes out as it was.
    Every element is closed, so that nothing of it reaches the rest of the page.

    >>> reduce_html('<p onclick="x()">a<script>b</script><td>1')
    '<p>a<td>1</td></p>'
    """
    reducer = _Reducer()
    reducer.feed(markup)
    reducer.close()
    return reducer.whole()


class _Reducer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        drawn = tag in _SPARK and (tag != "svg" or ("class", "spark") in attrs)
        if self.silent or (tag in _SILENT and not drawn):
            if tag in _SILENT:
                self.silent.append(tag)
        elif tag in _VOID:
            self.parts.append(f"<{tag}>")
        elif tag == "a" and " href=" not in _attributes(attrs):
            return  # a link to anywhere else leaves its words
        elif tag in _KEPT or (drawn and (tag == "svg" or "svg" in self.open)):
            if tag in _SELF_CLOSING and self.open[-1:] == [tag]:
                self.handle_endtag(tag)
            self.parts.append(f"<{tag}{_attributes(attrs)}>")
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag == self.silent[-1]:
                self.silent.pop()
        elif tag in self.open:
            while self.open:
                last = self.open.pop()
                self.parts.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(escape_html(data))

    def whole(self) -> str:
        """What was kept, with every element closed."""
        return "".join([*self.parts, *(f"</{tag}>" for tag in reversed(self.open))])


def _attributes(attrs: list[tuple[str, str | None]]) -> str:
    kept: dict[str, str] = {}
    for name, value in attrs:
        given = value or ""
        if name == "class":
            given = " ".join(one for one in given.split() if one in _CLASSES)
            if given:
                kept.setdefault(name, given)
        elif name in _ATTRIBUTES and _ATTRIBUTES[name].fullmatch(given):
            kept.setdefault(name, given)
    return "".join(f' {name}="{escape_html(value)}"' for name, value in kept.items())
