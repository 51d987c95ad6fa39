"""Prose cells: Markdown becomes tokens once, and tokens become HTML or Typst."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, cast
from urllib.parse import unquote

import mistune

from evalib.markup import escape_html, typst_string
from evalib.press.pictures import Picture

Token = dict[str, Any]

SAFE_LINK = re.compile(r"(https?|mailto):", re.IGNORECASE)
# Chinese is written without spaces: a line end between two of its characters is no space.
_CHINESE = re.compile(
    r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff，。、；：？！“”‘’（）《》—…]"
)


@cache
def _parser() -> mistune.Markdown:
    return mistune.create_markdown(renderer=None, plugins=["table", "strikethrough"])


def parse(text: str) -> list[Token]:
    """The blocks of a Markdown text, with line ends inside Chinese taken out."""
    blocks = cast(list[Token], _parser()(text))
    return [_joined(block) for block in blocks if block["type"] != "blank_line"]


def plain_text(token: Token) -> str:
    """The words of a token without any markup."""
    if token["type"] == "softbreak":
        return " "
    raw = token.get("raw")
    if raw is not None:
        return html.unescape(raw) if token["type"] == "text" else str(raw)
    return "".join(plain_text(child) for child in token.get("children", []))


def _joined(token: Token) -> Token:
    """The token without soft line ends that stand between two Chinese characters."""
    children = token.get("children")
    if not children:
        return token
    kept = []
    for position, child in enumerate(children):
        if child["type"] == "softbreak" and 0 < position < len(children) - 1:
            before, after = plain_text(children[position - 1]), plain_text(children[position + 1])
            if _CHINESE.match(before[-1:]) and _CHINESE.match(after[:1]):
                continue
        kept.append(_joined(child))
    return {**token, "children": kept}


def safe_address(url: str) -> str:
    """The address of a link, or "" when it is not http, https or mailto."""
    decoded = unquote(html.unescape(url)).strip()
    return html.unescape(url).strip() if SAFE_LINK.match(decoded) else ""


class _Renderer:
    """Draws a token by the method named after its type."""

    def render(self, tokens: Iterable[Token]) -> str:
        """All tokens, one after another."""
        return "".join(getattr(self, token["type"])(token) for token in tokens)

    def inner(self, token: Token) -> str:
        return self.render(token.get("children", []))

    def literal(self, text: str) -> str:
        raise NotImplementedError

    def text(self, token: Token) -> str:
        return self.literal(html.unescape(token["raw"]))

    def inline_html(self, token: Token) -> str:
        return self.literal(token["raw"])

    def block_text(self, token: Token) -> str:
        return self.inner(token)

    def blank_line(self, token: Token) -> str:
        return ""

    def softbreak(self, token: Token) -> str:
        return self.literal(" ")


class _HtmlProse(_Renderer):
    """Prose as HTML; raw HTML in it is text."""

    def literal(self, text: str) -> str:
        return escape_html(text)

    def heading(self, token: Token) -> str:
        attrs = token["attrs"]
        level = min(attrs["level"], 6)
        return f'<h{level} id="{escape_html(attrs["id"])}">{self.inner(token)}</h{level}>\n'

    def paragraph(self, token: Token) -> str:
        return f"<p>{self.inner(token)}</p>\n"

    def block_html(self, token: Token) -> str:
        return f"<p>{self.literal(token['raw'].strip())}</p>\n"

    def block_code(self, token: Token) -> str:
        return f'<pre tabindex="0"><code>{self.literal(token["raw"].rstrip())}</code></pre>\n'

    def block_quote(self, token: Token) -> str:
        return f"<blockquote>{self.inner(token)}</blockquote>\n"

    def thematic_break(self, token: Token) -> str:
        return "<hr>\n"

    def list(self, token: Token) -> str:
        attrs = token["attrs"]
        if not attrs["ordered"]:
            return f"<ul>{self.inner(token)}</ul>\n"
        return f'<ol start="{int(attrs.get("start", 1))}">{self.inner(token)}</ol>\n'

    def list_item(self, token: Token) -> str:
        return f"<li>{self.inner(token)}</li>"

    def table(self, token: Token) -> str:
        return f'<div class="scroll"><table class="prose">{self.inner(token)}</table></div>\n'

    def table_head(self, token: Token) -> str:
        return f"<thead><tr>{self.inner(token)}</tr></thead>"

    def table_body(self, token: Token) -> str:
        return f"<tbody>{self.inner(token)}</tbody>"

    def table_row(self, token: Token) -> str:
        return f"<tr>{self.inner(token)}</tr>"

    def table_cell(self, token: Token) -> str:
        attrs = token["attrs"]
        opening, closing = ('th scope="col"', "th") if attrs["head"] else ("td", "td")
        side = f' class="{attrs["align"]}"' if attrs["align"] else ""
        return f"<{opening}{side}>{self.inner(token)}</{closing}>"

    def emphasis(self, token: Token) -> str:
        return f"<em>{self.inner(token)}</em>"

    def strong(self, token: Token) -> str:
        return f"<strong>{self.inner(token)}</strong>"

    def strikethrough(self, token: Token) -> str:
        return f"<del>{self.inner(token)}</del>"

    def codespan(self, token: Token) -> str:
        return f"<code>{self.literal(token['raw'])}</code>"

    def linebreak(self, token: Token) -> str:
        return "<br>\n"

    def link(self, token: Token) -> str:
        address = safe_address(token["attrs"]["url"])
        words = self.inner(token) or self.literal(address)
        return f'<a href="{escape_html(address)}" rel="noreferrer">{words}</a>' if address else words

    def image(self, token: Token) -> str:
        picture: Picture = token["picture"]
        return f'<img src="{picture.address}" alt="{escape_html(picture.alt)}">'


class _TypstProse(_Renderer):
    """Prose as Typst; every word of it is a string literal, so nothing in it is code."""

    def literal(self, text: str) -> str:
        return f"#{typst_string(text)};" if text else ""

    def heading(self, token: Token) -> str:
        return f"#heading(level: {token['attrs']['level']})[{self.inner(token)}]\n\n"

    def paragraph(self, token: Token) -> str:
        return f"{self.inner(token)}\n\n"

    def block_html(self, token: Token) -> str:
        return f"{self.literal(token['raw'].strip())}\n\n"

    def block_code(self, token: Token) -> str:
        return f"#evalib-pre({typst_string(token['raw'].rstrip())})\n\n"

    def block_quote(self, token: Token) -> str:
        return f"#quote(block: true)[{self.inner(token)}]\n\n"

    def thematic_break(self, token: Token) -> str:
        return "#evalib-rule()\n\n"

    def list(self, token: Token) -> str:
        attrs = token["attrs"]
        items = "".join(f"[{self.inner(item)}]," for item in token["children"])
        if attrs["ordered"]:
            return f"#enum(start: {int(attrs.get('start', 1))}, {items})\n\n"
        return f"#list({items})\n\n"

    def table(self, token: Token) -> str:
        head, *body = token["children"]
        sides = "".join(f'"{cell["attrs"]["align"] or "left"}",' for cell in head["children"])
        rows = [row for part in body for row in part["children"]]
        cells = "".join(f"({self._cells(row)})," for row in rows)
        return f"#evalib-prose-table(({sides}), ({self._cells(head)}), ({cells}))\n\n"

    def _cells(self, row: Token) -> str:
        return "".join(f"[{self.inner(cell)}]," for cell in row["children"])

    def emphasis(self, token: Token) -> str:
        return f"#emph[{self.inner(token)}];"

    def strong(self, token: Token) -> str:
        return f"#strong[{self.inner(token)}];"

    def strikethrough(self, token: Token) -> str:
        return f"#strike[{self.inner(token)}];"

    def codespan(self, token: Token) -> str:
        return f"#raw({typst_string(token['raw'])});"

    def linebreak(self, token: Token) -> str:
        return "#linebreak();"

    def link(self, token: Token) -> str:
        address = safe_address(token["attrs"]["url"])
        words = self.inner(token) or self.literal(address)
        return f"#link({typst_string(address)})[{words}];" if address else words

    def image(self, token: Token) -> str:
        picture: Picture = token["picture"]
        return f"#evalib-picture({picture.typst_bytes}, {typst_string(picture.alt)});"


FACES: dict[Literal["html", "typst"], _Renderer] = {"html": _HtmlProse(), "typst": _TypstProse()}
