"""What a report's intervals and standings claim, from invented districts' files to `review_year`.

The truth is what the districts were made from. Marks are made linear in what pupils know,
so that a section's true mean score is an average over its pupils of what was to be expected
of them: where they entered, who they are, how much their section adds. What the pupils, the
classes of this year and the day of the examination add to that is what intervals are for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.review.yearly import review_year
from evalib.sampling import district as invention
from evalib.sampling import invent_district, learning
from evalib.sampling.pupils import SUBJECTS
from evalib.sampling.rows import pupil_keys
from evalib.scoring.standings import add_standings
from evalib.settings import Settings, load_settings
from evalib.store import Store

pytestmark = [pytest.mark.proof, pytest.mark.study]

NOW = "2024-2025"
SMALLEST_N = 10
MEASURED = ("standard_score", "value_added", "low_start_growth")
SPREAD = 10.0  # marks to one unit of what a paper measures
SCALE = np.sqrt(1 + learning.TASTE_SD**2 + learning.SECTION_SUBJECT_SD**2 + learning.MARK_NOISE_SD**2)


def settings(**growth: float) -> Settings:
    """The sample's params for what is proved here; intervals of value added do not use the bootstrap."""
    read = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
    changed = read.measures.growth.model_copy(update={"bootstrap_below_sections": 0, **growth})
    some = [one for one in read.measures.indicators if one.measure in MEASURED]
    return replace(read, measures=read.measures.model_copy(update={"growth": changed, "indicators": some}))


@dataclass
class Reviewed:
    """Measurements with standings, the pupils' expected marks and the sections' growth."""

    measurements: pd.DataFrame
    scores: pd.DataFrame
    growth: pd.DataFrame


@pytest.fixture
def reviewed(monkeypatch, tmp_path: Path):
    """A district of a seed, invented and reviewed."""
    made = {}
    for name in ("invent_sections", "invent_rolls", "invent_learning"):
        invent = getattr(invention, name)

        def kept(*arguments, invent=invent, name=name, **named):
            made[name] = invent(*arguments, **named)
            return made[name]

        monkeypatch.setattr(invention, name, kept)
    monkeypatch.setattr(learning, "_marks", lambda z, paper, papers: 50.0 + SPREAD * z)

    def one(seed: int, params: Settings, sections: int = 50, growth_sd: float = 0.12) -> Reviewed:
        # What a feeder leaves behind, and what a section does for weak entrants, is told apart elsewhere.
        district = invent_district(
            seed=seed, sections=sections, years=2, growth_sd=growth_sd, onward_sd=0.0, recovery_sd=0.0
        )
        plan, (rolls, people), known = made.values()
        gap = learning.MIGRANT_GAP * people.migrant + learning.LEFT_BEHIND_GAP * people.left_behind
        gap = gap + learning.SPECIAL_NEEDS_GAP * people.special_needs
        entered = plan.level[people.origin] + gap - gap.mean()
        roll = rolls[-1]
        before = np.isin(roll.pupil, rolls[0].pupil)
        moved = learning.PERSISTENCE * entered[roll.pupil] + known.growth[-1, roll.section]
        ability = np.where(before, moved, entered[roll.pupil])
        pupils = pd.DataFrame({"pupil": pupil_keys(roll.pupil)})
        for position, subject in enumerate(SUBJECTS):
            pupils[subject] = (ability + known.leaning[roll.section, position]) / SCALE
        pupils = pupils.merge(district.tables["pupils"].query("year == @NOW")[["pupil", "stage"]], on="pupil")
        papers = district.tables["papers"].query("year == @NOW and comparable")[["paper", "subject"]]
        scores = district.tables["scores"].query("year == @NOW and sat == 'present'")
        scores = scores.merge(papers, on="paper").merge(pupils, on="pupil")
        scores["expected"] = scores[list(SUBJECTS)].to_numpy()[
            np.arange(len(scores)), [SUBJECTS.index(one) for one in scores["subject"]]
        ]
        store = Store(tmp_path / "store")
        store.write(
            {
                (name, year): rows.drop(columns="year").reset_index(drop=True)
                for name in ("schools", "pupils", "papers", "scores")
                for year, rows in district.tables[name].groupby("year")
            }
        )
        found = review_year(store, params, NOW).measurements
        growth = district.truth.growth.query("year == @NOW")
        return Reviewed(add_standings({NOW: found}, NOW, params), scores, growth)

    return one


def printed(table: pd.DataFrame, indicator: str) -> pd.DataFrame:
    return table[
        table["indicator"].eq(indicator)
        & table["subject"].eq("")
        & table["reason"].eq("")
        & table["n"].ge(SMALLEST_N)
    ].set_index(["stage", "school_code"])


