"""Reports of schools, education groups and the district: which are planned, in which order, from what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evalib.annual import keys_for
from evalib.errors import ParameterError
from evalib.ordering import check_notebooks, orders_for
from evalib.press.asked import Request
from evalib.press.execute import check_parameters, declared_parameters
from evalib.press.ledger import name_of, short_name, told_name
from evalib.press.plan import groups_of, kinds_wanted, plan_reports
from evalib.settings import Settings, load_settings
from evalib.store import Store
from evalib.vocabulary import KINDS, ReportKey
from small_notebooks import PARAMETERS, write_notebook

ROOT = Path(__file__).parents[2]
YEAR, LAST = "2024-2025", "2023-2024"
SCHOOLS = pd.DataFrame(
    {
        "school_code": ["1", "2", "3"],
        "stage": ["primary", "junior", "primary"],
        "group_code": ["JT02", "JT01", None],
        "group": ["乙集团", None, None],
    }
)


@pytest.fixture
def settings() -> Settings:
    return load_settings(ROOT / "params" / "sample.yaml")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two years, the earlier with one group more."""
    store = Store(tmp_path / "store")
    earlier = SCHOOLS.assign(group_code=["JT02", "JT01", "JT09"])
    store.write({("schools", LAST): earlier, ("schools", YEAR): SCHOOLS})
    return store


def asked(settings: Settings, **changed: object) -> Settings:
    return replace(settings, district=settings.district.model_copy(update=changed))


def named(keys: list[ReportKey]) -> list[str]:
    return [name_of(key) for key in keys]


def test_schools_come_first_then_groups_then_the_district(settings: Settings, store: Store) -> None:
    keys = plan_reports(settings, store, [YEAR])
    assert [key.folder for key in keys] == [
        *("1-primary", "2-junior", "3-primary"),
        *("group-JT01", "group-JT02"),
        "district",
    ]
    both = plan_reports(settings, store, [LAST, YEAR])
    kinds = [key.kind for key in both]
    assert kinds == sorted(kinds, key=KINDS.index)
    assert [key.year for key in both if key.kind == "district"] == [LAST, YEAR]
    assert [order.key for order in orders_for(settings, both)] == both


def test_each_edition_and_language_has_a_report_of_each_kind(settings: Settings, store: Store) -> None:
    wide = asked(settings, languages=["zh", "en"], editions=["restricted", "public"])
    keys = plan_reports(wide, store, [YEAR])
    assert named([key for key in keys if key.kind == "district"]) == [
        f"{YEAR}/district/{edition}/{lang}" for edition in ("public", "restricted") for lang in ("en", "zh")
    ]
    assert len(keys) == (3 + 2 + 1) * 4
    public = next(one for one in orders_for(wide, keys) if one.key.edition == "public" and not one.key.stage)
    assert public.folder == settings.output / "public" / YEAR / "group-JT01"


NARROWED: dict[str, tuple[dict[str, str], list[str]]] = {
    "a school": ({"school": "2"}, ["2-junior"]),
    "a stage": ({"stage": "primary"}, ["1-primary", "3-primary"]),
    "schools": ({"kind": "school"}, ["1-primary", "2-junior", "3-primary"]),
    "groups": ({"kind": "group"}, ["group-JT01", "group-JT02"]),
    "a group": ({"group": "JT02"}, ["group-JT02"]),
    "a group of the kind": ({"group": "JT02", "kind": "group"}, ["group-JT02"]),
    "the district": ({"kind": "district"}, ["district"]),
    "a school of the kind": ({"school": "2", "kind": "school"}, ["2-junior"]),
}


@pytest.mark.parametrize("case", NARROWED)
def test_a_request_narrows_what_is_planned(settings: Settings, store: Store, case: str) -> None:
    narrowed, folders = NARROWED[case]
    keys = keys_for(settings, store, [YEAR], Request(**narrowed))
    assert [key.folder for key in keys] == folders


def test_params_narrow_the_kinds(settings: Settings, store: Store) -> None:
    keys = plan_reports(asked(settings, reports=["district", "school"]), store, [YEAR])
    assert [key.kind for key in keys] == ["school"] * 3 + ["district"]


@pytest.mark.parametrize(
    ("narrowed", "key", "said"),
    [
        ({"school": "1", "kind": "district"}, "options_apart", ["--school", "--kind district"]),
        ({"stage": "primary", "group": "JT01"}, "options_apart", ["--stage", "--group"]),
        ({"group": "JT01", "kind": "school"}, "options_apart", ["--group", "--kind school"]),
    ],
)
def test_options_that_ask_for_different_kinds_are_refused_together(
    settings: Settings, narrowed: dict[str, str], key: str, said: list[str]
) -> None:
    with pytest.raises(ParameterError) as caught:
        kinds_wanted(settings, **narrowed)
    assert caught.value.key == key
    assert all(words in caught.value.text(lang) for words in said for lang in ("zh", "en"))


