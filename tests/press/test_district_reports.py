"""The notebooks of the district and of its groups, run from end to end in both editions and languages."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections import Counter
from typing import Any

import nbformat
import papermill
import pytest
from pypdf import PdfReader
from test_numbers_on_both_faces import Reading, close, known, numbers

from evalib.press.render import render_html, render_pdf
from whole_district import HOSTILE, NAMES, NOW, ROOT, lay

pytestmark = [pytest.mark.proof, pytest.mark.filterwarnings("ignore")]

RESULTS = "application/vnd.evalib.results+json"
CASES = {
    "district": ("district_report", {"edition": "restricted", "lang": "zh"}),
    "district, public, English": ("district_report", {"edition": "public", "lang": "en"}),
    "group": ("group_report", {"group_code": "JT01", "edition": "restricted", "lang": "zh"}),
    "small group, public, English": (
        "group_report",
        {"group_code": "JT02", "edition": "public", "lang": "en"},
    ),
}


@pytest.fixture(scope="module", params=CASES)
def made(request, tmp_path_factory) -> tuple[str, Any, str, PdfReader]:
    """A case's name, its executed notebook, its page and its PDF."""
    root = tmp_path_factory.mktemp("project")
    lay(root)
    name, given = CASES[request.param]
    shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", root)
    params = str(root / "params" / "sample.yaml")
    papermill.execute_notebook(
        str(root / f"{name}.ipynb"),
        str(root / "out.ipynb"),
        parameters={**given, "year": NOW, "params": params},
        progress_bar=False,
    )
    notebook = nbformat.read(root / "out.ipynb", as_version=4)
    content, missing = render_pdf(notebook)
    assert missing == ()
    return request.param, notebook, render_html(notebook), PdfReader(io.BytesIO(content))


def results_of(notebook: Any) -> dict[str, Any]:
    (found,) = [
        output["data"][RESULTS]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if RESULTS in output.get("data", {})
    ]
    return found


def test_pages_are_whole_small_and_ask_nobody(made) -> None:
    case, _, page, pdf = made
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    assert len(page) < 400_000
    assert len(pdf.pages) >= (6 if case.startswith("district") else 1)
    assert not re.findall(r'(?:src|href)="(?!#|data:|\.\./)[^"]*"', page)
    assert "Traceback" not in page


def test_links_lead_to_reports_beside_and_to_rows_that_are_there(made) -> None:
    case, _, page, pdf = made
    ids = set(re.findall(r' id="([^"]+)"', page))
    inward = set(re.findall(r'href="#([^"]+)"', page))
    assert inward <= ids
    assert len(ids) == len(re.findall(r' id="([^"]+)"', page))
    outward = set(re.findall(r'href="(\.\./[^"]+)"', page))
    ending = "report.en.html" if "English" in case else "report.html"
    assert all(
        re.fullmatch(rf"\.\./(?:[AB]\d\d-(?:primary|junior)|group-JT0\d)/{ending}", one) for one in outward
    )
    assert bool(outward) == ("small" not in case)
    annotated = [one.get_object() for sheet in pdf.pages for one in sheet.get("/Annots", [])]
    addresses = {one["/A"]["/URI"] for one in annotated if "/A" in one}
    assert addresses == {one.replace(".html", ".pdf") for one in outward}


def test_both_faces_hold_the_same_numbers(made) -> None:
    _, _, page, pdf = made
    shown = Reading(page).numbers
    printed = Counter(one for sheet in pdf.pages for one in numbers(sheet.extract_text()))
    assert shown - printed == Counter()


def test_every_number_in_a_table_is_a_rounding_of_one_in_the_results(made, tmp_path) -> None:
    case, notebook, page, _ = made
    results = results_of(notebook)
    settings = lay(tmp_path / "again")
    told = [
        *results["told"].values(),
        *known(settings),
        *(float(one) for year in results["years"] for one in year.split("-")),
    ]
    told += [abs(one) for one in told]
    foreign = []
    for heads, cells in Reading(page).rows():
        named = set(NAMES.values()) | set(NAMES)
        text = " ".join(cells)
        for one in named:
            text = text.replace(one, " ")
        if "evalib" in text or re.search(r"\b[0-9a-f]{12}\b", text):
            continue
        foreign += [(heads, cells, one) for one in numbers(text) if not any(close(one, x) for x in told)]
    assert foreign == []
    assert len(results["told"]) > (100 if case.startswith("district") else 3)


def test_the_public_pages_name_nobody(made) -> None:
    case, notebook, page, pdf = made
    whole = page + json.dumps(results_of(notebook), ensure_ascii=False)
    whole += "".join(sheet.extract_text() for sheet in pdf.pages)
    named = [name for name in NAMES.values() if name != HOSTILE and name in whole]
    if "public" in case:
        assert not named
    else:
        assert len(named) >= 4
    assert "<script>alert" not in page
