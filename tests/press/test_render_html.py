from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from evalib.errors import RenderError
from evalib.page.tables import Context, FirstFindings, Lead, Note, Table
from evalib.press.document import LABELS
from evalib.press.pictures import read_drawing
from evalib.press.prose import FACES, parse
from evalib.press.render import EvalibHTMLExporter, render_html, render_pdf
from evalib.press.sanitize import reduce_html

FIXTURES = Path(__file__).with_name("fixtures")
PARAMS = Path(__file__).parents[2] / "params"
REFRESH = '<meta http-equiv="refresh" content="0;url=//asked.test/">'
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


def drawing(inner: str) -> str:
    return read_drawing(
        '<svg:svg xmlns:svg="http://www.w3.org/2000/svg" xmlns:h="http://www.w3.org/1999/xhtml" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{inner}</svg:svg>',
        "fig1",
        cell=1,
    ).svg


@pytest.mark.parametrize(
    "inner",
    [
        '<svg:meta http-equiv="refresh" content="0;url=//asked.test/"/>',
        '<svg:p><svg:img src="//asked.test/"/></svg:p>',
        '<svg:g><svg:table/><svg:div><svg:br/></svg:div><svg:font color="//asked.test/"/></svg:g>',
        '<h:img src="//asked.test/"/>',
        '<svg:title><svg:g/><h:img src="//asked.test/"/></svg:title>',
        '<svg:foreignObject><h:img src="//asked.test/"/></svg:foreignObject>',
        '<svg:g><svg:set attributeName="href" to="//asked.test/"/></svg:g>',
        '<svg:use xlink:href="//asked.test/#a"/><svg:image xlink:href="//asked.test/"/>',
        '<svg:image href="data:image/svg+xml;base64,aaaa"/><svg:image href="data:image/png;base64,aaaa"/>',
        '<svg:rect fill="url(//asked.test/)" style="mask: url(\'//asked.test/#a\')" onload="x()"/>',
        "<svg:rect style=\"fill: \\75rl(//asked.test/); marker: image-set('//asked.test/' 1x)\"/>",
        '<svg:rect fill="u/**/rl(//asked.test/)" clip-path="URL(//asked.test/)"/>',
        "<svg:style>@import '//asked.test/'; @font-face{src:url(//asked.test/)}"
        "@media all{@media all{*{fill:url(//asked.test/)}}}</svg:style>",
        "<svg:style>*{background:url(//asked.test/);position:fixed;fill:\\55 rl(//asked.test/)}</svg:style>",
        "<svg:style>a{font-family:'} x',body{fill:url(//asked.test/)}</svg:style>",
    ],
)
def test_no_part_of_a_drawing_ends_it_or_asks_anybody(inner: str) -> None:
    svg = drawing(inner)
    drawn = {"svg", "g", "use", "image", "rect", "style", "title"}
    assert {tag for tag, _ in Page(svg).elements} <= drawn
    assert not re.search(r"asked|onload|@|position|\\\\|data:", svg)
    assert "asked" not in render_html(with_output({"image/svg+xml": svg}))


def test_a_drawing_of_many_parts_keeps_them_all() -> None:
    source = next(
        output.data["image/svg+xml"]
        for cell in notebook("healthy").cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    )
    svg = read_drawing(source, "fig1", cell=1).svg

    def parts(markup: str) -> list[tuple[str, set[str]]]:
        root = ET.fromstring(markup)
        inner = [one for one in root.iter() if one is not root and "svg}" in str(one.tag)]
        return [
            (one.tag, {name.rpartition("}")[2] for name in one.attrib} - {"type"})
            for one in inner
            if not one.tag.endswith("metadata")
        ]

    assert len(parts(svg)) > 20
    assert parts(svg) == parts(source)


