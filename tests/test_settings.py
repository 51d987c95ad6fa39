from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evalib.errors import ParameterError
from evalib.settings import FrozenIndicator, FrozenParams, load_settings, write_frozen

PARAMS = Path(__file__).parents[1] / "params"


@pytest.fixture
def params(tmp_path: Path) -> Path:
    shutil.copytree(PARAMS, tmp_path / "params")
    return tmp_path / "params"


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("name", ["sample", "star"])
def test_shipped_params_load(name: str) -> None:
    settings = load_settings(PARAMS / f"{name}.yaml")
    assert settings.name == name
    assert settings.store == PARAMS.parent / "output" / name / "store"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("sample.yaml", "languages:", "langauges:", "最接近的是“languages”"),
        ("measures.yaml", "denominator: entered", "denominator: all", "denominator"),
        ("measures.yaml", "excellent: 0.85", "excellent: 85", "cuts.excellent"),
        ("measures.yaml", "lead: value_added", "lead: value_add", "value_add"),
        ("measures.yaml", "  match_rate_minimum:", "  match_rate_minimun:", "match_rate_minimum"),
        ("measures.yaml", "measure: fitness_coverage", "measure: fitness_coverge", "fitness_coverage"),
        ("measures.yaml", "columns: {area: arts}", "columns: {area: art}", "moral, academic, health, arts"),
        ("measures.yaml", "cut: 80", "cut: high", "fitness_share needs a cut that is a number"),
        ("measures.yaml", "cut: B", "cut: E", "level_share needs a cut that is a level A to D"),
        (
            "measures.yaml",
            "unit: percentile",
            "unit: rate",
            "the unit of mean_growth_percentile is percentile",
        ),
        ("measures.yaml", "weight: 0.40", "weight: -0.40", "weight"),
        ("measures.yaml", "- id: match_rate", "- id: growth", "this name belongs to a score"),
        ("measures.yaml", "nation: [24, 20, 16, 8]", "nation: [24, 30, 16, 8]", "from high to low"),
        ("measures.yaml", "town: [4, 2, 1, 0.5]", "village: [4, 2, 1, 0.5]", "the levels are nation"),
        ("disclosure.yaml", "minimum_n: 10", "minimum_n: ten", "minimum_n"),
        ("sample.yaml", "years: latest", "years: ['2024']", "years"),
        ("sample.yaml", "district: {", "district: [", "YAML"),
        (
            "sample.yaml",
            "budget_share: 0.25",
            "budget_share: 25",
            "stated.budget_share：比例须在 0 与 1 之间，现为 25",
        ),
        ("sample.yaml", "budget_share: 0.25", "budget_share: .nan", "stated.budget_share"),
        ("sample.yaml", "studios: 24", "studios: -24", "stated.studios：须为 0 或更大的数，现为 -24"),
        ("sample.yaml", "studios: 24", "pay_rises: 24", "stated.pay_rises：此项不公布数值"),
        ("sample.yaml", "studios: 24", "studois: 24", "最接近的是“studios”"),
        (
            "initiatives.yaml",
            "fact: studios,",
            "fact: studois,",
            "studios.fact：standards/balance_2017.yaml 的 facts 中",
        ),
        ("initiatives.yaml", "fact: expert_teachers", "fact: expert_teacher", "ladder.1.fact"),
        (
            "initiatives.yaml",
            "other: public_funds_urban",
            "other: public_funds_city",
            "rural_above_urban.other",
        ),
        ("initiatives.yaml", "indicator: S1", "indicator: G1", "satisfied.indicator：能与公布的数字对照的"),
        ("initiatives.yaml", "indicator: S1", "indicator: S9", "满意度（S1）"),
        ("initiatives.yaml", "stated: 0.25", "stated: 25", "a share is 0 to 1"),
        (
            "initiatives.yaml",
            "relation: rises, unit: yuan",
            "relation: rises, unit: yuan, stated: 1",
            "only at_least",
        ),
    ],
)
def test_each_fault_of_params_is_named(params: Path, file: str, old: str, new: str, said: str) -> None:
    rewrite(params / file, old, new)
    with pytest.raises(ParameterError) as caught:
        load_settings(params / "sample.yaml")
    assert said in caught.value.text("zh")
    assert file in caught.value.text("en")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("{pass_rat: 0.5}", "最接近的是“pass_rate”"),
        ("{participation: 0.5}", "participation is a figure of record"),
        ("{pass_rate: -1.0}", "a weight is 0 or more"),
    ],
)
def test_weights_of_a_district_must_be_of_indicators_that_can_have_one(
    params: Path, weights: str, said: str
) -> None:
    with (params / "sample.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\nweights: {weights}\n")
    with pytest.raises(ParameterError) as caught:
        load_settings(params / "sample.yaml")
    assert said in caught.value.text("zh")
    assert "sample.yaml" in caught.value.text("zh")


