from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from evalib.page.tables import Table
from evalib.press.render import render_html, render_pdf
from review_shown import everything
from reviewed_tables import reviewed
from shown import notebook_of

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reviewed(tmp_path_factory.mktemp("rendered") / "district")


@pytest.mark.parametrize(("lang", "edition"), [("zh", "restricted"), ("en", "public")])
def test_the_pages_become_html_and_an_accessible_pdf_without_a_missing_character(
    root: Path, lang: str, edition: str
) -> None:
    shown = everything(root, lang, edition)
    notebook = notebook_of(["## 优质均衡", *shown], lang)
    html = render_html(notebook)
    assert html.count('class="figures"') >= sum(isinstance(one, Table) for one in shown)
    assert "<script" not in html
    assert len(html) < 400_000
    # Links and anchors are not lost on the way, and every link has its anchor.
    anchors = set(re.findall(r'id="(def-\w+)"', html))
    assert len(anchors) == 32
    assert set(re.findall(r'href="#(def-\w+)"', html)) == anchors
    assert ("../2150000001-primary/report" in html) == (edition == "restricted")
    pdf, missing = render_pdf(notebook)
    assert missing == ()
    pages = PdfReader(BytesIO(pdf)).pages
    assert len(pages) > 5
    assert "R7" in "".join(page.extract_text() for page in pages)
