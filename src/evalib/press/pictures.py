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
# Runs code, embeds other documents, or says nothing to a reader.
_DROPPED = {"script", "foreignObject", "metadata", "iframe", "object", "embed", "audio", "video"}
_REFERENCE = re.compile(r"url\(\s*(['\"]?)#")
_OUTSIDE = re.compile(r"url\((?!\s*['\"]?#)[^)]*\)|@import[^;]*;?", re.IGNORECASE)
_RULE = re.compile(r"([^{}]+)(\{[^{}]*\})")
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
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content.startswith(_SIGNATURES[mime]):
        raise RenderError("unreadable_picture", cell=cell, type=mime)
    return Picture(mime, content, alt)


def read_drawing(svg: str, prefix: str, *, cell: int) -> Drawing:
    """A drawing from its SVG text, made safe to stand inside a page.

    Scripts, event attributes, links and every reference to another place are taken out;
    ids and style rules are confined to this drawing, so that two of them do not meet.

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
        It is not well-formed, or is no SVG.
    """
    try:
        root = ET.fromstring(printable(svg))
    except ET.ParseError:
        root = ET.Element("")
    if root.tag != f"{{{SVG}}}svg":
        raise RenderError("unreadable_picture", cell=cell, type="image/svg+xml")
    width, height = _size(root)
    _confine(root, prefix)
    root.set("xmlns", SVG)
    root.set("id", prefix)
    root.set("viewBox", root.get("viewBox", f"0 0 {width:g} {height:g}"))
    return Drawing(ET.tostring(root, encoding="unicode").strip(), width, height)


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


def _confine(element: ET.Element, prefix: str) -> None:
    element.tag = element.tag.removeprefix(f"{{{SVG}}}")
    for child in list(element):
        name = child.tag if isinstance(child.tag, str) else ""
        if name.startswith(f"{{{SVG}}}") and name.rpartition("}")[2] not in _DROPPED:
            _confine(child, prefix)
        else:
            element.remove(child)
    for name, value in list(element.attrib.items()):
        del element.attrib[name]
        if name == "id":
            element.set("id", f"{prefix}-{value}")
        elif name in ("href", _XLINK):
            if value.startswith("#"):
                element.set("href", f"#{prefix}-{value[1:]}")
            elif value.startswith(("data:image/png", "data:image/jpeg")):
                element.set("href", value)
        elif name == _SPACE:
            element.set("xml:space", value)
        elif not name.startswith("{") and not name.lower().startswith("on"):
            element.set(name, _local(value, prefix))
    if element.tag == "style":
        rules = re.sub(r"/\*.*?\*/", "", _local(element.text or "", prefix), flags=re.DOTALL)
        element.text = _RULE.sub(lambda rule: _scoped(rule[1], prefix) + rule[2], rules)


def _local(value: str, prefix: str) -> str:
    """A value whose references point to this drawing and nowhere else."""
    return _REFERENCE.sub(rf"url(\1#{prefix}-", _OUTSIDE.sub("none", value))


def _scoped(selectors: str, prefix: str) -> str:
    """The selectors of one style rule, limited to this drawing; at-rules keep their name."""
    if selectors.strip().startswith("@"):
        return selectors
    parts = (re.sub(r"#(?=[\w-])", f"#{prefix}-", one.strip()) for one in selectors.split(","))
    return ",".join(f"#{prefix} {one}" for one in parts)
