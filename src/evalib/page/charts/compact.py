"""A drawing in fewer bytes: what every shape repeats is said once, names that nobody uses are left out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import groupby

SVG, XLINK = "http://www.w3.org/2000/svg", "{http://www.w3.org/1999/xlink}"
# Shapes whose look may stand at the group around them. Words are not among them: the page colours
# them by the style that they carry themselves.
SHAPES = frozenset({"path", "use"})
# What a group does not hand on as it is, or what the drawing's own rule for every shape would override.
OWN = frozenset({"opacity", "clip-path", "mask", "stroke-linejoin", "stroke-linecap"})
HOLDERS = frozenset({"svg", "g", "defs"})
# Fewer shapes than these gain nothing by a group.
FEWEST = 3
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def compacted(svg: str, name: str) -> str:
    """The same drawing, without what makes it long.

    Parameters
    ----------
    svg
        One `svg` element as matplotlib writes it.
    name
        Unique on a page; every id that is left begins with it.

    Returns
    -------
    Ids that nothing refers to are gone, the others are numbered; groups that say nothing give
    way to what is in them; neighbouring shapes of one look share it in a group. With a dot for
    every section a figure of the district's page is two thirds as long.
    """
    root = ET.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.removeprefix(XLINK): value for key, value in element.attrib.items()}
        if "d" in element.attrib:
            element.set("d", " ".join(element.get("d", "").split()))
    _renamed(root, name)
    _gathered(root)
    root.set("xmlns", SVG)
    return ET.tostring(root, encoding="unicode")


def _renamed(root: ET.Element, name: str) -> None:
    """Number the ids that something refers to, in their order, and drop the others."""
    used = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            used |= {value[1:]} if key == "href" else set(_REFERENCE.findall(value))
    own = {
        old: f"{name}-{place}"
        for place, old in enumerate(
            (one.get("id", "") for one in root.iter() if one.get("id") in used), start=1
        )
    }
    for element in root.iter():
        kept = {}
        for key, value in element.attrib.items():
            if key == "href":
                value = f"#{own[value[1:]]}"
            elif key == "id" and value not in own:
                continue
            elif key == "id":
                value = own[value]
            kept[key] = _REFERENCE.sub(lambda found: f"url(#{own[found[1]]})", value)
        element.attrib = kept


def _gathered(element: ET.Element) -> None:
    """Dissolve groups that say nothing, then let neighbours of one look share it."""
    if element.tag not in HOLDERS:
        return
    flat: list[ET.Element] = []
    for child in element:
        _gathered(child)
        flat += list(child) if child.tag == "g" and not child.attrib else [child]
    shown: list[ET.Element] = []
    for look, run in groupby(flat, key=_look):
        same = list(run)
        if look and len(same) >= FEWEST:
            for one in same:
                del one.attrib["style"]
            group = ET.Element("g", {"style": look})
            group.extend(same)
            same = [group]
        shown += same
    for one in shown:
        one.tail = None
    element.text = None
    element[:] = shown


def _look(element: ET.Element) -> str:
    """A shape's style that a group may carry for it, else ""."""
    style = element.get("style", "")
    properties = {one.partition(":")[0].strip() for one in style.split(";")}
    return style if element.tag in SHAPES and not properties & OWN else ""
