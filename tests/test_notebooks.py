"""Notebooks are thin: order and wording only, stored without outputs."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
FORBIDDEN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Lambda,
    ast.Try,
)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestContract:
    def test_cells_are_few_and_short(self, path: Path) -> None:
        code = [cell for cell in cells(path, "code") if "parameters" not in tags(cell)]
        assert len(code) <= 35
        assert max(len(cell.source.splitlines()) for cell in code) <= 5

    def test_code_only_calls(self, path: Path) -> None:
        for cell in cells(path, "code"):
            assert not cell.source.lstrip().startswith(("!", "%"))
            for node in ast.walk(ast.parse(cell.source)):
                assert not isinstance(node, FORBIDDEN), cell.source
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    assert name != "open"
                    assert not name.startswith("read_")
                assert not (isinstance(node, ast.Attribute) and node.attr == "path"), cell.source

    def test_parameters_are_annotated_literals_with_help(self, path: Path) -> None:
        (cell,) = [cell for cell in cells(path, "code") if "parameters" in tags(cell)]
        for line in ast.parse(cell.source).body:
            assert isinstance(line, ast.AnnAssign)
            ast.literal_eval(line.value)
        assert all("#" in line for line in cell.source.splitlines())

    def test_no_path_outside_the_parameters(self, path: Path) -> None:
        for cell in cells(path, "code"):
            if "parameters" not in tags(cell):
                texts = [
                    node.value for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Constant)
                ]
                assert not [text for text in texts if isinstance(text, str) and "/" in text]

    def test_imports_stand_in_one_cell(self, path: Path) -> None:
        importing = [
            cell
            for cell in cells(path, "code")
            if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(ast.parse(cell.source)))
        ]
        assert len(importing) == 1

    def test_one_title_and_prose_in_both_languages(self, path: Path) -> None:
        prose = cells(path, "markdown")
        assert sum(cell.source.startswith("# ") for cell in prose) == 1
        by_tag = [sum(tag in tags(cell) for cell in prose) for tag in ("zh", "en")]
        assert by_tag[0] == by_tag[1] > 0

    def test_nothing_of_a_run_or_a_machine_is_stored(self, path: Path) -> None:
        for cell in cells(path, "code"):
            assert cell.outputs == []
            assert cell.execution_count is None
        metadata = nbformat.read(path, as_version=4).metadata
        assert set(metadata) <= {"kernelspec", "language_info"}
        assert set(metadata.language_info) == {"name"}

    def test_last_cell_emits_the_results(self, path: Path) -> None:
        assert cells(path, "code")[-1].source.strip().endswith(".results()")
