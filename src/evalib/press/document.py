"""An executed notebook, read as a report: title, contents and blocks in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

from evalib.errors import RenderError
from evalib.press.pictures import Drawing, Picture, read_drawing, read_picture
from evalib.press.prose import Token, parse, plain_text

Face = Literal["html", "typst"]
Bundle = Mapping[str, Any]

PAGE = "application/vnd.evalib.page+json"
UNDRAWN = (PAGE, "application/vnd.evalib.results+json")
TYPST = "text/vnd.typst"
PICTURES = ("image/png", "image/jpeg")
# For a notebook that brings no words of its own: the same as in params/wording.yaml.
LABELS = {
    "zh": {
        "contents": "目录",
        "page": "第 {page} 页，共 {pages} 页",
        "table_twin": "数据表",
        "skip": "跳到正文",
        "figure": "图 {number}",
    },
    "en": {
        "contents": "Contents",
        "page": "Page {page} of {pages}",
        "table_twin": "Data table",
        "skip": "Skip to the content",
        "figure": "Figure {number}",
    },
}
# Longer than any name; what is longer is no title but an accident, and a running head is one line.
LONGEST = {"title": 200, "eyebrow": 200, "subtitle": 200, "fingerprint": 200, "running_head": 60}
# A call of one of the page's own functions, once its string literals are taken out.
_OWN_CALL = re.compile(r"#evalib-[a-z]+\((?:[\s(),]|none|[a-z]+:)*\)")
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Prose:
    """Blocks of a Markdown text."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Markup:
    """Markup of one face, as the page wrote it: a Typst call already checked, or HTML still to be reduced."""

    text: str


@dataclass(frozen=True)
class ForeignHtml:
    """HTML of anyone, drawn only as far as it is text, tables and lists."""

    text: str