def test_district_may_weigh_indicators_itself() -> None:
    star = {one.id: one.weight for one in load_settings(PARAMS / "star.yaml").measures.indicators}
    sample = {one.id: one.weight for one in load_settings(PARAMS / "sample.yaml").measures.indicators}
    assert (star["pass_rate"], sample["pass_rate"]) == (0.0, 0.25)
    assert star["standard_score"] == sample["standard_score"]


def test_a_district_states_its_own_figures_and_no_other_districts(params: Path) -> None:
    of_sample = load_settings(params / "sample.yaml").initiatives.figures
    assert {one.id: one.stated for one in of_sample if one.relation == "at_least"} == {
        **load_settings(params / "sample.yaml").district.stated
    }
    rewrite(params / "star.yaml", "school_codes: own", "school_codes: own\nstated: {studios: 3}")
    few = load_settings(params / "star.yaml").initiatives.figures
    assert [(one.id, one.stated) for one in few if one.stated is not None] == [("studios", 3.0)]


def test_a_district_that_states_nothing_keeps_only_what_has_no_number() -> None:
    left = load_settings(PARAMS / "star.yaml").initiatives.figures
    assert [(one.id, one.stated) for one in left] == [
        ("spending_rises", None),
        ("pay_rises", None),
        ("rural_above_urban", None),
    ]


def test_frozen_scale_is_part_of_the_params_fingerprint(params: Path) -> None:
    plain = load_settings(params / "sample.yaml")
    marks = {"standard_score": FrozenIndicator(centre=0.0, spread=0.2, between_variance=0.04)}
    frozen = FrozenParams.model_validate(
        {"dated": "2026-11-01", "base_years": ["2023-2024"], "stages": {"primary": marks}, "source": "here"},
        strict=False,
    )
    write_frozen(plain, frozen)
    again = load_settings(params / "sample.yaml")
    assert again.frozen == frozen
    assert again.fingerprint != plain.fingerprint
    assert load_settings(params / "star.yaml").frozen is None


def test_missing_params_file_says_where_to_look() -> None:
    with pytest.raises(ParameterError, match=r"params/sample\.yaml"):
        load_settings("params/nowhere.yaml")


def test_params_are_found_from_a_folder_below(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = params.parent / "notebooks"
    below.mkdir()
    monkeypatch.chdir(below)
    assert load_settings("params/sample.yaml").root == params.parent


def test_fingerprint_changes_with_any_params_file(params: Path) -> None:
    before = load_settings(params / "sample.yaml").fingerprint
    rewrite(params / "wording.yaml", "目录", "内容")
    assert load_settings(params / "sample.yaml").fingerprint != before


def test_all_faults_of_a_params_file_are_told_at_once(params: Path) -> None:
    rewrite(params / "sample.yaml", "languages: [zh]", "langauges: [zh]")
    rewrite(params / "sample.yaml", "identities: invented", "identities: maybe")
    rewrite(params / "sample.yaml", "years: latest", "years: 2024")
    with pytest.raises(ParameterError) as caught:
        load_settings(params / "sample.yaml")
    said = caught.value.text("zh")
    assert "“langauges”" in said
    assert "identities 只能是 'invented', 'real'" in said
    assert "years 只能是" in said
    assert "共 3 处问题" in said


@pytest.mark.parametrize("name", ["...yaml", "a b.yaml"])
def test_a_params_file_names_the_output_folder_and_so_must_be_a_plain_name(params: Path, name: str) -> None:
    (params / name).write_text((params / "sample.yaml").read_text("utf-8"), encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        load_settings(params / name)
    assert caught.value.key == "params_name"


def test_a_notebook_outside_the_project_is_refused(params: Path) -> None:
    with (params / "sample.yaml").open("a", encoding="utf-8") as file:
        file.write("notebook: ../elsewhere.ipynb\n")
    with pytest.raises(ParameterError, match="项目文件夹之内"):
        load_settings(params / "sample.yaml")
