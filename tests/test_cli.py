"""The command line from files to pages, as a person runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from pypdf import PdfReader

from evalib.sampling import InventedDistrict, invent_district, write_workbooks
from evalib.store import Store

ROOT = Path(__file__).parents[1]
SCHOOL, OTHER = "2150000001", "2150000002"
YEAR = "2024-2025"


class Project:
    """A project folder of its own: params, notebooks, and a small invented district's files."""

    def __init__(self, root: Path, district: InventedDistrict) -> None:
        self.root, self.district = root, district
        for name in ("params", "notebooks"):
            shutil.copytree(ROOT / name, root / name)
        write_workbooks(district, root / "data" / "sample", ROOT / "params")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "evalib", *arguments]
        return subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, timeout=120, check=False
        )

    @property
    def output(self) -> Path:
        return self.root / "output" / "sample"

    def record(self) -> dict:
        return json.loads((self.output / "run.json").read_text("utf-8"))["reports"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("a district")
    return Project(root, invent_district(sections=10, years=1, seed=5))


@pytest.fixture(scope="module")
def made(project: Project) -> subprocess.CompletedProcess[str]:
    return project.run("run", "params/sample.yaml", "--school", SCHOOL)


@pytest.fixture
def copied(project: Project, made, tmp_path: Path) -> Project:
    """The project after its first run, to be spoilt."""
    shutil.copytree(project.root, tmp_path / "copy")
    copy = Project.__new__(Project)
    copy.root, copy.district = tmp_path / "copy", project.district
    return copy


@pytest.mark.proof
def test_a_run_makes_the_report_and_prints_what_to_open(project: Project, made) -> None:
    assert made.returncode == 0, made.stderr
    page = project.output / YEAR / "index.html"
    assert f"请打开 {page}" in made.stdout
    assert "1/1 份报告" in made.stderr
    folder = project.output / YEAR / f"{SCHOOL}-primary"
    names = {path.name for path in folder.iterdir()}
    assert names == {"report.html", "report.pdf", "report.ipynb", "results.json"}
    assert f"{SCHOOL}-primary/report.html" in page.read_text("utf-8")
    (entry,) = project.record().values()
    assert entry["fate"] == "made"
    assert set(entry["files"]) == names
    assert set(entry["seconds"]) == {"execute", "html", "pdf"}


@pytest.mark.proof
def test_page_and_pdf_say_the_same_of_the_school(project: Project, made) -> None:
    folder = project.output / YEAR / f"{SCHOOL}-primary"
    html = (folder / "report.html").read_text("utf-8")
    text = "".join(page.extract_text() for page in PdfReader(folder / "report.pdf").pages)
    results = json.loads((folder / "results.json").read_text("utf-8"))
    row = next(
        one for one in results["measurements"] if one["indicator"] == "standard_score" and one["year"] == YEAR
    )
    printed = f"{50 + 10 * row['value']:.1f}"
    for face in (html, text):
        assert results["profile"]["name"] in face
        assert printed in face
    assert 'lang="zh-CN"' in html


@pytest.mark.proof
def test_no_identity_of_a_child_is_in_any_byte_below_intake(project: Project, made) -> None:
    everything = made.stdout + made.stderr
    for path in project.output.rglob("*"):
        if path.suffix == ".pdf":
            everything += "".join(page.extract_text() for page in PdfReader(path).pages)
        elif path.is_file() and path.suffix != ".parquet":
            everything += path.read_text("utf-8")
    store = Store(project.output / "store")
    for name, years in json.loads((store.folder / "manifest.json").read_text("utf-8")).items():
        everything += "".join(store.read(name, year).to_csv() for year in years)
    identities = project.district.pupil_identities
    columns = [name for name in identities if name != "pupil"]
    assert len(columns) >= 2
    for name in columns:
        values = set(identities[name].astype(str))
        # A two-character name may occur in a sentence by chance; longer ones may not.
        found = [value for value in values if len(value) > 2 and value in everything]
        assert found == [], name
    pseudonyms = set(store.read("pupils", YEAR)["pupil"])
    reports = "".join(
        path.read_text("utf-8") for path in project.output.glob("2*/**/*.[hij]*") if path.is_file()
    )
    assert not [one for one in pseudonyms if one in reports]


@pytest.mark.proof
def test_a_second_run_gives_the_same_bytes(copied: Project) -> None:
    before = {path: path.read_bytes() for path in copied.output.glob("2*/**/*") if path.is_file()}
    assert copied.run("run", "params/sample.yaml", "--school", SCHOOL).returncode == 0
    assert {path: path.read_bytes() for path in copied.output.glob("2*/**/*") if path.is_file()} == before
    assert len(before) == 5


@pytest.mark.proof
def test_one_failing_report_does_not_stop_the_others(copied: Project) -> None:
    path = copied.root / "notebooks" / "school_report.ipynb"
    notebook = nbformat.v4.new_notebook()
    source = nbformat.read(path, as_version=4).cells
    notebook.cells = [next(cell for cell in source if "parameters" in cell.metadata.get("tags", []))]
    notebook.cells.append(nbformat.v4.new_code_cell(f"1 / ('{SCHOOL}' != school_code)"))
    emit = (
        "from IPython.display import display\n"
        "display({'application/vnd.evalib.results+json': {'year': year, 'measurements': []}}, raw=True)"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(emit))
    nbformat.write(notebook, path)
    page = copied.output / YEAR / f"{SCHOOL}-primary" / "report.html"
    good = page.read_bytes()
    for school in (SCHOOL, OTHER):
        ended = copied.run("run", "params/sample.yaml", "--school", school, "--only", "html")
        assert ended.returncode == (4 if school == SCHOOL else 0), ended.stderr
        if school == SCHOOL:
            assert "ZeroDivisionError" in ended.stderr
            assert f"evalib run params/sample.yaml --school {SCHOOL}" in ended.stderr
    fates = {name.split("/")[1]: entry["fate"] for name, entry in copied.record().items()}
    assert fates == {f"{SCHOOL}-primary": "failed", f"{OTHER}-primary": "made"}
    assert page.read_bytes() == good
    index = (copied.output / YEAR / "index.html").read_text("utf-8")
    assert "ZeroDivisionError" in index


def spoil_params(project: Project, old: str, new: str) -> None:
    path = project.root / "params" / "sample.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def remove_table(project: Project) -> None:
    (project.root / "data" / "sample" / "试卷.xlsx").unlink()


def change_scores(project: Project, change) -> None:
    path = project.root / "data" / "sample" / f"成绩-{YEAR}.xlsx"
    sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object, engine="calamine")
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        for name, cells in sheets.items():
            change(cells).to_excel(book, sheet_name=name, header=False, index=False)


