from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from evalib.errors import RenderError
from evalib.press.pictures import read_drawing
from evalib.press.prose import FACES, parse
from evalib.press.render import EvalibHTMLExporter, render_html, render_pdf
from evalib.press.sanitize import reduce_html

FIXTURES = Path(__file__).with_name("fixtures")
HOSTILE = '<script>alert("x")</script> #sys.version $x$ \\ "引号"'


def notebook(name: str) -> Any:
    return nbformat.read(FIXTURES / f"{name}.ipynb", as_version=4)


class Page(HTMLParser):
    """Elements with their attributes, and the text of the page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.style = False
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.style = False

    def handle_data(self, data: str) -> None:
        if not self.style:
            self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def text(self) -> str:
        return "".join(self.words)


@pytest.fixture(scope="module")
def healthy() -> str:
    return render_html(notebook("healthy"))


@pytest.mark.parametrize("name", ["healthy", "without_page_output", "active_drawing", "missing_glyph"])
def test_a_page_holds_no_script_and_requests_nothing(name: str) -> None:
    markup = render_html(notebook(name))
    page = Page(markup)
    assert not page.named("script")
    for tag, attrs in page.elements:
        assert not [attribute for attribute in attrs if attribute.startswith("on")]
        loading = [attrs[key] for key in ("src", "srcset", "data", "poster", "xlink:href") if key in attrs]
        if tag != "a" and "href" in attrs:
            loading.append(attrs["href"])
        assert all(address.startswith(("data:", "#")) for address in loading), (tag, attrs)
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", markup.replace("url(data:", ""))


def test_the_content_policy_allows_nothing_from_outside(healthy: str) -> None:
    policies = [
        one for one in Page(healthy).named("meta") if one.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies[0]["content"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_hostile_text_is_shown_as_text(healthy: str) -> None:
    assert Page(healthy).text.count(HOSTILE) == 3


def test_a_page_has_one_title_language_landmarks_and_a_way_past_the_contents(healthy: str) -> None:
    page = Page(healthy)
    assert page.named("html") == [{"lang": "zh-CN"}]
    for tag in ("h1", "header", "nav", "main", "footer"):
        assert len(page.named(tag)) == 1, tag
    assert page.named("a")[0] == {"class": "skip", "href": "#main"}
    assert "示例三小（小学部）" in page.text
    assert "数据 9f3c1a · 参数 77b0e2" in page.text


def test_the_contents_lead_to_every_section_and_no_id_is_used_twice(healthy: str) -> None:
    page = Page(healthy)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [one["href"][1:] for one in page.named("a") if one["href"].startswith("#")]
    assert set(targets) <= set(ids)
    assert "怎么读这份报告" in targets


def test_only_the_reports_language_is_drawn() -> None:
    zh, book = Page(render_html(notebook("healthy"))), notebook("healthy")
    book.metadata.papermill.parameters.lang = "en"
    en = Page(render_html(book))
    assert "English only" not in zh.text
    assert "English only" in en.text
    assert "评审先看这三处" not in en.text
    assert en.named("html") == [{"lang": "en"}]


def test_code_results_and_page_outputs_are_not_drawn(healthy: str) -> None:
    for hidden in ("school_code", "secret_of_the_results", "12 measurements", "from evalib", "running_head"):
        assert hidden not in healthy


def test_the_notebooks_own_title_is_not_drawn_twice(healthy: str) -> None:
    assert "学校报告" not in Page(healthy).text


def test_a_figure_says_its_message_and_carries_its_table(healthy: str) -> None:
    page = Page(healthy)
    drawing = page.named("svg")[0]
    assert drawing["role"] == "img"
    assert drawing["aria-label"].startswith("五个维度的得分与 95% 区间：")
    assert page.named("details") == [{"class": "twin"}]
    assert {"role": "group", "aria-label": "五个维度的得分与 95% 区间"} in page.named("figure")


def test_foreign_html_keeps_its_table_and_nothing_active() -> None:
    kept = reduce_html("<b>x<table><tr onclick=y><td colspan=2>a<td>b</table><style>p{}</style></div><form>c")
    assert kept == '<b>x<table><tr><td colspan="2">a</td><td>b</td></tr></table>c</b>'
    assert reduce_html("<script>x</script><svg><p>y</p></svg>z &lt;i&gt;") == "z &lt;i&gt;"


def test_links_lead_to_web_and_mail_only() -> None:
    html = FACES["html"].render(
        parse(
            "[a](https://b.cn/?x=1&y=2) [c](java&#115;cript:d) [e](/etc) [f](mailto:g@h) [i](%6aavascript:j)"
        )
    )
    assert re.findall(r'href="([^"]*)"', html) == ["https://b.cn/?x=1&amp;y=2", "mailto:g@h"]


def test_a_line_end_inside_chinese_is_no_space() -> None:
    assert FACES["html"].render(parse("学业\n质量\nand\nmore")) == "<p>学业质量 and more</p>\n"


def test_a_drawing_is_confined_to_itself() -> None:
    source = notebook("active_drawing").cells[1].outputs[0].data["image/svg+xml"]
    svg = read_drawing(source, "fig7", cell=2).svg
    for active in ("script", "onload", "foreignObject", "example.org", "passwd", "DOCTYPE"):
        assert active not in svg
    assert "#fig7 *{fill:red}" in svg
    assert svg.count("url(#fig7-g)") == 2
    assert 'href="#fig7-g"' in svg


def test_any_notebook_becomes_a_page_with_its_first_heading_as_title() -> None:
    page = Page(render_html(notebook("without_page_output")))
    assert page.text.count("A notebook of anyone") == 2  # title and h1
    assert [tag for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)] == ["h1", "h2", "h3", "h3", "h2"]
    assert "ValueError: <no>" in page.text
    assert {one["alt"] for one in page.named("img")} == {"a dot", "Figure 2"}


def test_a_notebook_without_any_heading_is_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "第三次.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    content, resources = EvalibHTMLExporter().from_filename(str(path))
    assert "<h1>第三次</h1>" in content
    assert resources["output_extension"] == ".html"


@pytest.mark.parametrize(
    ("name", "named"),
    [
        (
            "undrawable_output",
            "cell 2 has no type that can be printed (application/vnd.custom+json, application/x-",
        ),
        (
            "picture_from_elsewhere",
            "cell 1 shows a picture from outside the notebook, https://example.org/x.png",
        ),
        ("unreadable_picture", "The picture in cell 2 is not readable as image/svg+xml"),
        ("foreign_typst", "Cell 2 carries Typst that is not a call"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(name: str, named: str) -> None:
    with pytest.raises(RenderError) as refused:
        render_pdf(notebook(name))
    assert named in refused.value.text("en")
    assert refused.value.text("zh")


def test_the_page_is_small_and_its_bytes_repeat(healthy: str) -> None:
    assert len(healthy.encode()) < 100_000
    assert render_html(notebook("healthy")) == healthy


def test_a_cell_for_the_laboratory_is_not_in_the_report() -> None:
    book = notebook("without_page_output")
    book.cells.append(nbformat.v4.new_markdown_cell("Change a weight.", metadata={"tags": ["lab"]}))
    assert "Change a weight." not in render_html(book)
