"""Links in a table's cells: to other reports of the year and to rows of the page, and nowhere else."""

from __future__ import annotations

import io

import nbformat
import pytest
from pypdf import PdfReader

from evalib.page.links import Address, Anchored, Linked, listed
from evalib.page.tables import Table
from evalib.press.render import render_html, render_pdf
from evalib.press.sanitize import reduce_html

BESIDE = Address("../2150000001-primary/report.html", "../2150000001-primary/report.pdf")
HOSTILE = '"><script>alert(1)</script>'


def table() -> Table:
    named = listed([("示例一小", BESIDE), (HOSTILE, BESIDE), ("规则", Address.here("def-R1"))], "、")
    return Table(
        caption="名单",
        heads=("行", "哪些"),
        rows=(("高于", named), (Anchored("R1 规则", "def-R1"), "怎样算"), ("不在", away())),
        text_columns=frozenset({0, 1}),
        notes=(Linked([("见", None), ("规则", Address.here("def-R1"))]),),
    )


def away() -> Linked:
    return Linked([("没有这一行", Address.here("def-R9"))])


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    shown = table()._repr_mimebundle_()
    output = nbformat.v4.new_output("execute_result", data=shown, execution_count=1)
    cells = [nbformat.v4.new_markdown_cell("# 题目"), nbformat.v4.new_code_cell("1", outputs=[output])]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_table_with_links_comes_out_of_the_reduction_as_it_was() -> None:
    markup = table().html()
    assert reduce_html(markup) == markup
    assert '<a href="../2150000001-primary/report.html">示例一小</a>、' in markup
    assert '<th scope="row" id="def-R1">R1 规则</th>' in markup


def test_words_of_a_link_are_text(notebook) -> None:
    page = render_html(notebook)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</a>" in page


def test_as_plain_text_a_link_is_its_words() -> None:
    assert table().rows[0][1] == f"示例一小、{HOSTILE}、规则"
    assert "示例一小、" in table()._repr_mimebundle_()["text/plain"]


def test_the_pdf_links_to_the_other_pdf_and_to_the_row_and_to_no_row_that_is_not_there(notebook) -> None:
    content, missing = render_pdf(notebook)
    reader = PdfReader(io.BytesIO(content))
    found = [one.get_object() for page in reader.pages for one in page.get("/Annots", [])]
    outward = [one["/A"]["/URI"] for one in found if "/A" in one]
    inward = [one for one in found if "/Dest" in one]
    assert outward == ["../2150000001-primary/report.pdf"] * 2
    assert len(inward) == 2  # the cell's and the note's; the link to def-R9 is mere text
    assert all(one["/Contents"] for one in found)
    assert missing == ()


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/",
        "//example.org/report.html",
        "javascript:alert(1)",
        "data:text/html,x",
        "../../2150000001-primary/report.html",
        "../report.html",
        "../a/b/report.html",
        "../2150000001-primary/report.html?x=1",
        "../2150000001-primary/run.json",
        "../2150000001 primary/report.html",
        "../2150000001-primary/report.html#a b",
        "#",
        "",
        " #def-R1",
    ],
)
def test_an_address_elsewhere_leaves_its_words(address: str) -> None:
    assert reduce_html(f'<p>a <a href="{address}">b</a> c</p>') == "<p>a b c</p>"


@pytest.mark.parametrize(
    "address",
    [
        "../2150000001-primary/report.html",
        "../group-JT01/report.en.html",
        "#def-R1",
        "../x-junior/report.html#def-a",
    ],
)
def test_an_address_beside_stays_and_nothing_else_of_the_link(address: str) -> None:
    given = f'<a href="{address}" onclick="x()" target="_blank" style="x" id="main" class="skip">b</a>'
    assert reduce_html(given) == f'<a href="{address}">b</a>'


def test_only_a_definition_has_an_id() -> None:
    assert reduce_html('<table><td id="main">a<td id="def-x y">b<td id="def-x">c</table>') == (
        '<table><td>a</td><td>b</td><td id="def-x">c</td></table>'
    )