def test_a_drawing_keeps_its_words_pictures_and_references() -> None:
    dot = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n.").decode()
    svg = drawing(
        '<svg:text>a<svg:a xlink:href="//asked.test/">b</svg:a>c<svg:script/>d</svg:text>'
        f'<svg:image href="{dot}"/><svg:g id="x" class="skip" fill="url( \'#y\' )"/>'
        "<svg:style>.skip, #x{fill: rgb(1, 2, 3); font: 9px 'Noto Sans', sans-serif}</svg:style>"
    )
    assert "<text>a<tspan>b</tspan>cd</text>" in svg
    assert f'<image href="{dot}" />' in svg
    assert '<g id="fig1-x" class="fig1-skip" fill="url(#fig1-y)" />' in svg
    assert "#fig1 .fig1-skip,#fig1 #fig1-x{fill:rgb(1, 2, 3);font:9px 'Noto Sans', sans-serif}</style>" in svg


def test_titles_hold_words_alone_and_other_namespaces_and_at_rules_are_left_out() -> None:
    svg = drawing(
        "<svg:title>a<svg:text>b</svg:text></svg:title><h:rect/><rect/>"
        "<svg:style>@media print{rect{fill:red}}text{fill:blue}</svg:style>"
    )
    assert svg.endswith('id="fig1"><title>a</title><style>#fig1 text{fill:blue}</style></svg>')


def test_a_bottomless_drawing_is_refused() -> None:
    with pytest.raises(RenderError):
        drawing("<svg:g>" * 400 + "</svg:g>" * 400)


def with_output(bundle: dict[str, Any], **metadata: Any) -> Any:
    output = nbformat.v4.new_output("display_data", bundle, metadata=metadata)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])])


def test_html_that_claims_to_be_the_pages_own_is_reduced_like_any_other() -> None:
    markup = f'<p class="lead skip" style="x" onclick="y()">kept</p>{REFRESH}<img src="//asked.test/">'
    page = Page(render_html(with_output({"text/html": markup, "text/vnd.typst": "#evalib-rule()"})))
    assert {"class": "lead"} in page.named("p")
    assert not page.named("img")
    assert "asked" not in str(page.elements)


def test_the_table_under_a_figure_is_reduced_too() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>'
    twin = {"twin_html": f"</details>{REFRESH}<table><tr><td>1</table><script>x</script>"}
    markup = render_html(with_output({"image/svg+xml": svg}, **{"image/svg+xml": twin}))
    assert "<table><tr><td>1</td></tr></table>\n</details>" in markup
    assert "asked" not in markup
    assert "<script" not in markup


def test_what_the_page_writes_comes_through_unchanged() -> None:
    shown = (
        Table(HOSTILE, ("甲", "b"), (("r\x00", "1"), ("<i>", "2")), marks=("up", "")),
        Lead(HOSTILE),
        Note("'t'", (HOSTILE, "&amp;")),
        Context((("label", HOSTILE),)),
        FirstFindings(((HOSTILE, "tag", "down"),)),
    )
    for one in shown:
        markup = one._repr_mimebundle_()["text/html"]
        assert reduce_html(markup) == markup


def test_only_the_pages_own_classes_and_roles_are_kept() -> None:
    assert reduce_html('<div class="cover skip" role="main" tabindex="1" id="main" aria-label="&lt;">') == (
        '<div aria-label="&lt;"></div>'
    )
    assert reduce_html('<details><summary>a</summary><td colspan="x" rowspan=2 class="number no">') == (
        '<details><summary>a</summary><td rowspan="2" class="number"></td></details>'
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_words_of_a_page_without_words_are_those_of_the_catalogue(lang: str) -> None:
    labels = yaml.safe_load(PARAMS.joinpath("wording.yaml").read_text("utf-8"))["labels"]
    shared = {key: labels[key][lang] for key in ("contents", "page", "table_twin", "skip")}
    assert {key: LABELS[lang][key] for key in shared} == shared


def test_an_endless_title_is_cut() -> None:
    given = {"title": "校" * 10_000, "running_head": "头" * 10_000, "lang": "zh"}
    page = Page(render_html(with_output({"application/vnd.evalib.page+json": given})))
    assert page.text.count("校") == 2 * 199  # title and h1
    assert page.text.count("校…") == 2


def test_drawing_leaves_the_notebook_as_it_is() -> None:
    executed = notebook("healthy")
    before = json.dumps(executed)
    render_html(executed)
    assert json.dumps(executed) == before
