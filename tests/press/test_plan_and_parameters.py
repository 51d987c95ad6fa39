from __future__ import annotations

from pathlib import Path

import nbformat
import pandas as pd
import pytest

from evalib.errors import ParameterError, ReportError
from evalib.press.execute import check_parameters, declared_parameters, execute_report, results_of
from evalib.press.plan import check_stage, plan_reports, years_wanted
from evalib.settings import load_settings
from evalib.store import Store

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "school_report.ipynb"
SETTINGS = load_settings(ROOT / "params" / "sample.yaml")
GIVEN = {
    "school_code": "001234",
    "stage": "primary",
    "year": "2024-2025",
    "lang": "zh",
    "edition": "restricted",
    "params": "params/sample.yaml",
}


def notebook(path: Path, *cells: tuple[str, str]) -> Path:
    content = nbformat.v4.new_notebook()
    for source, tag in cells:
        cell = nbformat.v4.new_code_cell(source)
        cell.metadata["tags"] = [tag] if tag else []
        content.cells.append(cell)
    nbformat.write(content, path)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    sections = pd.DataFrame({"school_code": ["2150000001", "2150000002"], "stage": ["primary", "junior"]})
    store.write({("schools", year): sections for year in ("2023-2024", "2024-2025")})
    return store


def test_the_notebook_declares_its_six_parameters_as_text() -> None:
    assert declared_parameters(NOTEBOOK) == dict.fromkeys(GIVEN, str)
    check_parameters(NOTEBOOK, GIVEN)


@pytest.mark.parametrize(
    ("given", "key", "said"),
    [
        ({**GIVEN, "shool_code": "1"}, "unknown_parameter", "school_code"),
        ({k: v for k, v in GIVEN.items() if k != "year"}, "missing_parameter", "year"),
        ({**GIVEN, "school_code": 1234}, "mistyped_parameter", "school_code"),
    ],
)
def test_parameters_are_held_against_the_declared_ones(given, key, said) -> None:
    with pytest.raises(ParameterError) as caught:
        check_parameters(NOTEBOOK, given)
    assert caught.value.key == key
    assert said in caught.value.text("en")


def test_a_notebook_without_parameters_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="parameters"):
        declared_parameters(notebook(tmp_path / "no_parameters.ipynb", ("x = 1", "")))


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "not_a_notebook.ipynb"
    path.write_text("{")
    with pytest.raises(ParameterError, match="not_a_notebook"):
        declared_parameters(path)


def test_text_that_looks_like_a_number_stays_text_and_no_clock_is_left(tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "healthy.ipynb",
        ('school_code: str = "1"', "parameters"),
        ("print(type(school_code).__name__, school_code)", ""),
        (
            "from IPython.display import display\n"
            'display({"application/vnd.evalib.results+json": {"n": 1}, "text/plain": ""}, raw=True)',
            "",
        ),
    )
    executed = execute_report(path, {"school_code": "001234"}, root=tmp_path)
    assert "str 001234" in executed.cells[2].outputs[0].text
    assert results_of(executed) == {"n": 1}
    text = nbformat.writes(executed)
    assert "duration" not in text
    assert "start_time" not in text
    assert str(tmp_path) not in text


def test_a_failing_cell_is_named_with_its_fault(tmp_path: Path) -> None:
    path = notebook(tmp_path / "broken.ipynb", ('year: str = ""', "parameters"), ("{}['pass_rate']", ""))
    with pytest.raises(ReportError) as caught:
        execute_report(path, {"year": "x"}, root=tmp_path)
    assert "KeyError: 'pass_rate'" in caught.value.text("en")
    assert "cell 3" in caught.value.text("en")


def test_results_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"school\.results"):
        results_of(nbformat.v4.new_notebook())


def test_latest_year_is_the_default_and_a_given_year_replaces_it() -> None:
    known = ["2022-2023", "2023-2024"]
    assert years_wanted(SETTINGS, known) == ["2023-2024"]
    assert years_wanted(SETTINGS, known, "2022-2023") == ["2022-2023"]


@pytest.mark.parametrize(
    ("year", "key"),
    [("2030-2031", "year_without_data"), ("2024", "not_a_school_year"), ("2024-2026", "not_a_school_year")],
)
def test_a_year_without_data_is_refused(year: str, key: str) -> None:
    with pytest.raises(ParameterError) as caught:
        years_wanted(SETTINGS, ["2023-2024"], year)
    assert caught.value.key == key
    assert "2023-2024" in caught.value.text("zh") or key == "not_a_school_year"


def test_plan_has_one_report_a_section(store: Store) -> None:
    keys = plan_reports(SETTINGS, store, ["2024-2025"], kind="school")
    assert [(key.code, key.stage) for key in keys] == [("2150000001", "primary"), ("2150000002", "junior")]
    assert plan_reports(SETTINGS, store, ["2024-2025"], school="2150000002") == keys[1:]


def test_an_unknown_school_is_told_with_its_nearest(store: Store) -> None:
    with pytest.raises(ParameterError, match="最接近的是“2150000001”") as caught:
        plan_reports(SETTINGS, store, ["2024-2025"], school="215000001")
    assert caught.value.exit_code == 2


def test_a_stage_or_a_year_that_a_school_does_not_have_is_told_apart_from_an_unknown_school(
    store: Store,
) -> None:
    with pytest.raises(ParameterError) as caught:
        plan_reports(SETTINGS, store, ["2024-2025"], school="2150000001", stage="junior")
    assert caught.value.key == "stage_not_at_school"
    assert "primary" in caught.value.text("en")
    later = pd.DataFrame({"school_code": ["2150000009"], "stage": ["primary"]})
    store.write({("schools", "2025-2026"): later})
    with pytest.raises(ParameterError, match="2025-2026") as caught:
        plan_reports(SETTINGS, store, ["2024-2025"], school="2150000009")
    assert caught.value.key == "school_in_other_years"


def test_an_unknown_stage_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ParameterError, match="primary, junior"):
        check_stage("senior")
