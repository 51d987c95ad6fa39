"""A notebook says the same through the engine `evalib-warm` as through papermill's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest import mock

import nbformat
import papermill
import pytest
from alike import comparable

from evalib.annual import load_files
from evalib.measuring import measure
from evalib.press.warm import engine
from evalib.sampling import invent_district, write_workbooks
from evalib.settings import load_settings

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
ANSWERED_WITHIN = 240  # seconds, a cell
REPORTS = {
    "school_report": {
        "school_code": "2150000001",
        "stage": "primary",
        "year": "2024-2025",
        "lang": "zh",
        "edition": "restricted",
        "params": "params/sample.yaml",
    },
    "district_report": {
        "year": "2024-2025",
        "lang": "zh",
        "edition": "restricted",
        "params": "params/sample.yaml",
    },
    "group_report": {
        "group_code": "JT01",
        "year": "2024-2025",
        "lang": "zh",
        "edition": "restricted",
        "params": "params/sample.yaml",
    },
    "sensitivity": {
        "stage": "primary",
        "year": "2024-2025",
        "lang": "zh",
        "dimension": "academic",
        "params": "params/sample.yaml",
    },
}


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small district, from files to published figures."""
    root = tmp_path_factory.mktemp("district")
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, root / name)
    write_workbooks(invent_district(sections=10, years=1, seed=5), root / "data" / "sample", root / "params")
    settings = load_settings(root / "params" / "sample.yaml")
    load_files(settings)
    measure(settings, ["2024-2025"])
    return root


def executed(path: Path, into: Path, name: str | None, **options: object) -> Path:
    engine.register()
    target = into / f"{path.stem}-{name}.ipynb"
    with mock.patch.dict(os.environ):
        # In a test ipykernel does not look at what C and subprocesses write.
        os.environ.pop("PYTEST_CURRENT_TEST", None)
        # A kernel that papermill started now and then never answers; it is asked once more.
        if name is None:
            options = {**options, "execution_timeout": ANSWERED_WITHIN}
        with contextlib.suppress(TimeoutError):
            return _executed(path, target, name, options)
        return _executed(path, target, name, options)


def _executed(path: Path, target: Path, name: str | None, options: dict[str, object]) -> Path:
    try:
        papermill.execute_notebook(str(path), str(target), engine_name=name, progress_bar=False, **options)
    except papermill.exceptions.PapermillExecutionError:
        assert target.is_file()
    return target


def both(path: Path, into: Path, **options: object) -> list[dict]:
    return [comparable(executed(path, into, name, **options)) for name in (engine.NAME, None)]


@pytest.mark.parametrize("name", ["every_output", "error_ends_it", "figures"])
def test_every_kind_of_output_is_as_papermills_own_engine_has_it(name: str, tmp_path: Path) -> None:
    ours, theirs = both(FIXTURES / f"warm_{name}.ipynb", tmp_path)
    for mine, stock in zip(ours.pop("cells"), theirs.pop("cells"), strict=True):
        assert mine == stock
    assert ours == theirs


def test_the_fixture_has_figures_and_they_are_pictures(tmp_path: Path) -> None:
    for _ in range(2):  # the second fork of a template too
        made = comparable(executed(FIXTURES / "warm_figures.ipynb", tmp_path, engine.NAME))
        shown = [output["data"] for cell in made["cells"] for output in cell[3] if "data" in output]
        assert sum("image/png" in data for data in shown) == 1


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")))
def test_a_notebook_of_ours_says_the_same_through_both(name: str, district: Path, tmp_path: Path) -> None:
    options = {"parameters": REPORTS[name], "cwd": str(district)}
    ours, theirs = both(ROOT / "notebooks" / f"{name}.ipynb", tmp_path, **options)
    assert len(ours["cells"]) > 20
    assert "error" not in {output["output_type"] for cell in ours["cells"] for output in cell[3]}
    assert ours == theirs


def test_a_cell_that_ends_its_process_is_told_and_saved_cells_stay(tmp_path: Path) -> None:
    engine.register()
    target = tmp_path / "out.ipynb"
    path = str(FIXTURES / "warm_leaves_quietly.ipynb")
    with pytest.raises(Exception, match="Kernel died"):
        papermill.execute_notebook(path, str(target), engine_name=engine.NAME, progress_bar=False)
    assert comparable(target)["cells"][0][2] == 1


def test_papermill_finds_the_engine_from_a_shell(tmp_path: Path) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    entries = "".join(f"{name} = {value}\n" for name, value in declared["papermill.engine"].items())
    record = tmp_path / "site" / "somebody-0.dist-info"
    record.mkdir(parents=True)
    (record / "entry_points.txt").write_text(f"[papermill.engine]\n{entries}")
    paths = os.pathsep.join([str(tmp_path / "site"), str(ROOT / "src")])
    source, target = FIXTURES / "warm_good.ipynb", tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", "--engine", engine.NAME, str(source), str(target)]
    ended = subprocess.run(
        [*command, "-p", "school_code", "一小"],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "100%" in ended.stderr
    outputs = [output for cell in comparable(target)["cells"] for output in cell[3]]
    assert {"name": "stdout", "output_type": "stream", "text": "一小\n"} in outputs


def test_a_kernel_of_another_python_is_left_to_papermills_own_engine() -> None:
    assert not engine._can_take("no-such-kernel", {})
    assert not engine._can_take("python3", {"execution_timeout": 5})
    assert engine._can_take("python3", {})


def test_modules_are_found_by_the_names_that_cells_import() -> None:
    sources = (
        "import a.b, c as d\nfrom e.f import g",
        "%%bash\nimport no",
        "if x:\n    import h",
        "from . import i",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in sources])
    assert engine.imported_by(notebook) == ["a.b", "c", "e.f", "h"]