def test_a_kind_that_the_params_do_not_plan_is_refused(settings: Settings) -> None:
    with pytest.raises(ParameterError, match="reports") as caught:
        kinds_wanted(asked(settings, reports=["school"]), kind="district")
    assert (caught.value.key, caught.value.exit_code) == ("kind_not_planned", 2)


@pytest.mark.parametrize(
    ("group", "key", "said"),
    [
        ("JT1", "unknown_group", ["JT01", YEAR]),
        ("JT09", "group_in_other_years", [LAST, YEAR]),
        ("無", "unknown_group", [YEAR]),
    ],
)
def test_an_unknown_group_is_told_with_the_nearest_or_its_years(
    settings: Settings, store: Store, group: str, key: str, said: list[str]
) -> None:
    with pytest.raises(ParameterError) as caught:
        plan_reports(settings, store, [YEAR], group=group)
    assert (caught.value.key, caught.value.exit_code) == (key, 2)
    assert all(words in caught.value.text(lang) for words in (group, *said) for lang in ("zh", "en"))


@pytest.mark.parametrize(
    "change", [lambda one: one.drop(columns="group_code"), lambda one: one.assign(group_code="")]
)
def test_a_district_without_groups_has_no_group_reports(
    settings: Settings, tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    store = Store(tmp_path / "without")
    store.write({("schools", YEAR): change(SCHOOLS)})
    assert {key.kind for key in plan_reports(settings, store, [YEAR])} == {"school", "district"}
    with pytest.raises(ParameterError) as caught:
        plan_reports(settings, store, [YEAR], kind="group")
    assert caught.value.key == "no_groups"


def test_a_groups_name_is_the_first_that_a_member_tells() -> None:
    members = pd.DataFrame({"group_code": ["b", "b", "b", "a"], "group": [None, "名", "别名", None]})
    assert groups_of(members) == {"a": "", "b": "名"}
    assert groups_of(members.drop(columns="group")) == {"a": "", "b": ""}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_hands_its_notebook_the_parameters_that_it_declares(
    settings: Settings, tmp_path: Path, kind: str
) -> None:
    key = ReportKey(kind, YEAR, "JT01", "primary" if kind == "school" else "")
    (order,) = orders_for(settings, [key])
    assert tuple(order.parameters) == PARAMETERS[kind]
    assert order.notebook == settings.root / settings.district.notebooks[kind]
    notebook = write_notebook(tmp_path / "small.ipynb", kind)
    check_parameters(notebook, order.parameters)
    assert order.parameters["params"] == "params/sample.yaml"
    assert len(declared_parameters(notebook)) == len(order.parameters)


def test_every_notebook_that_is_planned_is_looked_at_and_a_missing_one_is_named(
    settings: Settings, tmp_path: Path
) -> None:
    here = replace(settings, root=tmp_path, path=tmp_path / "params" / "sample.yaml")
    for kind in ("school", "group"):
        write_notebook(here.notebook(kind), kind)
    check_notebooks(here, ("school", "group"))
    with pytest.raises(ParameterError, match="district_notebook") as caught:
        check_notebooks(here, KINDS)
    assert caught.value.key == "no_notebook"
    assert "district_report.ipynb" in caught.value.text("en")
    write_notebook(here.notebook("district"), "group")
    with pytest.raises(ParameterError, match="group_code") as caught:
        check_notebooks(here, KINDS)
    assert caught.value.key == "missing_parameter"


@pytest.mark.parametrize("name", ["group_notebook", "district_notebook"])
def test_a_notebook_outside_the_project_is_refused(tmp_path: Path, name: str) -> None:
    params = tmp_path / "params"
    params.mkdir()
    text = (ROOT / "params" / "sample.yaml").read_text("utf-8")
    (params / "sample.yaml").write_text(f"{text}\n{name}: ../elsewhere.ipynb\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=name):
        load_settings(params / "sample.yaml")


@pytest.mark.parametrize(
    ("reports", "said"), [("[schools]", "school"), ("[]", "reports"), ("[group, group]", "twice")]
)
def test_reports_of_the_params_are_kinds_each_once(tmp_path: Path, reports: str, said: str) -> None:
    text = (ROOT / "params" / "sample.yaml").read_text("utf-8")
    (tmp_path / "sample.yaml").write_text(f"{text}\nreports: {reports}\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=said):
        load_settings(tmp_path / "sample.yaml")


def test_reports_are_named_in_both_languages() -> None:
    district, group = ReportKey("district", YEAR, "district", ""), ReportKey("group", YEAR, "JT01", "")
    assert (short_name(district, "zh"), short_name(district, "en")) == ("区级报告", "district report")
    assert (told_name(group, "zh"), told_name(group, "en")) == (f"{YEAR}/集团 JT01", f"{YEAR}/group JT01")


@pytest.mark.parametrize("code", ["../../x", "a/b", "..", "C:\\x", "集团 一"])
def test_no_code_leads_out_of_the_years_folder(code: str) -> None:
    folder = ReportKey("group", YEAR, code, "").folder
    assert Path(folder).name == folder
    assert not set(folder) & set("/\\:. ")
    assert folder != ReportKey("group", YEAR, code.replace("/", "-"), "").folder or "/" not in code
