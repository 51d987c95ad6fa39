"""What each step's outcome depends on is held against what the modules really import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import evalib
from evalib.press.contents import Contents, files_below
from evalib.press.sources import installed, library, modules, steps_of

PACKAGE = Path(evalib.__file__).parent
# Reached by `load` and `measure` and others only to tell or to be told, not to compute.
ROOTS = {
    "load": ["intake.load"],
    "measure": ["measuring"],
    "execute": ["page.reports", "page.sensitivities"],
    "look": ["press.render"],
}
# What drawing shares with executing: another source of it executes again, and then draws.
ALSO_EXECUTED = ("errors.py", "messages/", "vocabulary.py", "wording.py", "settings/", "__init__.py")


def reached(name: str) -> set[str]:
    """Files of the library that a module imports, directly or through others, wherever in it."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        path = file_of(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse((PACKAGE / path).read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("evalib"):
                inner = node.module.removeprefix("evalib").removeprefix(".")
                waiting += [inner, *(f"{inner}.{one.name}".strip(".") for one in node.names)]
    return found


def file_of(module: str) -> str | None:
    place = module.replace(".", "/")
    for one in (f"{place}.py", f"{place}/__init__.py"):
        if place and (PACKAGE / one).is_file():
            return one
    return None


@pytest.mark.parametrize(("step", "roots"), ROOTS.items())
def test_no_module_that_a_step_imports_is_missing_from_its_key(step: str, roots: list[str]) -> None:
    needed = set().union(*(reached(root) for root in roots))
    assert len(needed) > 5
    missing = {one for one in needed if step not in steps_of(one)}
    if step == "look":
        missing = {one for one in missing if not one.startswith(ALSO_EXECUTED)}
    # A package's first lines carry nothing.
    missing = {one for one in missing if len((PACKAGE / one).read_text("utf-8").splitlines()) > 1}
    assert missing == set()


def test_what_executes_a_notebook_is_in_the_key_too() -> None:
    engine = [path.relative_to(PACKAGE).as_posix() for path in files_below(PACKAGE / "press" / "warm")]
    for name in ("press/execute.py", *engine):
        assert steps_of(name) == {"execute"}


def test_templates_and_fonts_are_the_look_and_the_catalogue_is_neither() -> None:
    names = {path.relative_to(PACKAGE).as_posix() for path in files_below(PACKAGE)}
    looks = {name for name in names if steps_of(name) == {"look"}}
    assert {"press/templates/report.css", "press/hypertext.py", "press/typesetting.py"} <= looks
    assert {"fonts/__init__.py", "markup.py"} <= {
        name for name in names if {"look", "execute"} <= steps_of(name)
    }
    for name in names:
        if "catalogue" in name or name.startswith(("cli/", "annual", "handbook/")):
            assert steps_of(name) == set(), name


def test_another_source_is_another_hash_for_the_steps_that_depend_on_it(tmp_path: Path, monkeypatch) -> None:
    for name in ("__init__.py", "intake/load.py", "page/view.py", "press/render.py", "cli/group.py"):
        path = tmp_path / "evalib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    monkeypatch.setattr(evalib, "__file__", str(tmp_path / "evalib" / "__init__.py"))

    def hashes() -> dict[str, str]:
        return {step: library(Contents(tmp_path), step) for step in ROOTS}

    def changed(name: str) -> set[str]:
        before = hashes()
        (tmp_path / "evalib" / name).write_text("another")
        return {step for step, one in hashes().items() if one != before[step]}

    assert changed("press/render.py") == {"look"}
    assert changed("page/view.py") == {"execute"}
    assert changed("intake/load.py") == {"load", "execute"}
    assert changed("cli/group.py") == set()


def test_only_what_the_lock_names_counts_among_what_is_installed(tmp_path: Path, monkeypatch) -> None:
    site = tmp_path / "site"
    (site / "numpy-2.2.0.dist-info").mkdir(parents=True)
    (site / "Some_Tool-1.0.dist-info").mkdir()
    monkeypatch.setattr("sys.path", [str(site)])
    lock = tmp_path / "requirements.lock"
    lock.write_text("numpy==2.2.0 \\\n    --hash=sha256:0\njupyter-client[test]==1\n")
    with_lock, without = installed(lock), installed(tmp_path / "none.lock")
    (site / "Some_Tool-1.0.dist-info").rename(site / "Some_Tool-1.1.dist-info")
    assert installed(lock) == with_lock
    assert installed(tmp_path / "none.lock") != without
    (site / "numpy-2.2.0.dist-info").rename(site / "numpy-2.2.1.dist-info")
    assert installed(lock) != with_lock


def test_a_package_beside_the_params_is_the_projects_own(tmp_path: Path) -> None:
    own = ["own.py", "tools/__init__.py", "tools/inner/deep.py"]
    for name in (*own, "data/no.py", ".hidden/no.py", "a-b/no.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert [path.relative_to(tmp_path).as_posix() for path in modules(tmp_path)] == own