def true_scores(one: Reviewed) -> pd.Series:
    """Expected standard score of each section: over its pupils, of the mean over their papers."""
    papers = one.scores.groupby("paper")
    centred = one.scores["expected"] - papers["expected"].transform("mean")
    z = one.scores.assign(z=SPREAD * centred / papers["score"].transform("std"))
    pupils = z.groupby(["stage", "school_code", "pupil"])["z"].mean()
    return pupils.groupby(["stage", "school_code"]).mean()


def true_growth(one: Reviewed) -> pd.Series:
    """Each section's effect on the year's growth, in the unit of this year's scores."""
    spread = one.scores.groupby(["stage", "paper"])["score"].std().groupby("stage").mean()
    growth = one.growth.set_index(["stage", "school_code"])["growth"]
    return growth * SPREAD / SCALE / spread.reindex(growth.index, level="stage")


def centred(truth: pd.Series, found: pd.DataFrame, all_rows: pd.DataFrame) -> pd.Series:
    """Truth less its mean over all sections behind the reference, by pupils."""
    weight = all_rows.set_index(["stage", "school_code"])["weight"]
    weight = weight[weight > 0]
    weighted = (truth.reindex(weight.index) * weight).groupby("stage").sum()
    mean = weighted / weight.groupby("stage").sum()
    return truth.reindex(found.index) - mean.reindex(found.index, level="stage")


def coverage(found: pd.DataFrame, truth: pd.Series, low: str, high: str) -> pd.Series:
    return found[low].le(truth) & truth.le(found[high])


def said(name: str, hits: list[pd.Series], sections: int) -> float:
    every = pd.concat(hits)
    share = float(every.mean())
    by_stage = every.groupby("stage").mean().round(4).to_dict()
    print(f"\n{name}: {share:.4f} of {len(every)} intervals, districts of {sections}, {by_stage}")
    return share


@pytest.mark.parametrize(("sections", "districts"), [(50, 40), (40, 60)])
def test_printed_intervals_of_scores_and_value_added_cover_the_truth(
    reviewed, sections: int, districts: int
) -> None:
    params = settings()
    names = ("mean score", "difference of scores", "value added", "value added of low starters")
    hits: dict[str, list[pd.Series]] = {name: [] for name in names}
    found_and_true: list[pd.DataFrame] = []
    for seed in range(districts):
        one = reviewed(seed, params, sections)
        for indicator, truth in (
            ("standard_score", true_scores(one)),
            ("value_added", true_growth(one)),
            ("low_start_growth", true_growth(one)),
        ):
            found = printed(one.measurements, indicator)
            same = one.measurements["indicator"].eq(indicator) & one.measurements["subject"].eq("")
            aim = centred(truth, found, one.measurements[same])
            if indicator == "standard_score":
                hits["mean score"].append(coverage(found, truth.reindex(found.index), "low", "high"))
                hits["difference of scores"].append(coverage(found, aim, "difference_low", "difference_high"))
                continue
            name = "value added" if indicator == "value_added" else "value added of low starters"
            hits[name].append(coverage(found, aim, "low", "high"))
            if indicator == "value_added":
                found_and_true.append(pd.DataFrame({"found": found["value"], "true": aim}))
    shares = {name: said(name, of_district, sections) for name, of_district in hits.items()}
    pairs = pd.concat(found_and_true)
    slope = float(np.polyfit(pairs["true"], pairs["found"], 1)[0])
    print(f"value added on truth: slope {slope:.3f}, correlation {pairs.corr().iloc[0, 1]:.3f}")
    assert abs(slope - 1) < 0.05
    for name, share in shares.items():
        # Three Monte-Carlo errors of so many intervals.
        error = 3 * np.sqrt(0.05 * 0.95 / sum(map(len, hits[name])))
        assert 0.93 - error <= share <= 0.96 + error, name


def test_where_no_section_adds_more_than_another_none_is_told_apart(reviewed) -> None:
    """Judged with no regard to reliability, which would keep most of these from being judged at all."""
    params = settings(shrunken_reliability_minimum=0.0)
    seeds = range(100, 130)
    judged = []
    for seed in seeds:
        found = printed(reviewed(seed, params, growth_sd=0.0).measurements, "value_added")
        judged.append(found.loc[found["n"].ge(params.disclosure.minimum_n_standing), "standing"])
    every = pd.concat(judged)
    spoken = every[every.ne("none")]
    alike = spoken.eq("not_distinguishable")
    by_stage = alike.groupby("stage").mean().round(4).to_dict()
    print(
        f"\nno growth: {alike.mean():.4f} of {len(spoken)} judged are not distinguishable {by_stage}; "
        f"{len(every) - len(spoken)} more are not judged; {len(seeds)} districts"
    )
    assert len(spoken) > 300
    assert alike.mean() >= 0.95
    assert every.isin(["none", "not_distinguishable"]).mean() >= 0.97
