"""HTML that is not ours, such as a data frame's, reduced to text, tables and lists."""

from __future__ import annotations

from html.parser import HTMLParser

from evalib.markup import escape_html

# fmt: off
_KEPT = frozenset({
    "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "p",
    "div", "span", "br", "hr", "ul", "ol", "li", "dl", "dt", "dd", "b",
    "strong", "i", "em", "u", "s", "sub", "sup", "small", "code", "pre", "blockquote", "h3", "h4", "h5", "h6",
})
# fmt: on
_VOID = frozenset({"br", "hr"})
# Their content is no text for a reader.
_SILENT = frozenset(
    {"script", "style", "template", "title", "head", "noscript", "iframe", "object", "svg", "math"}
)
_ATTRIBUTES = frozenset({"colspan", "rowspan", "scope"})
# What may be left open in HTML, and is closed by the next of its kind.
_SELF_CLOSING = frozenset({"tr", "td", "th", "li", "p", "dt", "dd"})


def reduce_html(markup: str) -> str:
    """The markup rebuilt from a short list of elements; everything else leaves its text only.

    Scripts, styles, pictures, forms, links and all attributes but spans and scope are gone.
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
        if self.silent or tag in _SILENT:
            if tag in _SILENT:
                self.silent.append(tag)
        elif tag in _VOID:
            self.parts.append(f"<{tag}>")
        elif tag in _KEPT:
            if tag in _SELF_CLOSING and self.open[-1:] == [tag]:
                self.handle_endtag(tag)
            kept = "".join(
                f' {name}="{escape_html(value or "")}"' for name, value in attrs if name in _ATTRIBUTES
            )
            self.parts.append(f"<{tag}{kept}>")
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
