"""Scores of dimensions: the scale, weights, gaps, the reference on the same set, and what is kept quiet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.dimensions import add_dimensions
from evalib.records import DistrictYear, StageYear, YearRecords
from evalib.review.influences import COLUMNS
from evalib.review.influences import influences as moments_table
from evalib.review.rows import measured_rows
from evalib.review.stage import PupilFigures, SectionFigures, Stage
from evalib.scales import Mark, Scale, base_scale, scale_from, scale_of, scale_table
from evalib.settings import IndicatorParams, Settings, load_settings
from evalib.statistics.influence import section_means
from evalib.store import Store

YEAR = "2024-2025"
SECTIONS = 12
CLASSES = 4


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Two weighted academic indicators, and one of articulation that is no mean over pupils."""
    read = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
    known = {one.id: one for one in read.measures.indicators}
    chosen = [
        known["standard_score"].model_copy(update={"weight": 0.5}),
        known["low_score_rate"].model_copy(update={"weight": 0.5}),
        known["onward_progress"].model_copy(update={"weight": 1.0}),
    ]
    return replace(read, measures=read.measures.model_copy(update={"indicators": chosen}))


def indicator(settings: Settings, name: str) -> IndicatorParams:
    return settings.measures.judged[name]


class District:
    """One stage: pupils with a standard score and low marks, sections with a third figure."""

    def __init__(
        self, settings: Settings, seed: int = 1, sections: int = SECTIONS, pupils: int = 120
    ) -> None:
        rng = np.random.default_rng(seed)
        self.settings = settings
        codes = [f"{number:02d}" for number in range(sections)]
        section = np.repeat(np.arange(sections), pupils)
        room = np.tile(np.repeat(np.arange(CLASSES), pupils // CLASSES), sections)
        self.score = rng.normal(size=len(section)) + np.linspace(-0.4, 0.4, sections)[section]
        self.low = (self.score + 0.5 * rng.normal(size=len(section)) < -0.8).astype(float)
        roll = pd.DataFrame(
            {
                "pupil": [f"p{number}" for number in range(len(section))],
                "school_code": np.array(codes)[section],
                "stage": "primary",
                "grade": 3 + room // 2,
                "class": room.astype(str),
            }
        )
        records = YearRecords(roll, pd.DataFrame({"row": []}), pd.DataFrame())
        district = DistrictYear(Store(Path()), YEAR, pd.DataFrame(), records, ())
        self.stage = Stage(StageYear("primary", codes, records, section), district, settings)
        self.third = np.linspace(-0.2, 0.2, sections)
        self.because = {
            name: np.full(sections, "", dtype=object) for name in ("standard_score", "low_score_rate")
        }

    def scored(self, scale: Scale | None = None) -> pd.DataFrame:
        stage, settings = self.stage, self.settings
        everyone = np.bincount(stage.one.section)
        figures = [
            PupilFigures(indicator(settings, name), "", values, everyone, self.because[name])
            for name, values in (("standard_score", self.score), ("low_score_rate", self.low))
        ]
        none = np.full(stage.sections, "", dtype=object)
        figures.append(
            SectionFigures(
                indicator(settings, "onward_progress"),
                "",
                self.third,
                np.full(stage.sections, 0.002),
                everyone.astype(float),
                everyone,
                none,
            )
        )
        measurements = measured_rows(stage, figures)
        measurements.insert(0, "year", YEAR)
        self.measurements = measurements
        moments = moments_table(stage, figures)
        assert list(moments) == COLUMNS
        return add_dimensions(
            measurements, moments, scale or scale_of(settings, {YEAR: measurements}), settings
        )


def dimension(scored: pd.DataFrame, name: str = "academic") -> pd.DataFrame:
    return scored[scored["indicator"].eq(name)].set_index("school_code")


def of(scored: pd.DataFrame, name: str) -> pd.DataFrame:
    return scored[scored["indicator"].eq(name)].set_index("school_code")


def test_score_is_the_weighted_mean_of_the_indicators_scores(settings: Settings) -> None:
    scored = District(settings).scored()
    parts = (of(scored, "standard_score")["score"] + of(scored, "low_score_rate")["score"]) / 2
    np.testing.assert_allclose(dimension(scored)["value"], parts)
    # Lower is better there: the section with most low marks scores least.
    low = of(scored, "low_score_rate")
    assert low["score"].idxmin() == low["value"].idxmax()


def test_interval_comes_from_the_sums_own_influence_values(settings: Settings) -> None:
    """The same score computed pupil by pupil has the same variance: parts that share pupils do not add up."""
    district = District(settings)
    scale = Scale(
        (YEAR,),
        False,
        {
            ("primary", "standard_score"): Mark(0.0, 0.25, 0.06),
            ("primary", "low_score_rate"): Mark(0.2, 0.08, 0.006),
        },
    )
    scored = district.scored(scale)
    pupil = 0.5 * district.score / 0.25 - 0.5 * district.low / 0.08
    one = district.stage.one
    direct = section_means(pupil[:, None], one.section, SECTIONS, **one.clusters)
    np.testing.assert_allclose(dimension(scored)["variance"], direct.variance[:, 0], rtol=1e-9)
    np.testing.assert_allclose(
        dimension(scored)["class_correlation"], direct.class_correlation[0], atol=1e-12
    )


def test_the_districts_own_base_year_has_50_as_its_mean(settings: Settings) -> None:
    scored = District(settings).scored()
    academic = dimension(scored)
    assert np.average(academic["value"], weights=academic["weight"]) == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(academic["reference"], 0.0, atol=1e-12)


def test_section_without_an_indicator_is_compared_on_what_it_has(settings: Settings) -> None:
    district = District(settings)
    district.because["low_score_rate"][3] = "no_data"
    scored = district.scored()
    here = dimension(scored).loc["03"]
    assert here["reason"] == ""
    assert here["value"] == pytest.approx(of(scored, "standard_score").loc["03", "score"])
    mean = of(scored, "standard_score")
    assert here["reference"] == pytest.approx(np.average(mean["score"], weights=mean["weight"]))
    assert here["difference"] == pytest.approx(here["value"] - here["reference"])
    assert here["weight_available"] == pytest.approx(0.5)


def test_less_than_half_of_the_weight_gives_no_score(settings: Settings) -> None:
    lighter = [
        one.model_copy(update={"weight": 0.4}) if one.id == "standard_score" else one
        for one in settings.measures.indicators
    ]
    changed = replace(settings, measures=settings.measures.model_copy(update={"indicators": lighter}))
    district = District(changed)
    district.because["low_score_rate"][3] = "no_data"
    here = dimension(district.scored()).loc["03"]
    # One reason alone stands behind the lack: it is told rather than the lack.
    assert here["reason"] == "no_data"
    assert np.isnan(here["value"])
    assert np.isnan(here["reference"])


def test_two_reasons_behind_a_lack_are_low_coverage(settings: Settings) -> None:
    district = District(settings)
    district.because["low_score_rate"][3] = "no_data"
    district.because["standard_score"][3] = "no_variance"
    assert dimension(district.scored()).loc["03", "reason"] == "low_coverage"


def test_what_a_section_cannot_have_is_no_lack(settings: Settings) -> None:
    """A third of the weight is there; of what applies it is the whole."""
    heavier = [
        one.model_copy(update={"weight": 1.0}) if one.id == "low_score_rate" else one
        for one in settings.measures.indicators
    ]
    changed = replace(settings, measures=settings.measures.model_copy(update={"indicators": heavier}))
    district = District(changed)
    district.because["low_score_rate"][3] = "not_applicable"
    here = dimension(district.scored()).loc["03"]
    assert here["reason"] == ""
    assert here["weight_available"] == pytest.approx(1 / 3)


def test_figures_of_other_people_add_their_variance(settings: Settings) -> None:
    scored = District(settings).scored()
    spread = scale_of(settings, {YEAR: scored}).marks["primary", "onward_progress"].spread
    articulation = dimension(scored, "articulation")
    np.testing.assert_allclose(articulation["variance"], 0.002 / spread**2)
    np.testing.assert_allclose(articulation["n"], 120)


def test_indicator_that_cannot_be_told_from_chance_is_no_part_of_the_score(settings: Settings) -> None:
    scale = Scale(
        (YEAR,),
        True,
        {
            ("primary", "standard_score"): Mark(0.0, 0.25, 0.06),
            ("primary", "low_score_rate"): Mark(0.2, 0.03, 1e-6),
        },
    )
    scored = District(settings).scored(scale)
    assert of(scored, "low_score_rate")["score_reason"].eq("low_reliability").all()
    assert of(scored, "standard_score")["score_reason"].eq("").all()
    np.testing.assert_allclose(dimension(scored)["value"], of(scored, "standard_score")["score"])


def test_smallest_difference_of_a_score_is_the_weighted_one_of_its_parts(settings: Settings) -> None:
    scale = Scale(
        (YEAR,),
        True,
        {
            ("primary", "standard_score"): Mark(0.0, 0.25, 0.06),
            ("primary", "low_score_rate"): Mark(0.2, 0.08, 0.006),
        },
    )
    smallest = dimension(District(settings).scored(scale))["smallest"]
    np.testing.assert_allclose(smallest, 0.5 * 0.1 / 0.25 + 0.5 * 0.03 / 0.08)


def test_noise_is_not_stretched_where_sections_hardly_differ(settings: Settings) -> None:
    district = District(settings)
    district.score -= np.array(
        [district.score[district.stage.one.section == one].mean() for one in range(SECTIONS)]
    )[district.stage.one.section]
    marks = scale_of(settings, {YEAR: district.scored().query("indicator == 'standard_score'")}).marks
    assert marks["primary", "standard_score"].between_variance == 0.0
    assert marks["primary", "standard_score"].spread == pytest.approx(0.1)


def test_too_few_sections_in_the_base_year_give_no_scale(settings: Settings) -> None:
    scored = District(settings, sections=9).scored()
    assert dimension(scored)["reason"].eq("too_few_sections").all()
    assert scored["value"].notna().any()


def test_small_sections_do_not_make_the_scale(settings: Settings) -> None:
    district = District(settings, sections=12, pupils=20)
    district.scored()
    assert not base_scale(settings, {YEAR: district.measurements}, [YEAR]).marks


def test_points_are_scored_on_their_logarithm(settings: Settings) -> None:
    points = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml").measures.judged
    only = [points["achievement_points_per_100"].model_copy(update={"weight": 1.0})]
    changed = replace(settings, measures=settings.measures.model_copy(update={"indicators": only}))
    district = District(changed)
    stage = district.stage
    values = np.exp(district.score)
    everyone = np.bincount(stage.one.section)
    none = np.full(stage.sections, "", dtype=object)
    figures = [PupilFigures(only[0], "", values, everyone, none)]
    measurements = measured_rows(stage, figures)
    measurements.insert(0, "year", YEAR)
    mark = Mark(np.log(2.0), 0.5, 0.2)
    scale = Scale((YEAR,), False, {("primary", "achievement_points_per_100"): mark})
    scored = add_dimensions(measurements, moments_table(stage, figures), scale, changed)
    mean = measurements["value"].to_numpy()
    np.testing.assert_allclose(dimension(scored, "talents")["value"], (np.log1p(mean) - np.log(2.0)) / 0.5)
    # Alike but for the class correlation, which is pooled on the scale of the score.
    by_delta = measurements["variance"].to_numpy() / (1 + mean) ** 2 / 0.25
    np.testing.assert_allclose(dimension(scored, "talents")["variance"], by_delta, rtol=0.1)


def test_overall_score_is_off_and_can_be_turned_on(settings: Settings) -> None:
    assert not settings.measures.composite.overall
    assert "overall" not in set(District(settings).scored()["indicator"])
    composite = settings.measures.composite.model_copy(update={"overall": True})
    changed = replace(settings, measures=settings.measures.model_copy(update={"composite": composite}))
    scored = District(changed).scored()
    assert "overall" in changed.measures.judged
    overall = dimension(scored, "overall")
    both = (dimension(scored)["value"] + dimension(scored, "articulation")["value"]) / 2
    np.testing.assert_allclose(overall["value"], both)


def test_scale_as_a_table_comes_back_the_same(settings: Settings) -> None:
    district = District(settings)
    district.scored()
    scale = scale_of(settings, {YEAR: district.measurements})
    assert scale_from(scale_table(scale)) == scale


def test_earliest_year_with_enough_sections_serves_where_nothing_is_frozen(settings: Settings) -> None:
    first, second = District(settings, seed=1), District(settings, seed=2)
    first.scored()
    second.scored()
    silent = first.measurements.copy()
    growth = silent["indicator"].eq("onward_progress")
    silent.loc[growth, "reason"] = "no_prior"
    years = {"2023-2024": silent, YEAR: second.measurements}
    marks = scale_of(settings, years).marks
    of_first = base_scale(settings, years, ["2023-2024"]).marks
    assert marks["primary", "standard_score"] == of_first["primary", "standard_score"]
    assert (
        marks["primary", "onward_progress"]
        == base_scale(settings, years, [YEAR]).marks["primary", "onward_progress"]
    )
    assert ("primary", "onward_progress") not in of_first
