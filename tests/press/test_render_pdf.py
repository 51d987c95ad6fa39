from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from pypdf import PdfReader

from evalib.errors import RenderError
from evalib.markup import typst_string
from evalib.press.render import EvalibPDFExporter, EvalibTypstExporter, compile_pdf, render_pdf

FIXTURES = Path(__file__).with_name("fixtures")
HOSTILE = (
    '<script>alert("x")</script> #sys.version $x$ \\ "引号" `#read("/etc/passwd")` [a](javascript:1) *b*'
)


def notebook(name: str) -> Any:
    return nbformat.read(FIXTURES / f"{name}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def content() -> bytes:
    return render_pdf(notebook("healthy"))[0]


@pytest.fixture(scope="module")
def pdf(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text_of(pdf: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in pdf.pages)


def structure(node: Any) -> Iterator[Any]:
    """Every element of the tag tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from structure(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from structure(node["/K"])


def tags(pdf: PdfReader) -> list[Any]:
    return list(structure(pdf.trailer["/Root"]["/StructTreeRoot"]))


def test_the_pdf_declares_the_accessible_standard_title_and_language(pdf: PdfReader) -> None:
    root = pdf.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert "pdfuaid:part" in metadata
    assert root["/Lang"].startswith("zh")
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata
    assert pdf.metadata.title == "示例三小（小学部）"
    assert pdf.metadata.creation_date
    assert pdf.metadata.creation_date.year == 2024


def test_chinese_can_be_read_out_of_the_pdf(pdf: PdfReader) -> None:
    text = text_of(pdf)
    for words in (
        "平均标准分（T）",
        "劳动实践：学校未交记录，本项不评价。",
        "第 1 页，共 3 页",
        "数据 9f3c1a",
    ):
        assert words in text
    assert "English only" not in text
    assert "学校报告" not in text


def test_hostile_text_is_printed_as_text(pdf: PdfReader) -> None:
    assert text_of(pdf).count(HOSTILE) == 3


def test_headings_tables_and_figures_are_tagged(pdf: PdfReader) -> None:
    elements = tags(pdf)
    kinds = [element["/S"] for element in elements]
    assert kinds.count("/H1") == 1
    assert {"/H2", "/H3", "/L", "/LI", "/Table", "/THead", "/TR", "/TH", "/TD", "/Caption"} <= set(kinds)
    heads = [element for element in elements if element["/S"] == "/TH"]
    assert len(heads) == 7 + 5 + 2 + 3  # columns of the four tables
    alternatives = [element["/Alt"] for element in elements if "/Alt" in element]
    assert any(words.startswith("五个维度的得分与 95% 区间：") for words in alternatives)


def test_a_long_table_repeats_its_head_on_the_next_page(pdf: PdfReader) -> None:
    assert all("班级" in pdf.pages[k].extract_text() for k in (1, 2))


def test_bookmarks_follow_the_headings(pdf: PdfReader) -> None:
    title, sections = pdf.outline[0], pdf.outline[1]
    assert title.title == "示例三小（小学部）"
    named = [entry.title for entry in sections if not isinstance(entry, list)]
    assert named[0] == "五个维度，连同把握有多大"
    assert named[-1] == "怎么读这份报告"
    assert [entry.title for group in sections if isinstance(group, list) for entry in group] == ["各班"]


def test_only_our_fonts_are_used_and_they_are_embedded(pdf: PdfReader) -> None:
    found = set()
    for page in pdf.pages:
        for font in page["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            found.add(descendant["/BaseFont"].partition("+")[2].partition("-Identity")[0])
            assert "/FontFile3" in descendant["/FontDescriptor"].get_object()
    assert found == {"EvalibSansSC-Regular", "EvalibSansSC-Bold"}


def test_a_missing_glyph_is_replaced_and_named_in_prose_and_in_a_figure() -> None:
    content, missing = render_pdf(notebook("missing_glyph"))
    assert missing == ("U+2603 SNOWMAN", "U+1F600 GRINNING FACE", "U+2000B CJK UNIFIED IDEOGRAPH-2000B")
    text = text_of(PdfReader(io.BytesIO(content)))
    assert "作者 〓 与 〓。" in text
    assert "图中 〓" in text
    assert render_pdf(notebook("healthy"))[1] == ()


def test_bytes_repeat_in_another_folder_process_and_time_zone(content: bytes, tmp_path: Path) -> None:
    assert render_pdf(notebook("healthy"))[0] == content
    script = (
        "import sys, nbformat; from evalib.press.render import render_pdf; "
        "sys.stdout.buffer.write(render_pdf(nbformat.read(sys.argv[1], as_version=4))[0])"
    )
    again = subprocess.run(
        [sys.executable, "-c", script, str(FIXTURES / "healthy.ipynb")],
        cwd=tmp_path,
        env={**os.environ, "TZ": "Asia/Shanghai", "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert again.stdout == content


def test_the_document_can_read_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.chdir(tmp_path)
    for path in ("secret.txt", "/secret.txt", str(tmp_path / "secret.txt")):
        with pytest.raises(RenderError) as refused:
            compile_pdf(f'#set document(title: "x")\n#read({typst_string(path)})')
        assert "PDF" in refused.value.text("en")


def test_an_english_report_is_tagged_english() -> None:
    book = notebook("without_page_output")
    pdf = PdfReader(io.BytesIO(render_pdf(book)[0]))
    assert pdf.trailer["/Root"]["/Lang"] == "en"
    assert "Page 1 of 1" in text_of(pdf)
    kinds = [element["/S"] for element in tags(pdf)]
    assert [kind for kind in kinds if kind in ("/H1", "/H2", "/H3", "/H4")] == [
        "/H1",
        "/H2",
        "/H3",
        "/H3",
        "/H2",
    ]


def test_the_exporters_write_files_of_their_own_kind() -> None:
    source, resources = EvalibTypstExporter().from_filename(str(FIXTURES / "healthy.ipynb"))
    assert resources["output_extension"] == ".typ"
    assert '#evalib-lead("学生的学业成绩' in source
    content, resources = EvalibPDFExporter().from_filename(str(FIXTURES / "healthy.ipynb"))
    assert content.startswith(b"%PDF")
    assert resources["output_extension"] == ".pdf"
    assert resources["missing_glyphs"] == []


@pytest.mark.parametrize(
    "text", ['"', "\\", '\\"', "a\nb\tc", "#{1}", "$x$", "\x00\x1b[0m", "*_`<@~", "\ud800"]
)
def test_any_text_survives_as_a_typst_literal(text: str) -> None:
    literal = typst_string(text)
    assert literal[0] == literal[-1] == '"'
    opening = '#set document(title: "x")\n#set text(font: "Evalib Sans SC", lang: "zh")\n= #"题";\n'
    assert compile_pdf(f"{opening}#{literal};".replace("\ufffd", "〓")).startswith(b"%PDF")


@pytest.mark.parametrize("letter", ["A", "校"])
def test_endless_titles_and_words_stay_on_the_page(letter: str) -> None:
    names = ("title", "running_head", "eyebrow", "subtitle", "fingerprint")
    given = dict.fromkeys(names, letter * 10_000)
    output = nbformat.v4.new_output("display_data", {"application/vnd.evalib.page+json": given})
    word = nbformat.v4.new_markdown_cell(f"## b\n\n{letter * 400}")
    table = nbformat.v4.new_markdown_cell(f"|a|b|\n|-|-|\n|{letter * 300}|b|")
    cells = [nbformat.v4.new_code_cell("", outputs=[output]), word, table]
    pdf = PdfReader(io.BytesIO(render_pdf(nbformat.v4.new_notebook(cells=cells))[0]))
    assert len(pdf.pages) <= 2
    title = pdf.outline[0]
    assert not isinstance(title, list)
    assert title.title == letter * 199 + "…"
    text = text_of(pdf)
    # 170 mm of 7.5 pt letters at most, and nothing between the letters that a reader would copy.
    assert max(len(line) for line in text.splitlines()) < 130
    assert "\u200b" not in text


def test_a_heading_is_never_the_last_line_of_a_page_and_a_short_table_stays_whole() -> None:
    rows = "".join(f'("row {position}", "1"),' for position in range(6))
    call = f'#evalib-table(columns: ("left", "right"), head: ("a", "b"), rows: ({rows}))'
    output = nbformat.v4.new_output("display_data", {"text/vnd.typst": call})
    table = nbformat.v4.new_code_cell("", outputs=[output])
    for filled in range(18, 32):
        cells = [nbformat.v4.new_markdown_cell(f"f{position}") for position in range(filled)]
        cells = [
            nbformat.v4.new_markdown_cell("# T"),
            *cells,
            nbformat.v4.new_markdown_cell("## HEAD"),
            table,
        ]
        pdf = PdfReader(io.BytesIO(render_pdf(nbformat.v4.new_notebook(cells=cells))[0]))
        holding = [page.extract_text() for page in pdf.pages if "row " in page.extract_text()]
        assert len(holding) == 1, filled
        assert "HEAD" in holding[0], filled


def test_a_short_table_of_many_words_still_breaks() -> None:
    rows = "".join(f'("row {position}", "{"学" * 900}"),' for position in range(6))
    call = f'#evalib-table(columns: ("left", "left"), head: ("a", "b"), rows: ({rows}))'
    output = nbformat.v4.new_output("display_data", {"text/vnd.typst": call})
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])])
    pdf = PdfReader(io.BytesIO(render_pdf(book, name="T")[0]))
    assert text_of(pdf).count("学") == 6 * 900
    assert len(pdf.pages) > 1
