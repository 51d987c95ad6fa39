from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from evalib.press.contents import Contents, sha256_of
from evalib.press.freshness import Decision, Present, decide, present, with_basis
from evalib.press.ledger import Fate
from evalib.press.production import Order
from evalib.settings import load_settings
from evalib.store import Store
from evalib.vocabulary import ReportKey

ROOT = Path(__file__).parents[2]
YEAR = "2024-2025"
READ = {("published", YEAR): "a1", ("published_notes", YEAR): "b1"}
PARTS = {"params": "p", "library": "l", "installed": "i", "tables": "t"}
NOTEBOOKS = {"school": "n", "group": "g", "district": "d"}
NAMES = ("report.ipynb", "results.json", "report.html", "report.pdf")


@dataclass
class Case:
    """One made report in its folder, its record, and what reports would be made from now."""

    order: Order
    entry: dict
    now: Present

    def decided(self, **changed) -> Decision:
        order, entry = changed.get("order", self.order), changed.get("entry", self.entry)
        (one,) = decide([order], [entry], changed.get("now", self.now))
        return one


@pytest.fixture
def case(tmp_path: Path) -> Case:
    key = ReportKey("school", YEAR, "2150000001", "primary")
    folder = tmp_path / YEAR / key.folder
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_text(name)
    order = Order(key, tmp_path / "n.ipynb", tmp_path / "params" / "s.yaml", tmp_path, folder, "report")
    now = Present(dict(PARTS), dict(NOTEBOOKS), "look", {**READ, ("scores", YEAR): "s1"}, Contents(tmp_path))
    read = {f"{table}/{year}": sha for (table, year), sha in READ.items()}
    files = {name: sha256_of(folder / name) for name in NAMES}
    fate = with_basis(Fate(key, True, files=files, made_from={"read": read, "params": "p"}), order, now)
    return Case(order, {**asdict(fate), "fate": "made"}, now)


def reasons(decision: Decision) -> list[str]:
    return [one.key for one in decision.reasons]


def test_nothing_changed_is_reused(case: Case) -> None:
    assert case.decided().action == "reuse"
    assert reasons(case.decided()) == []


@pytest.mark.parametrize("part", PARTS)
def test_a_changed_part_of_the_key_executes_and_is_named(case: Case, part: str) -> None:
    decision = case.decided(now=replace(case.now, parts={**PARTS, part: "other"}))
    assert decision.action == "execute"
    assert reasons(decision) == [f"why_{part}"]
    assert set(decision.order.standing) == set(NAMES)


def test_another_notebook_of_the_same_kind_executes_and_of_another_kind_does_not(case: Case) -> None:
    changed = {kind: replace(case.now, notebooks={**NOTEBOOKS, kind: "other"}) for kind in NOTEBOOKS}
    assert reasons(case.decided(now=changed["school"])) == ["why_notebook"]
    assert case.decided(now=changed["group"]).action == "reuse"
    assert case.decided(now=changed["district"]).action == "reuse"
    whole = replace(case.order, key=ReportKey("district", YEAR, "district", ""))
    entry = {**case.entry, "made_from": {**case.entry["made_from"], **case.now.basis(whole)}}
    assert case.decided(order=whole, entry=entry).action == "reuse"
    assert reasons(case.decided(order=whole, entry=entry, now=changed["district"])) == ["why_notebook"]


def test_a_changed_slice_matters_if_it_was_read(case: Case) -> None:
    digests = dict(case.now.digests)
    digests["scores", YEAR] = "s2"
    assert case.decided(now=replace(case.now, digests=digests)).action == "reuse"
    digests["published", YEAR] = "a2"
    decision = case.decided(now=replace(case.now, digests=digests))
    assert reasons(decision) == ["why_data"]
    assert decision.reasons[0].fields == {"name": f"published/{YEAR}"}
    del digests["published", YEAR]
    assert reasons(case.decided(now=replace(case.now, digests=digests))) == ["why_data"]


def test_a_notebook_that_does_not_say_what_it_read_depends_on_everything(case: Case) -> None:
    fate = with_basis(Fate(case.order.key, True, files=case.entry["files"]), case.order, case.now)
    entry = {**asdict(fate), "fate": "made"}
    assert case.decided(entry=entry).action == "reuse"
    other = replace(case.now, digests={**case.now.digests, ("scores", YEAR): "s2"})
    assert reasons(case.decided(entry=entry, now=other)) == ["why_store"]


