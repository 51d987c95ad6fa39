"""Pictures inside a page: drawings made safe to stand in it, photographs checked."""

from __future__ import annotations

import base64
import binascii
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from evalib.errors import RenderError
from evalib.markup import printable

SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
# What a plain drawing is made of. In HTML a name such as p, img or meta ends the drawing and
# starts a page of its own, whatever its namespace was: only what stands here is kept.
# fmt: off
_WORDS = frozenset({"text", "tspan", "title", "desc", "style"})
_KEPT = _WORDS | {
    "svg", "g", "defs", "clipPath", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "use",
    "linearGradient", "radialGradient", "stop", "pattern", "mask", "marker", "symbol", "image",
}
_PRESENTED = frozenset({
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap",
    "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "opacity", "color",
    "font", "font-family", "font-size", "font-style", "font-weight", "font-stretch", "font-variant",
    "text-anchor", "text-decoration", "dominant-baseline", "alignment-baseline", "baseline-shift",
    "letter-spacing", "word-spacing", "writing-mode", "white-space", "clip-path", "clip-rule", "mask",
    "marker", "marker-start", "marker-mid", "marker-end", "stop-color", "stop-opacity", "display",
    "visibility", "overflow", "paint-order", "vector-effect", "shape-rendering", "text-rendering",
    "image-rendering", "transform",
})
_SHAPED = frozenset({
    "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "dx", "dy", "d", "points",
    "width", "height", "viewBox", "preserveAspectRatio", "version", "rotate", "textLength", "lengthAdjust",
    "offset", "gradientUnits", "gradientTransform", "spreadMethod", "patternUnits", "patternContentUnits",
    "patternTransform", "maskUnits", "maskContentUnits", "clipPathUnits", "markerWidth", "markerHeight",
    "markerUnits", "refX", "refY", "orient",
})
# fmt: on
_DEEPEST = 100
_REFERENCE = re.compile(r"""url\(\s*(['"]?)#([\w.:-]+)\1\s*\)""")
# The parts of a CSS value that hold brackets or quotes and ask nobody for anything.
_CLOSED = re.compile(
    r"url\(#[\w.:-]+\)|'[\w\s.,-]*'|\"[\w\s.,-]*\"|"
    r"\b(?:rgba?|hsla?|matrix|translate[XY]?|scale[XY]?|rotate|skew[XY])\([\w\s.,%/+-]*\)"
)
_BARE = re.compile(r"[\w\s.,%#+/!-]*")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_AT_RULE = re.compile(r"@[^{};]*(?:;|\{(?:[^{}]|\{[^{}]*\})*\}|\Z)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR = re.compile(r"[\w\s.#*>+~:-]+")
_EMBEDDED = re.compile(r"data:(image/(?:png|jpeg));base64,(.*)", re.DOTALL)
_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_POINTS = {"pt": 1.0, "px": 0.75, "": 0.75, "in": 72.0, "mm": 72 / 25.4, "cm": 72 / 2.54}


@dataclass(frozen=True)
class Picture:
    """A PNG or JPEG picture.

    Attributes
    ----------
    mime
        `image/png` or `image/jpeg`.
    content
        The file.
    alt
        What it shows, in words.
    """

    mime: str
    content: bytes
    alt: str

    @property
    def address(self) -> str:
        """The picture as a `data:` address."""
        return f"data:{self.mime};base64,{base64.b64encode(self.content).decode()}"

    @property
    def typst_bytes(self) -> str:
        """The picture as a Typst expression; no file is needed beside the source."""
        return f"bytes(({','.join(map(str, self.content))},))"


@dataclass(frozen=True)
class Drawing:
    """An SVG drawing that can stand inside a page.

    Attributes
    ----------
    svg
        One `svg` element: no script, no address outside it, its own ids and styles.
    width, height
        Its natural size in points.
    """

    svg: str
    width: float
    height: float


def read_picture(mime: str, encoded: str, alt: str, *, cell: int) -> Picture:
    """A picture from its base64 text.

    Raises
    ------
    RenderError
        The content is not a file of that type.
    """
    content = _content(mime, encoded)
    if not content:
        raise RenderError("unreadable_picture", cell=cell, type=mime)
    return Picture(mime, content, alt)


def _content(mime: str, encoded: str) -> bytes:
    """The file behind base64 text, or nothing when it is no file of that type."""
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if content.startswith(_SIGNATURES[mime]) else b""


def read_drawing(svg: str, prefix: str, *, cell: int) -> Drawing:
    """A drawing from its SVG text, made safe to stand inside a page.

    It is rebuilt from short lists of elements, attributes and style properties. Scripts, links,
    other namespaces and every reference to another place are thereby gone; ids, classes and
    style rules are confined to this drawing, so that two of them do not meet.

    Parameters
    ----------
    svg
        A whole SVG file.
    prefix
        Unique on the page.
    cell
        Where it comes from, counted from 1; named in the error.

    Raises
    ------
    RenderError
        It is not well-formed, is no SVG, or is nested more than 100 deep.
    """
    try:
        root = ET.fromstring(printable(svg))
    except ET.ParseError:
        root = ET.Element("")
    if root.tag != f"{{{SVG}}}svg":
        raise RenderError("unreadable_picture", cell=cell, type="image/svg+xml")
    width, height = _size(root)
    drawn = _rebuilt(root, "svg", prefix, cell)
    drawn.set("xmlns", SVG)
    drawn.set("id", prefix)
    drawn.set("viewBox", root.get("viewBox", f"0 0 {width:g} {height:g}"))
    return Drawing(ET.tostring(drawn, encoding="unicode").strip(), width, height)


def _size(root: ET.Element) -> tuple[float, float]:
    box = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", root.get("viewBox", ""))]
    sides = []
    for name, position in (("width", 2), ("height", 3)):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(pt|px|in|mm|cm|)\s*", root.get(name, ""))
        if match:
            sides.append(float(match[1]) * _POINTS[match[2]])
        else:
            sides.append(box[position] * _POINTS["px"] if len(box) == 4 else 300.0)
    return max(sides[0], 1.0), max(sides[1], 1.0)


def _rebuilt(element: ET.Element, name: str, prefix: str, cell: int, depth: int = 0) -> ET.Element:
    """The element under this name, with those of its children and attributes that are kept."""
    if depth > _DEEPEST:
        raise RenderError("unreadable_picture", cell=cell, type="image/svg+xml")
    kept = ET.Element(name)
    for attribute, value in element.attrib.items():
        own, checked = _attribute(name, attribute, value, prefix)
        if checked:
            kept.set(own, checked)
    if name in _WORDS:
        kept.text = _rules(element.text or "", prefix) if name == "style" else element.text
    if name in ("title", "desc", "style"):
        # HTML reads what is inside these as HTML.
        return kept
    for child in element:
        inner = _name(child, name)
        last = kept[-1] if len(kept) else None
        if inner:
            last = _rebuilt(child, inner, prefix, cell, depth + 1)
            kept.append(last)
        if child.tail and name in _WORDS:
            if last is None:
                kept.text = (kept.text or "") + child.tail
            else:
                last.tail = (last.tail or "") + child.tail
    return kept


def _name(element: ET.Element, parent: str) -> str:
    """What an element is called in the drawing, or "" when it is left out; a link keeps its content."""
    space, _, name = str(element.tag).rpartition("}")
    if space != f"{{{SVG}":
        return ""
    if name == "a":
        return "tspan" if parent in ("text", "tspan") else "g"
    return name if name in _KEPT else ""


def _attribute(element: str, name: str, value: str, prefix: str) -> tuple[str, str]:
    """An attribute's name in the drawing and its value there, "" when it is left out."""
    if name in _SHAPED:
        return name, value
    if name in _PRESENTED:
        return name, _value(value, prefix)
    if name == "style":
        return name, _declarations(value, prefix)
    if name == "id":
        return name, f"{prefix}-{value}"
    if name == "class":
        return name, " ".join(f"{prefix}-{one}" for one in value.split())
    if name == _SPACE:
        return "xml:space", value if value in ("preserve", "default") else ""
    if name in ("href", _XLINK):
        return "href", _target(element, value, prefix)
    return name, ""


def _target(element: str, value: str, prefix: str) -> str:
    """Where a reference leads: into this drawing, or to a picture that is inside it."""
    if element == "image":
        embedded = _EMBEDDED.fullmatch(value.strip())
        return value.strip() if embedded and _content(embedded[1], embedded[2]) else ""
    return f"#{prefix}-{value[1:]}" if value.startswith("#") else ""


def _value(value: str, prefix: str) -> str:
    """A style value whose references point into this drawing, or "" if it could lead elsewhere."""
    local = _REFERENCE.sub(rf"url(#{prefix}-\2)", value.strip())
    return local if _BARE.fullmatch(_CLOSED.sub(" ", local)) else ""


def _declarations(text: str, prefix: str) -> str:
    """The declarations of a style attribute or rule that are kept."""
    pairs = (one.partition(":") for one in _COMMENT.sub(" ", text).split(";"))
    checked = ((name.strip().lower(), _value(value, prefix)) for name, _, value in pairs)
    return ";".join(f"{name}:{value}" for name, value in checked if name in _PRESENTED and value)


def _rules(text: str, prefix: str) -> str:
    """The rules of a style sheet, limited to this drawing; at-rules are left out."""
    plain = _AT_RULE.sub(" ", _COMMENT.sub(" ", text))
    rules = ((selectors, _declarations(inner, prefix)) for selectors, inner in _RULE.findall(plain))
    return "".join(
        f"{_scoped(selectors, prefix)}{{{kept}}}"
        for selectors, kept in rules
        if kept and all(_SELECTOR.fullmatch(one) for one in selectors.split(","))
    )


def _scoped(selectors: str, prefix: str) -> str:
    parts = (re.sub(r"([#.])(?=[\w-])", rf"\1{prefix}-", one.strip()) for one in selectors.split(","))
    return ",".join(f"#{prefix} {one}" for one in parts)