@dataclass(frozen=True)
class Plain:
    """Text in columns: a stream, a plain representation, a traceback."""

    text: str
    error: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawing or picture with its words."""

    content: Drawing | Picture
    alt: str
    caption: str
    twin_html: str = ""


Block = Prose | Markup | ForeignHtml | Plain | Figure


@dataclass
class Document:
    """A report, ready to be drawn in one face.

    Attributes
    ----------
    lang
        "zh" or "en".
    title, eyebrow, subtitle, running_head, fingerprint
        As the page output gives them; all but the title may be empty.
    labels
        Words of the page itself, in its language.
    contents
        Anchor and words of every heading of level 2, in order.
    blocks
        What is drawn, in order.
    """

    lang: str
    title: str
    eyebrow: str = ""
    subtitle: str = ""
    running_head: str = ""
    fingerprint: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    contents: list[tuple[str, str]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def read_document(notebook: Any, stem: str, face: Face) -> Document:
    """Read an executed notebook for one face.

    Parameters
    ----------
    notebook
        An nbformat 4 notebook with its outputs.
    stem
        The file's name without ending: the title when the notebook has none.
    face
        "html" or "typst": an output carries several types, and each face has its own order.

    Raises
    ------
    RenderError
        An output has no type that this face can draw, a picture is unreadable or comes
        from elsewhere, or Typst is no call of the page's own; the cell is named.
    """
    page = _page(notebook)
    lang = _lang(notebook, page)
    document = Document(lang, title="", labels=dict(LABELS[lang]))
    for name in LONGEST:
        setattr(document, name, str(page.get(name, "")).strip())
    document.labels.update({key: str(text) for key, text in page.get("labels", {}).items()})
    reader = _Reader(document, face)
    for number, cell in enumerate(notebook.cells, start=1):
        if not _is_for(lang, set(cell.metadata.get("tags", []))):
            continue
        if cell.cell_type == "markdown":
            reader.add_prose(cell.source, number, cell.get("attachments", {}))
        reader.add_outputs(cell.get("outputs", []), number)
    document.title = document.title or stem
    document.running_head = document.running_head or document.title
    for name, longest in LONGEST.items():
        setattr(document, name, _shortened(getattr(document, name), longest))
    return document


def _page(notebook: Any) -> Mapping[str, Any]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get(PAGE)
            if page:
                return dict(page)
    return {}


def _lang(notebook: Any, page: Mapping[str, Any]) -> str:
    given = notebook.metadata.get("papermill", {}).get("parameters", {}).get("lang")
    return "en" if str(given or page.get("lang") or "zh").lower().startswith("en") else "zh"


def _is_for(lang: str, tags: set[str]) -> bool:
    """Whether a cell with these tags belongs to the report; `lab` cells speak to JupyterLab alone."""
    return "lab" not in tags and (lang in tags or not tags & {"zh", "en"})


class _Reader:
    """Adds cells to a document, keeping heading levels whole and anchors unique."""

    def __init__(self, document: Document, face: Face) -> None:
        self.document = document
        self.face = face
        self.has_page = bool(document.title)
        self.levels: list[int] = []
        self.anchors = {"main", "contents"}
        self.figures = 0

    def add_prose(self, text: str, cell: int, attachments: Bundle) -> None:
        tokens = [token for token in self._headed(parse(text)) if token["type"] != "blank_line"]
        tokens = [self._pictured(token, cell, attachments) for token in tokens]
        if tokens:
            self.document.blocks.append(Prose(tuple(tokens)))

    def add_outputs(self, outputs: list[Any], cell: int) -> None:
        for stream, group in groupby(outputs, key=lambda output: output.get("name", "")):
            if stream:
                self._add_plain("".join(_text(output["text"]) for output in group))
                continue
            for output in group:
                if output["output_type"] == "error":
                    self._add_plain("\n".join(output["traceback"]) or output["evalue"], error=True)
                else:
                    self._add_bundle(output["data"], output.get("metadata", {}), cell)

    def _add_plain(self, text: str, error: bool = False) -> None:
        shown = _ANSI.sub("", text).rstrip()
        if shown:
            self.document.blocks.append(Plain(shown, error))

    def _add_bundle(self, content: Bundle, metadata: Bundle, cell: int) -> None:
        if any(kind in content for kind in UNDRAWN):
            return
        blocks = self.document.blocks
        ours = TYPST in content
        if "image/svg+xml" in content:
            self._add_figure("image/svg+xml", content, metadata, cell)
        elif ours and self.face == "typst":
            blocks.append(Markup(_own_call(_text(content[TYPST]), cell)))
        elif ours and "text/html" in content:
            blocks.append(Markup(_text(content["text/html"])))
        elif kinds := [kind for kind in PICTURES if kind in content]:
            self._add_figure(kinds[0], content, metadata, cell)
        elif "text/markdown" in content:
            self.add_prose(_text(content["text/markdown"]), cell, {})
        elif "text/html" in content and self.face == "html":
            blocks.append(ForeignHtml(_text(content["text/html"])))
        elif "text/plain" in content:
            self._add_plain(_text(content["text/plain"]))
        else:
            raise RenderError("undrawable_output", cell=cell, types=", ".join(sorted(content)) or "—")

    def _add_figure(self, kind: str, content: Bundle, metadata: Bundle, cell: int) -> None:
        self.figures += 1
        words = metadata.get(kind, {})
        caption = str(words.get("caption", ""))
        unnamed = self.document.labels["figure"].format(number=self.figures)
        alt = str(words.get("alt") or caption or unnamed)
        source = _text(content[kind])
        drawn: Drawing | Picture
        if kind in PICTURES:
            drawn = read_picture(kind, source, alt, cell=cell)
        else:
            drawn = read_drawing(source, f"fig{self.figures}", cell=cell)
        self.document.blocks.append(Figure(drawn, alt, caption, str(words.get("twin_html", ""))))

    def _headed(self, tokens: list[Token]) -> Iterator[Token]:
        """The tokens with the title taken out, levels without gaps and anchors set."""
        for token in tokens:
            if token["type"] != "heading":
                yield token
                continue
            words = plain_text(token).strip()
            level = token["attrs"]["level"]
            if not self.document.title:
                self.document.title = words
                continue
            if not words or (level == 1 and self.has_page):
                continue
            # A reader who jumps from heading to heading must not fall through a missing level.
            while self.levels and self.levels[-1] >= max(level, 2):
                self.levels.pop()
            self.levels.append(max(level, 2))
            anchor, depth = self._anchor(words), len(self.levels) + 1
            if depth == 2:
                self.document.contents.append((anchor, words))
            yield {**token, "attrs": {"level": depth, "id": anchor}}

    def _anchor(self, words: str) -> str:
        stem = re.sub(r"\W+", "-", words.lower()).strip("-") or "section"
        anchor, count = stem, 1
        while anchor in self.anchors:
            count += 1
            anchor = f"{stem}-{count}"
        self.anchors.add(anchor)
        return anchor

    def _pictured(self, token: Token, cell: int, attachments: Bundle) -> Token:
        """The token with every picture in it read from the cell's attachments."""
        if token["type"] == "image":
            address = token["attrs"]["url"]
            bundle = attachments.get(address.removeprefix("attachment:"), {})
            kinds = [kind for kind in PICTURES if kind in bundle]
            if not kinds:
                raise RenderError("picture_from_elsewhere", cell=cell, address=address[:80])
            self.figures += 1
            alt = plain_text(token).strip() or self.document.labels["figure"].format(number=self.figures)
            return {**token, "picture": read_picture(kinds[0], _text(bundle[kinds[0]]), alt, cell=cell)}
        if "children" in token:
            children = [self._pictured(child, cell, attachments) for child in token["children"]]
            return {**token, "children": children}
        return token


def _shortened(words: str, longest: int) -> str:
    """The words, or as many of them as fit before an ellipsis."""
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def _own_call(text: str, cell: int) -> str:
    """The text if it is one call of the page's own functions with literals only.

    Anything else would be code that runs while the report is printed.
    """
    if not _OWN_CALL.fullmatch(_LITERAL.sub("", text).strip()):
        raise RenderError("foreign_typst", cell=cell)
    return text.strip()


def _text(value: Any) -> str:
    """Text that nbformat may hold as lines."""
    return value if isinstance(value, str) else "".join(value)