def test_other_parameters_execute(case: Case) -> None:
    params = replace(case.order, params=case.order.root / "params" / "other.yaml")
    assert reasons(case.decided(order=params)) == ["why_parameters"]


def test_another_look_is_drawn_again_without_executing(case: Case) -> None:
    decision = case.decided(now=replace(case.now, look="other"))
    assert decision.action == "render"
    assert not decision.order.execute
    assert reasons(decision) == ["why_look"]
    assert set(decision.order.standing) == {"report.ipynb", "results.json"}


def test_another_look_and_other_data_execute_and_leave_no_page_standing(case: Case) -> None:
    now = replace(case.now, look="other", parts={**PARTS, "params": "q"})
    decision = case.decided(now=now)
    assert decision.action == "execute"
    assert set(decision.order.standing) == {"report.ipynb", "results.json"}


def test_a_format_that_was_not_made_yet_is_drawn_and_one_not_asked_for_is_left(case: Case) -> None:
    files = {name: sha for name, sha in case.entry["files"].items() if name != "report.pdf"}
    (case.order.folder / "report.pdf").unlink()
    entry = {**case.entry, "files": files}
    assert reasons(case.decided(entry=entry)) == ["why_not_drawn"]
    assert case.decided(entry=entry, order=replace(case.order, formats=("html",))).action == "reuse"


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("report.html", "render"),
        ("report.pdf", "render"),
        ("report.ipynb", "execute"),
        ("results.json", "execute"),
    ],
)
@pytest.mark.parametrize("how", ["removed", "changed"])
def test_a_file_removed_or_changed_by_hand_is_made_again(
    case: Case, name: str, action: str, how: str
) -> None:
    path = case.order.folder / name
    path.unlink()
    if how == "changed":
        path.write_text("edited")
    decision = case.decided()
    assert (decision.action, reasons(decision)) == (action, ["why_file"])
    assert decision.reasons[0].fields == {"name": name}
    assert name not in decision.order.standing


def test_a_report_never_made_or_failed_or_of_an_older_record_is_executed(case: Case) -> None:
    assert reasons(decide([case.order], [None], case.now)[0]) == ["why_never_made"]
    assert reasons(case.decided(entry={**case.entry, "fate": "failed"})) == ["why_failed"]
    old = {"evalib": "0.1.0", "params": "p", "read": {}}
    assert reasons(case.decided(entry={**case.entry, "made_from": old})) == ["why_unknown"]


def test_a_failed_report_has_no_key(case: Case) -> None:
    failed = Fate(case.order.key, False, cause={"zh": "因", "en": "cause"})
    assert with_basis(failed, case.order, case.now) == failed


def test_what_the_report_says_of_its_params_goes_before_what_was_there_at_the_start(case: Case) -> None:
    fate = with_basis(Fate(case.order.key, True, made_from={"params": "seen"}), case.order, case.now)
    assert fate.made_from["params"] == "seen"


def test_a_module_that_the_notebook_may_import_is_part_of_its_source(tmp_path: Path) -> None:
    settings = replace(load_settings(ROOT / "params" / "sample.yaml"), root=tmp_path)
    store = Store(tmp_path / "store")
    found = []
    for source in ("", "x = 1", "x = 2"):
        if source:
            (tmp_path / "own.py").write_text(source)
        found.append(present(settings, store, Contents(tmp_path)))
    for kind in NOTEBOOKS:
        assert len({one.notebooks[kind] for one in found}) == 3
    assert len({one.parts["library"] for one in found}) == 1


def test_a_new_year_of_published_tables_is_another_key_and_a_new_clean_table_is_not(tmp_path: Path) -> None:
    import pandas as pd

    settings, contents = load_settings(ROOT / "params" / "sample.yaml"), Contents(ROOT)
    store = Store(tmp_path / "store")
    table = pd.DataFrame({"a": [1]})
    store.write({("published", YEAR): table})
    first = present(settings, store, contents).parts
    store.write({("scores", "2023-2024"): table})
    assert present(settings, store, contents).parts == first
    store.write({("published", "2023-2024"): table})
    changed = present(settings, store, contents).parts
    assert {name for name in first if first[name] != changed[name]} == {"tables"}
