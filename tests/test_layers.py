"""The house stands: who may import whom, how long a file may be, what happens at import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "evalib"
MODULES = sorted(path for path in SRC.rglob("*.py"))
LONGEST = 400

BASE = {"errors", "messages", "vocabulary"}
# From measurements to scores and standings.
JUDGING = {"scales", "combining", "dimensions", "scoring"}
# room → rooms of ours it may import; each room may always import itself
ROOMS: dict[str, set[str]] = {
    "messages": set(),
    "errors": {"messages"},
    "vocabulary": set(),
    "markup": set(),
    "fonts": set(),
    "settings": {"places", *BASE},
    "places": BASE,
    "store": {"places", *BASE},
    "statistics": BASE,
    "measures": {"statistics", *BASE},
    "intake": {"settings", "store", "places", "wording", *BASE},
    "records": {"store", *BASE},
    "settled": {"store", "records", *BASE},
    "review": {"settings", "store", "measures", "statistics", "records", *BASE},
    "scales": {"settings", "statistics", *BASE},
    "combining": {"settings", "statistics", "review", "scales", *BASE},
    "dimensions": {"settings", "statistics", "review", "scales", "combining", *BASE},
    "scoring": {"settings", "statistics", *BASE},
    "similar": {"settings", "statistics", "scoring", *BASE},
    "sensitivity": {"settings", "store", "statistics", "review", *JUDGING, *BASE},
    "disclosure": {"settings", "wording", *BASE},
    "measuring": {"settings", "store", "review", "settled", *JUDGING, "similar", "disclosure", *BASE},
    "forgetting": {"intake", "settings", "store", "settled", *BASE},
    "wording": {"settings", *BASE},
    "sampling": {"intake", "settings", *BASE},
    "page": {
        *("settings", "store", "wording", "fonts", "markup", "statistics", "scoring", "scales"),
        *("sensitivity", *BASE),
    },
    "press": {"settings", "store", "places", "wording", "fonts", "markup", *BASE},
    "due": {"store", "settings", "press", *BASE},
    "making": {"store", "places", "settings", "press", *BASE},
    "ordering": {"settings", "press", *BASE},
    "annual": {
        *("intake", "store", "places", "settings", "measuring", "press", "due", "making", "ordering", *BASE),
    },
    "preview": {"store", "settings", "press", "due", "ordering", "annual", *BASE},
    "again": {"settings", "press", "making", "preview", *BASE},
    "progress": {"press", *BASE},
    "handbook": {
        *("settings", "wording", "intake", "forgetting", "measures", "statistics", "review", "sensitivity"),
        *(*JUDGING, "similar", "disclosure", *BASE),
    },
    "cli": {
        *("annual", "making", "preview", "again", "intake", "measuring", "forgetting", "settings", "store"),
        *("sampling", "places", "press", "progress", *BASE),
    },
    "__main__": {"cli"},
    "__init__": set(),
}
# library → the only modules that may import it
SOLE_IMPORTERS = {
    "papermill": {"press.execute", "press.warm.engine"},
    "nbconvert": {"press.render"},
    "typst": {"press.render"},
    "matplotlib": {"page.charts"},
    "seaborn": {"page.charts"},
    "yaml": {"settings"},
    "upath": {"places"},
    "distributed": {"press.cluster"},
    "dask": {"press.cluster"},
    "pyarrow": {"store", "intake.workbooks"},
    "python_calamine": {"intake.workbooks"},
}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SRC).with_suffix("").parts)


def room_of(module: str) -> str:
    room = module.split(".")[0]
    return "sampling" if room.startswith("sampling") else room


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_imports_only_rooms_it_may(path: Path) -> None:
    module = name_of(path)
    room = room_of(module)
    reached = {room_of(name.removeprefix("evalib.")) for name in imports(path) if name.startswith("evalib.")}
    # `from evalib import __version__` reaches no room
    reached -= {"__version__", room}
    assert reached <= ROOMS[room], f"{module} may not import {sorted(reached - ROOMS[room])}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_library_is_imported_by_its_room_alone(path: Path) -> None:
    module = name_of(path)
    for name in imports(path):
        owner = SOLE_IMPORTERS.get(name.split(".")[0])
        assert owner is None or any(module.startswith(one) for one in owner), f"{module} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", [path for path in MODULES if "measures" in path.parts], ids=name_of)
def test_measures_touch_no_file_and_do_not_import_each_other(path: Path) -> None:
    names = imports(path)
    own = f"evalib.{name_of(path)}"
    assert not {name for name in names if name.startswith("evalib.measures") and not name.startswith(own)}
    assert not {name for name in names if name.split(".")[0] in ("pathlib", "os", "io", "logging")}


@pytest.mark.parametrize("path", [path for path in MODULES if "statistics" in path.parts], ids=name_of)
def test_statistics_use_numpy_and_scipy_alone(path: Path) -> None:
    allowed = {
        "numpy",
        "scipy",
        "evalib",
        "__future__",
        "dataclasses",
        "collections",
        "typing",
        "functools",
        "math",
    }
    assert {name.split(".")[0] for name in imports(path)} <= allowed


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_happens_at_import(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    called = [node for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    assert not called or path.name == "__main__.py"


def test_there_is_no_room_without_a_subject() -> None:
    assert not {"utils", "helpers", "common", "misc"} & {path.stem for path in MODULES}


@pytest.mark.parametrize("path", [path for path in MODULES if "page" in path.parts], ids=name_of)
def test_a_page_reads_nothing_but_what_was_published(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "read":
            table = node.args[0]
            assert isinstance(table, ast.Constant)
            assert str(table.value).startswith(("published", "public")), ast.unparse(node)