def without_pupils(cells: pd.DataFrame) -> pd.DataFrame:
    headers = cells.apply(lambda row: "学籍号" in set(row.astype(str)), axis=1)
    row = cells[headers].iloc[0]
    return cells.drop(columns=row.index[row.astype(str).eq("学籍号")])


def above_full_mark(cells: pd.DataFrame) -> pd.DataFrame:
    cells = cells.copy()
    headers = cells.apply(lambda row: "语文" in set(row.astype(str)), axis=1)
    column = cells.columns[cells[headers].iloc[0].astype(str).eq("语文")][0]
    cells.loc[[5, 7], column] = 999
    return cells


FAULTS = {
    "a misspelt params key": (
        lambda p: spoil_params(p, "editions:", "edtions:"),
        [],
        2,
        ["edtions", "editions"],
    ),
    "an unknown school": (None, ["--school", "215000001"], 2, ["215000001", "最接近"]),
    "a year without data": (None, ["--year", "2019-2020"], 2, ["2019-2020", YEAR]),
    "a year that is none": (None, ["--year", "2024"], 2, ["2024-2025"]),
    "an unknown format": (None, ["--only", "docx"], 2, ["docx", "html, pdf"]),
    "no files": (lambda p: shutil.rmtree(p.root / "data" / "sample"), [], 3, ["data/sample"]),
    "a missing table": (remove_table, [], 3, ["试卷"]),
    "a workbook without a needed column": (
        lambda p: change_scores(p, without_pupils),
        [],
        3,
        ["成绩-2024-2025.xlsx", "学籍号"],
    ),
    "a score above the full mark": (
        lambda p: change_scores(p, above_full_mark),
        [],
        3,
        ["成绩-2024-2025.xlsx", "语文", "第 6, 8 行", "100"],
    ),
}


@pytest.mark.proof
@pytest.mark.parametrize("fault", list(FAULTS))
def test_bad_input_gets_one_clear_message_and_changes_nothing(copied: Project, fault: str) -> None:
    spoil, arguments, code, said = FAULTS[fault]
    before = {path: path.read_bytes() for path in copied.output.rglob("*") if path.is_file()}
    if spoil is not None:
        spoil(copied)
    ended = copied.run("run", "params/sample.yaml", *arguments)
    assert ended.returncode == code, ended.stderr
    for words in said:
        assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "999999" not in ended.stderr  # the region of every invented 学籍号
    assert {path: path.read_bytes() for path in copied.output.rglob("*") if path.is_file()} == before


def test_messages_come_in_english_too(project: Project) -> None:
    ended = project.run("--messages", "en", "run", "params/nowhere.yaml")
    assert ended.returncode == 2
    assert "No params file params/nowhere.yaml" in ended.stderr


def test_help_shows_an_example_to_paste(project: Project) -> None:
    for command in ("run", "load", "check", "template", "forget", "sample"):
        assert f"evalib {command} " in project.run(command, "--help").stdout


@pytest.mark.proof
def test_nbconvert_makes_both_pages_from_the_shell(project: Project, made, tmp_path: Path) -> None:
    executed = project.output / YEAR / f"{SCHOOL}-primary" / "report.ipynb"
    for name, ending, start in (("evalib-html", "html", b"<!doctype html>"), ("evalib-pdf", "pdf", b"%PDF-")):
        command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", name, "--output-dir", str(tmp_path)]
        environment = {**os.environ, "JUPYTER_PLATFORM_DIRS": "1"}
        subprocess.run(
            [*command, str(executed)], check=True, capture_output=True, env=environment, timeout=120
        )
        assert (tmp_path / f"report.{ending}").read_bytes().lower().startswith(start.lower())
