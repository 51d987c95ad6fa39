"""Everything `review_year` prints of one stage, computed again from the definitions alone.

The recomputation is slow and plain on purpose: loops over pupils' rows and matrices of all
pupils, no code of the library. It follows `params/measures.yaml` and the docstrings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from evalib.review import review_year
from evalib.scoring import add_standings
from evalib.settings import Settings, load_settings
from evalib.store import Store

Tables = dict[tuple[str, str], pd.DataFrame]

LAST, NOW = "2023-2024", "2024-2025"
Z95 = NormalDist().inv_cdf(0.975)
SILENT, SMALL, NEWLY_BUILT = "s10", "s11", "s12"
SUBJECTS = ("chinese", "mathematics")
# Reached by both years' grades: 4 and 5 sit this year, 3 and 4 sat last year.
CUTS = {"excellent": 0.85, "pass": 0.60, "low": 0.40}
OWN_PASS_CUT = 0.7


def with_params(settings: Settings, *, denominator: str = "entered", **growth: float) -> Settings:
    measures = settings.measures
    changed = measures.model_copy(
        update={"growth": measures.growth.model_copy(update=growth), "denominator": denominator}
    )
    return replace(settings, measures=changed)


SETTINGS = with_params(
    load_settings(Path(__file__).parents[1] / "params" / "sample.yaml"), bootstrap_draws=60
)


def _people(rng: np.random.Generator) -> pd.DataFrame:
    """On the roll this year: 13 primary schools, grades 2, 4 and 5, two or three classes of unequal size."""
    rows = []
    for position in range(13):
        code = f"s{position:02d}"
        of_section = 0.45 * rng.normal()
        for grade in (2, 4, 5):
            for name in "abc"[: 2 + (position + grade) % 2]:
                of_class = 0.25 * rng.normal()
                size = 5 if code == SMALL else int(rng.integers(8, 19))
                rows += [(code, grade, name, of_section + of_class) for _ in range(size)]
    people = pd.DataFrame(rows, columns=["school_code", "grade", "class", "push"])
    people.insert(0, "pupil", [f"p{number:04d}" for number in range(len(people))])
    people["stage"] = "primary"
    people["status"] = "enrolled"
    people["before"] = rng.normal(size=len(people))
    curve = 0.6 * people["before"] + 0.25 * people["before"] ** 2
    people["after"] = curve + people["push"] + 0.5 * rng.normal(size=len(people))
    return people


def _papers(grades: tuple[int, ...], *, english: bool) -> pd.DataFrame:
    rows = [
        {
            "paper": f"{grade}-{subject}",
            "term": "second",
            "grade": grade,
            "subject": subject,
            "full_mark": 120.0,
            "comparable": True,
            "pass_cut": OWN_PASS_CUT if (grade, subject) == (5, "mathematics") else None,
        }
        for grade in grades
        for subject in SUBJECTS
    ]
    if english:
        # One says it is not common to the district, one does not say.
        for grade, comparable in zip(grades, (False, None), strict=True):
            rows.append({**rows[0], "paper": f"{grade}-english", "subject": "english", "grade": grade})
            rows[-1]["comparable"] = comparable
    table = pd.DataFrame(rows).astype({"pass_cut": float, "comparable": "boolean"})
    return table.assign(excellent_cut=np.nan, low_cut=np.nan)


def _marks(rng: np.random.Generator, people: pd.DataFrame, level: str, papers: pd.DataFrame) -> pd.DataFrame:
    joined = people.merge(papers[["paper", "grade"]], on="grade")
    mark = 66 + 20 * joined[level] + 9 * rng.normal(size=len(joined))
    joined["score"] = np.clip(np.round(mark * 2) / 2, 0, 120)
    return joined[["pupil", "school_code", "paper", "score"]].assign(sat="present")


def _set(scores: pd.DataFrame, rows: pd.Series, sat: str, score: float = math.nan) -> None:
    scores.loc[rows, "sat"] = sat
    scores.loc[rows, "score"] = score


def invented() -> Tables:
    """Two years with every irregularity that a rule speaks of."""
    rng = np.random.default_rng(20260901)
    people = _people(rng)
    before = people.assign(grade=people["grade"] - 1)
    papers = {LAST: _papers((3, 4), english=False), NOW: _papers((4, 5), english=True)}

    def some(code: str, grade: int, count: int, start: int = 0) -> pd.Index:
        here = people[people["school_code"].eq(code) & people["grade"].eq(grade)]
        return here.index[start : start + count]

    repeating, skipping = some("s01", 4, 3), some("s02", 5, 2)
    before.loc[repeating, "grade"] = 4
    before.loc[skipping, "grade"] = 3
    # In another school last year, which they left; they are on the roll here now.
    moved = some("s03", 5, 3)
    before.loc[moved, ["school_code", "status"]] = ["s04", "transferred_out"]
    people.loc[some("s05", 5, 4), "status"] = "left"
    people.loc[some("s06", 4, 2), "status"] = "transferred_out"
    people.loc[some("s07", 4, 2), "status"] = "transferred_in"
    people.loc[some("s08", 5, 3), "class"] = None
    last = _marks(rng, before, "before", papers[LAST])
    now = _marks(rng, people, "after", papers[NOW])
    for position in range(10):
        of_school = people.index[people["school_code"].eq(f"s{position:02d}")]
        ids = people.loc[rng.choice(of_school, 8, replace=False), "pupil"].to_numpy()
        _set(now, now["pupil"].isin(ids[:2]), "absent")
        _set(now, now["pupil"].isin(ids[2:4]) & now["paper"].str.endswith("chinese"), "absent")
        _set(now, now["pupil"].isin(ids[4:6]) & now["paper"].str.endswith("mathematics"), "exempt")
        _set(now, now["pupil"].isin(ids[6:7]), "exempt")
        # Whatever stands beside a voided paper is no mark.
        _set(now, now["pupil"].isin(ids[7:]) & now["paper"].str.endswith("chinese"), "voided", 120.0)
        _set(last, last["pupil"].isin(ids[3:4]) & last["paper"].str.endswith("chinese"), "voided", 120.0)
    now = now[~now["school_code"].eq(SILENT)]
    gone = people.loc[some("s07", 4, 2), "pupil"]
    newly = people.loc[people["school_code"].eq(NEWLY_BUILT), "pupil"].iloc[::2]
    before = before[~before["pupil"].isin([*gone, *newly])]
    last = last[last["pupil"].isin(before["pupil"])]
    found: Tables = {}
    columns = ["pupil", "school_code", "stage", "grade", "class", "status"]
    for year, roll, scores in ((LAST, before, last), (NOW, people, now)):
        found["pupils", year] = roll[columns].reset_index(drop=True)
        found["papers", year] = papers[year]
        found["scores", year] = scores.reset_index(drop=True)
        found["schools", year] = people[["school_code", "stage"]].drop_duplicates(ignore_index=True)
    return found


def measurements(root: Path, found: Tables, settings: Settings = SETTINGS) -> pd.DataFrame:
    store = Store(root / "store")
    store.write(found)
    return review_year(store, settings, NOW).measurements


@pytest.fixture(scope="module")
def tables() -> Tables:
    return invented()


@pytest.fixture(scope="module")
def measured(tmp_path_factory, tables: Tables) -> pd.DataFrame:
    return measurements(tmp_path_factory.mktemp("recomputed"), tables)


def printed(table: pd.DataFrame, indicator: str, subject: str = "") -> pd.DataFrame:
    found = table[table["indicator"].eq(indicator) & table["subject"].eq(subject)]
    return found.set_index("school_code").sort_index()


# --- the same again, from the definitions ---


def records(found: Tables, year: str, *, on_roll: bool) -> pd.DataFrame:
    """The score records that count, with their pupil's place and their paper; marks only of who sat."""
    roll = found["pupils", year].drop(columns="school_code")
    roll["school_code"] = found["pupils", year]["school_code"]
    if on_roll:
        roll = roll[~roll["status"].isin(["left", "transferred_out", "died"])]
    papers = found["papers", year]
    common = papers[[value is True or value is np.True_ for value in papers["comparable"]]]
    joined = found["scores", year][["pupil", "paper", "score", "sat"]].merge(roll, on="pupil")
    joined = joined.merge(common.drop(columns="grade"), on="paper")
    joined.loc[joined["sat"] != "present", "score"] = np.nan
    return joined


def of_pupils(table: pd.DataFrame, figure: pd.Series) -> pd.DataFrame:
    """Each pupil's mean over the records that count, with the pupil's section, grade and class."""
    counted = table.assign(x=figure)[figure.notna()]
    keys = ["pupil", "school_code", "grade", "class"]
    return counted.groupby(keys, dropna=False)["x"].mean().reset_index()


def figure_of(table: pd.DataFrame, indicator: str, denominator: str) -> pd.Series:
    score = table["score"]
    if indicator == "standard_score":
        groups = score.groupby(table["paper"])
        return (score - groups.transform("mean")) / groups.transform("std")
    if indicator == "participation":
        return score.notna().astype(float).where(table["sat"] != "exempt")
    name = {"excellent_rate": "excellent", "pass_rate": "pass", "low_score_rate": "low"}[indicator]
    limit = table["full_mark"] * table[f"{name}_cut"].fillna(CUTS[name])
    reached = score < limit - 1e-9 if name == "low" else score >= limit - 1e-9
    figure = reached.astype(float).where(score.notna())
    if denominator == "entered":
        figure[table["sat"].isin(["absent", "voided"])] = 1.0 if name == "low" else 0.0
    return figure


def clustered(pupils: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Per section mean, n, V⁰, D, V; and ρ: the two moment equations solved, one cell at a time."""
    a11 = a12 = a22 = b1 = b2 = 0.0
    cells = {}
    for (section, grade), cell in pupils.groupby(["school_code", "grade"]):
        names = cell["class"].fillna("none recorded")
        deviation = cell["x"] - cell["x"].mean()
        m = names.value_counts().to_numpy(float)
        total = m.sum()
        s = deviation.groupby(names).sum()
        free = total - (m**2).sum() / total
        cells[section, grade] = (total, free, (m**2).sum(), (deviation**2).sum())
        if len(m) >= 2:
            a11 += total - 1
            a12 += free
            a22 += (m**2).sum() - 2 * (m**3).sum() / total + (m**2).sum() ** 2 / total**2
            b1 += (deviation**2).sum()
            b2 += (s**2).sum()
    within, between = np.linalg.solve([[a11, a12], [a12, a22]], [b1, b2])
    if between < 0:
        within, between = within, 0.0
    rho = between / (within + between)
    rows = {}
    for section, mine in pupils.groupby("school_code"):
        of = np.array([value for (name, _), value in cells.items() if name == section])
        n, grades = len(mine), len(of)
        h = of[:, 1].sum() / (n - grades)
        simple = of[:, 3].sum() / n**2 * n / (n - grades) / (1 - rho * (1 - h))
        effect = 1 + (of[:, 2].sum() / n - 1) * rho
        rows[section] = (mine["x"].mean(), n, simple, effect, simple * effect)
    return pd.DataFrame(rows, index=["mean", "n", "v0", "effect", "v"]).T.sort_index(), rho


def differences(value: pd.Series, n: pd.Series, variance: pd.Series) -> pd.DataFrame:
    """Reference and the difference's interval, from the covariance matrix of all sections."""
    w = n / n.sum()
    contrast = np.eye(len(w)) - np.outer(np.ones(len(w)), w)
    covariance = contrast @ np.diag(variance) @ contrast.T
    reach = Z95 * np.sqrt(np.diag(covariance))
    difference = contrast @ value.to_numpy()
    return pd.DataFrame(
        {
            "reference": float(w @ value),
            "difference": difference,
            "difference_low": difference - reach,
            "difference_high": difference + reach,
        },
        index=value.index,
    )


def wilson(p: float, n: float) -> tuple[float, float]:
    """The p₀ with (p − p₀)² = z² p₀(1 − p₀)/n, as roots of a quadratic."""
    low, high = np.sort(np.roots([1 + Z95**2 / n, -(2 * p + Z95**2 / n), p**2]).real)
    return max(float(low), 0.0), min(float(high), 1.0)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame, tolerance: float = 1e-9) -> None:
    for name in expected.columns:
        assert_allclose(
            found.loc[expected.index, name], expected[name], rtol=tolerance, atol=tolerance, err_msg=name
        )


def recomputed_mean(pupils: pd.DataFrame) -> pd.DataFrame:
    section, rho = clustered(pupils)
    se = np.sqrt(section["v"])
    own = pd.DataFrame(
        {
            "value": section["mean"],
            "n": section["n"],
            "se": se,
            "low": section["mean"] - Z95 * se,
            "high": section["mean"] + Z95 * se,
            "variance": section["v"],
            "weight": section["n"],
            "design_effect": section["effect"],
            "class_correlation": rho,
        }
    )
    return own.join(differences(section["mean"], section["n"], section["v"]))


def recomputed_share(pupils: pd.DataFrame) -> pd.DataFrame:
    section, rho = clustered(pupils)
    p, n = section["mean"], section["n"]
    effect = section["effect"] * section["v0"].sum() / (p * (1 - p) / n).sum()
    steady = (p * n + 2) / (n + 4)
    own = steady * (1 - steady) * effect / n
    reference = (p * n).sum() / n.sum()
    ends = [wilson(*pair) for pair in zip(p, n / effect, strict=True)]
    table = pd.DataFrame(
        {
            "value": p,
            "n": n,
            "se": np.sqrt(own),
            "low": [low for low, _ in ends],
            "high": [high for _, high in ends],
            "variance": np.maximum(steady * (1 - steady), reference * (1 - reference)) * effect / n,
            "weight": n,
            "design_effect": effect,
            "class_correlation": rho,
        }
    )
    return table.join(differences(p, n, own))


@pytest.mark.parametrize("subject", ["", *SUBJECTS])
def test_standard_scores_are_those_of_the_definition(
    tables: Tables, measured: pd.DataFrame, subject: str
) -> None:
    table = records(tables, NOW, on_roll=True)
    table = table[table["subject"].eq(subject)] if subject else table
    expected = recomputed_mean(of_pupils(table, figure_of(table, "standard_score", "entered")))
    assert SILENT not in expected.index
    found = printed(measured, "standard_score", subject)
    assert set(found.index[found["reason"].eq("")]) == set(expected.index)
    assert 0.02 < expected["class_correlation"].iloc[0] < 0.5  # classes are felt
    assert_same(found, expected)


@pytest.mark.parametrize("denominator", ["entered", "sat"])
@pytest.mark.parametrize("indicator", ["excellent_rate", "pass_rate", "low_score_rate"])
def test_rates_are_those_of_the_definition(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame, indicator: str, denominator: str, by_sat
) -> None:
    table = records(tables, NOW, on_roll=True)
    judged = measured if denominator == "entered" else by_sat
    for subject in ("", *SUBJECTS):
        some = table[table["subject"].eq(subject)] if subject else table
        expected = recomputed_share(of_pupils(some, figure_of(some, indicator, denominator)))
        assert_same(printed(judged, indicator, subject), expected)


@pytest.fixture(scope="module")
def by_sat(tmp_path_factory, tables: Tables) -> pd.DataFrame:
    """The same under the denominator of those who sat."""
    settings = with_params(SETTINGS, denominator="sat", minimum_sections=99)
    return measurements(tmp_path_factory.mktemp("sat"), tables, settings)


def test_participation_is_that_of_the_definition_and_has_no_interval(
    tables: Tables, measured: pd.DataFrame
) -> None:
    table = records(tables, NOW, on_roll=True)
    expected = recomputed_share(of_pupils(table, figure_of(table, "participation", "entered")))
    found = printed(measured, "participation")
    assert_same(found, expected[["value", "n", "reference", "difference"]])
    assert found.loc[expected.index, ["se", "low", "high"]].isna().all(axis=None)


def test_expected_pupils_are_those_on_roll_in_the_grades_that_sat(
    tables: Tables, measured: pd.DataFrame
) -> None:
    roll = tables["pupils", NOW]
    roll = roll[~roll["status"].isin(["left", "transferred_out"]) & roll["grade"].isin([4, 5])]
    expected = roll.groupby("school_code").size()
    found = printed(measured, "standard_score")
    assert_allclose(found["expected"], expected.reindex(found.index))
    shown = found[found["reason"].eq("")]
    assert_allclose(shown["coverage"], shown["n"] / shown["expected"])
    assert found.loc[SILENT, "reason"] == "no_data"


# --- value added, with matrices of all pupils ---


def normal_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Φ⁻¹(rank / (n + 1)) within the paper, averaged over the pupil's papers."""
    groups = table["score"].groupby(table["paper"])
    share = groups.rank(method="average") / (groups.transform("count") + 1)
    inverse = NormalDist().inv_cdf
    return of_pupils(table, share.map(inverse, na_action="ignore"))


def starts(found: Tables) -> pd.DataFrame:
    """Pupils with a figure this year, and last year's where it was one grade below."""
    now = normal_scores(records(found, NOW, on_roll=True)).rename(columns={"x": "outcome"})
    last = normal_scores(records(found, LAST, on_roll=False)).rename(columns={"x": "prior"})
    last["grade"] = last["grade"] + 1
    return now.merge(last[["pupil", "grade", "prior"]], on=["pupil", "grade"], how="left")


def design(pupils: pd.DataFrame) -> np.ndarray:
    """A cubic spline for each grade in its truncated powers, knots at the grade's quartiles."""
    columns = []
    for grade in sorted(pupils["grade"].unique()):
        inside = pupils["grade"].eq(grade).to_numpy()
        x = pupils["prior"].to_numpy()
        knots = np.quantile(x[inside], [0.25, 0.5, 0.75])
        powers = [np.ones_like(x), x, x**2, x**3, *(np.maximum(x - knot, 0) ** 3 for knot in knots)]
        columns += [np.where(inside, one, 0.0) for one in powers]
    # Another basis of the same curves, so that the matrices are well-conditioned.
    return np.linalg.qr(np.column_stack(columns))[0]


class Growth:
    """The nested model with its variance matrix written out, at the variances of lowest deviance."""

    def __init__(self, matched: pd.DataFrame, *, with_classes: bool = True) -> None:
        self.y, self.x = matched["outcome"].to_numpy(), design(matched)
        section, self.sections = pd.factorize(matched["school_code"], sort=True)
        keys = matched["school_code"] + matched["grade"].astype(str) + matched["class"].fillna("-")
        of_class, names = pd.factorize(keys)
        in_class = (of_class[:, None] == np.arange(len(names))).astype(float)
        self.in_section = (section[:, None] == np.arange(len(self.sections))).astype(float)
        self.rows = [np.flatnonzero(one) for one in self.in_section.T]
        self.alike = in_class @ in_class.T
        found = minimize(
            lambda logs: self.deviance(*np.exp(logs))[0],
            np.log([0.1, 0.05, 0.3]),
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 1000},
        )
        self.variances = np.exp(found.x)
        _, beta, covariance = self.deviance(*self.variances)
        self.residual = self.y - self.x @ beta
        s2 = self.variances[0]
        inverse = np.zeros((len(self.y), len(self.y)))
        for rows in self.rows:
            inverse[np.ix_(rows, rows)] = np.linalg.inv(self._block(rows, *self.variances))
        own = s2 * self.in_section.T
        self.shrunken = own @ inverse @ self.residual
        known = np.diag(own @ inverse @ own.T)
        self.reliability = known / s2
        without = inverse @ self.x @ covariance @ self.x.T @ inverse
        self.comparative_se = np.sqrt(s2 - known + np.diag(own @ without @ own.T))

    def _block(self, rows: np.ndarray, s2: float, c2: float, e2: float) -> np.ndarray:
        return s2 + c2 * self.alike[np.ix_(rows, rows)] + e2 * np.eye(len(rows))

    def deviance(self, s2: float, c2: float, e2: float) -> tuple[float, np.ndarray, np.ndarray]:
        """The REML criterion, β̂ and its covariance; sections are independent blocks."""
        p = self.x.shape[1]
        information, right, value = np.zeros((p, p)), np.zeros(p), 0.0
        for rows in self.rows:
            block = self._block(rows, s2, c2, e2)
            solved = np.linalg.solve(block, np.column_stack([self.x[rows], self.y[rows]]))
            information += self.x[rows].T @ solved[:, :-1]
            right += self.x[rows].T @ solved[:, -1]
            value += np.linalg.slogdet(block)[1] + self.y[rows] @ solved[:, -1]
        beta = np.linalg.solve(information, right)
        value += np.linalg.slogdet(information)[1] - right @ beta
        return value, beta, np.linalg.inv(information)


@pytest.fixture(scope="module")
def grown(tables: Tables) -> tuple[pd.DataFrame, Growth]:
    pupils = starts(tables)
    matched = pupils[pupils["prior"].notna()].reset_index(drop=True)
    model = Growth(matched)
    return matched.assign(x=model.residual), model


def shown_growth(grown: tuple[pd.DataFrame, Growth]) -> pd.DataFrame:
    """The section figures of value added: the model knows the newly built school, the page does not."""
    section, rho = clustered(grown[0])
    section["rho"] = rho
    return section.drop(index=NEWLY_BUILT)


def test_value_added_is_that_of_the_definition(measured: pd.DataFrame, grown) -> None:
    section = shown_growth(grown)
    table = differences(section["mean"], section["n"], section["v"])
    expected = pd.DataFrame(
        {
            "value": table["difference"],
            "n": section["n"],
            "se": (table["difference_high"] - table["difference"]) / Z95,
            "low": table["difference_low"],
            "high": table["difference_high"],
            "difference": table["difference"],
            "difference_low": table["difference_low"],
            "difference_high": table["difference_high"],
            "variance": section["v"],
            "design_effect": section["effect"],
            "class_correlation": section["rho"],
        }
    )
    found = printed(measured, "value_added")
    assert set(found.index[found["reason"].eq("")]) == set(expected.index)
    assert section["rho"].iloc[0] > 0.02
    # The variances of two optimisers agree to about a millionth.
    assert_same(found, expected, tolerance=2e-6)
    assert (found.loc[expected.index, "reference"] == 0).all()


def test_reliability_and_shrunken_effect_belong_to_their_section(measured: pd.DataFrame, grown) -> None:
    _, model = grown
    expected = pd.DataFrame(
        {"reliability": model.reliability, "shrunken": model.shrunken}, index=model.sections
    )
    assert expected["reliability"].nunique() == len(expected)
    assert_same(printed(measured, "value_added"), expected, tolerance=2e-5)


def test_shrunken_errors_come_from_simulated_refits_where_sections_are_few(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame, grown
) -> None:
    _, model = grown

    def errors(name: str, **params: float) -> np.ndarray:
        table = measurements(tmp_path / name, tables, with_params(SETTINGS, **params))
        return printed(table, "value_added").loc[model.sections, "shrunken_se"].to_numpy()

    known = errors("many", bootstrap_below_sections=12)
    assert_allclose(known, model.comparative_se, rtol=1e-4)
    first, other = (errors(f"few{seed}", bootstrap_draws=300, seed=seed) for seed in (1, 2))
    for refits in (first, other):
        assert not np.isclose(refits, known, rtol=1e-4).any()
        # 300 draws: a section's error is known to 4 %, their common part no better.
        assert_allclose(refits.mean(), known.mean(), rtol=0.1)
        assert_allclose(refits, known, rtol=0.25)
    assert not np.isclose(first, other, rtol=1e-6).any()


def test_shrunken_intervals_are_made_of_the_errors(measured: pd.DataFrame) -> None:
    found = printed(measured, "value_added").dropna(subset=["shrunken"])
    assert len(found) == 12
    reach = Z95 * found["shrunken_se"]
    assert_allclose(found["shrunken_low"], found["shrunken"] - reach)
    assert_allclose(found["shrunken_high"], found["shrunken"] + reach)


def test_unreliable_value_added_has_no_standing_and_no_shrunken_effect(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame, grown
) -> None:
    median = float(np.median(grown[1].reliability))
    found = {}
    for shift in (-0.001, 0.001):
        limit = with_params(SETTINGS, shrunken_reliability_minimum=median + shift, bootstrap_below_sections=5)
        table = measurements(tmp_path / str(shift), tables, limit)
        found[shift] = printed(add_standings({NOW: table}, NOW, limit), "value_added")
    shown = found[0.001]["reason"].eq("")
    assert set(found[0.001].loc[shown, "standing"]) == {"none"}
    assert set(found[0.001].loc[shown, "standing_reason"]) == {"low_reliability"}
    assert found[0.001][["shrunken", "shrunken_se", "shrunken_low", "shrunken_high"]].isna().all(axis=None)
    assert (found[0.001].loc[shown, "reliability"] > 0).all()
    assert "none" not in set(found[-0.001].loc[found[-0.001]["n"].ge(30) & shown, "standing"])
    assert found[-0.001].loc[shown, "shrunken"].notna().all()


def test_match_rate_counts_who_was_one_grade_below_with_marks(tables: Tables, measured: pd.DataFrame) -> None:
    groups = starts(tables).groupby("school_code")
    expected = pd.DataFrame(
        {"value": groups["prior"].agg(lambda one: one.notna().mean()), "n": groups.size()}
    )
    found = printed(measured, "match_rate")
    assert_same(found, expected)
    assert found.loc[NEWLY_BUILT, "value"] < 0.7
    assert printed(measured, "value_added").loc[NEWLY_BUILT, "reason"] == "low_coverage"


def test_standings_are_those_of_the_joint_posterior(measured: pd.DataFrame) -> None:
    judged = add_standings({NOW: measured}, NOW, SETTINGS)
    smallest = {"standard_score": 0.1, "low_score_rate": 0.03, "value_added": 0.1}
    for indicator, delta in smallest.items():
        found = printed(judged, indicator)
        of_use = found[found["reason"].eq("") & found["n"].ge(30)]
        assert SMALL not in of_use.index
        y, v, n = (of_use[name].to_numpy() for name in ("value", "variance", "n"))
        assert len(y) >= 10

        def criterion(log: float, y: np.ndarray = y, v: np.ndarray = v) -> float:
            total = np.diag(v + np.exp(log))
            inverse, ones = np.linalg.inv(total), np.ones(len(y))
            information = ones @ inverse @ ones
            left = y - ones @ inverse @ y / information
            return float(np.linalg.slogdet(total)[1] + np.log(information) + left @ inverse @ left)

        grid = np.linspace(-12, 2, 57)
        start = min(grid, key=criterion)
        tau2 = np.exp(
            minimize(
                lambda x, c=criterion: c(x[0]), [start], method="Nelder-Mead", options={"xatol": 1e-9}
            ).x[0]
        )
        assert_allclose(of_use["between_variance"], tau2, rtol=1e-4)
        precision = np.diag(1 / v) + (np.eye(len(y)) - 1 / len(y)) / tau2
        covariance = np.linalg.inv(precision)
        contrast = np.eye(len(y)) - np.outer(np.ones(len(y)), n / n.sum())
        mean = contrast @ covariance @ (y / v)
        sd = np.sqrt(np.diag(contrast @ covariance @ contrast.T))
        assert_allclose(of_use["d_mean"], mean, rtol=1e-3, atol=1e-5)
        assert_allclose(of_use["d_sd"], sd, rtol=1e-3)
        sign = -1 if indicator == "low_score_rate" else 1
        for one, column in ((1, "probability_above"), (-1, "probability_below")):
            chance = [1 - NormalDist(one * sign * m, s).cdf(delta) for m, s in zip(mean, sd, strict=True)]
            assert_allclose(of_use[column], chance, atol=1e-3)
        above, below = of_use["probability_above"], of_use["probability_below"]
        words = np.where(above >= 0.95, "clearly_above", np.where(above >= 0.8, "probably_above", ""))
        words = np.where(below >= 0.95, "clearly_below", np.where(below >= 0.8, "probably_below", words))
        assert (of_use["standing"].to_numpy() == np.where(words == "", "not_distinguishable", words)).all()
        assert len(set(of_use["standing"])) >= 2


# --- one rule at a time ---


def changed(tables: Tables, name: str, year: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Tables:
    return {**tables, (name, year): change(tables[name, year].copy()).reset_index(drop=True)}


@pytest.mark.parametrize("status", ["left", "transferred_out", "died"])
def test_who_left_the_roll_during_the_year_counts_nowhere(
    tmp_path: Path, tables: Tables, status: str
) -> None:
    """The figures are those of a district that never had the pupil in this year's files."""
    few = with_params(SETTINGS, bootstrap_below_sections=5)
    first = tables["pupils", NOW].query("school_code == 's00' and grade == 5")["pupil"].iloc[0]

    def leaves(roll: pd.DataFrame) -> pd.DataFrame:
        roll.loc[roll["pupil"].eq(first), "status"] = status
        return roll

    gone = changed(tables, "scores", NOW, lambda scores: scores[scores["pupil"].ne(first)])
    gone = changed(gone, "pupils", NOW, lambda roll: roll[roll["pupil"].ne(first)])
    one = measurements(tmp_path / "a", changed(tables, "pupils", NOW, leaves), few)
    two = measurements(tmp_path / "b", gone, few)
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("status", ["enrolled", "transferred_in", "graduated", "suspended"])
def test_who_is_on_the_roll_counts_whatever_the_status(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame, status: str
) -> None:
    no_fit = with_params(SETTINGS, minimum_sections=99)

    def all_so(roll: pd.DataFrame) -> pd.DataFrame:
        on_roll = ~roll["status"].isin(["left", "transferred_out"])
        return roll.assign(status=roll["status"].mask(on_roll, status))

    found = measurements(tmp_path, changed(tables, "pupils", NOW, all_so), no_fit)
    academic = measured["dimension"].eq("academic")
    pd.testing.assert_frame_equal(found[academic], measured[academic])


@pytest.mark.parametrize(
    ("sat", "entered", "passes"), [("absent", 1, 0), ("voided", 1, 0), ("exempt", 0, 0), ("present", 1, 1)]
)
@pytest.mark.parametrize("denominator", ["entered", "sat"])
def test_each_way_of_having_no_mark_counts_by_its_own_rule(
    tmp_path: Path, tables: Tables, sat: str, entered: int, passes: int, denominator: str
) -> None:
    """Of 11 pupils of one class, ten with full marks; full marks stand beside whatever the last one did."""
    no_fit = with_params(SETTINGS, denominator=denominator, minimum_sections=99)
    roll = tables["pupils", NOW]
    ids = roll[roll["school_code"].eq("s09") & roll["grade"].eq(4)]["pupil"].to_numpy()[:11]
    others = set(roll[roll["school_code"].eq("s09")]["pupil"]) - set(ids)

    def told(scores: pd.DataFrame) -> pd.DataFrame:
        scores = scores[~scores["pupil"].isin(others)].copy()
        mine = scores["pupil"].isin(ids)
        scores.loc[mine, ["score", "sat"]] = [120.0, "present"]
        scores.loc[scores["pupil"].eq(ids[-1]), "sat"] = sat
        return scores

    found = measurements(tmp_path, changed(tables, "scores", NOW, told), no_fit)
    counted = 10 + (entered if denominator == "entered" or sat == "present" else 0)
    assert printed(found, "pass_rate").loc["s09", "n"] == counted
    assert printed(found, "pass_rate").loc["s09", "value"] == pytest.approx((10 + passes) / counted)
    assert printed(found, "low_score_rate").loc["s09", "value"] == pytest.approx(
        (counted - 10 - passes) / counted
    )
    assert printed(found, "standard_score").loc["s09", "n"] == 10 + passes
    assert printed(found, "participation").loc["s09", "value"] == pytest.approx(
        (10 + passes) / (10 + entered)
    )


@pytest.mark.parametrize(
    ("grade", "matches"), [(4, True), (5, False), (3, False)], ids=["promoted", "repeats", "skips"]
)
def test_only_a_pupil_who_moved_up_one_grade_has_a_start(
    tmp_path: Path, tables: Tables, grade: int, matches: bool
) -> None:
    roll = tables["pupils", LAST]
    mine = roll["school_code"].eq("s00") & roll["grade"].eq(4)

    def was_in(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[mine, "grade"] = grade
        return table

    no_fit = with_params(SETTINGS, minimum_sections=99)
    found = changed(tables, "pupils", LAST, was_in)
    rate = printed(measurements(tmp_path, found, no_fit), "match_rate").loc["s00"]
    now = starts(tables).query("school_code == 's00'")
    kept = now if matches else now[now["grade"].eq(4)]
    assert rate["n"] == len(now)
    assert rate["value"] == pytest.approx(kept["prior"].notna().sum() / len(now))


@pytest.mark.parametrize("said", [False, None])
def test_a_paper_that_does_not_say_it_is_common_counts_in_nothing(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame, said: bool | None
) -> None:
    def english(papers: pd.DataFrame) -> pd.DataFrame:
        papers.loc[papers["subject"].eq("english"), "comparable"] = said
        return papers

    few = with_params(SETTINGS, minimum_sections=99)
    found = measurements(tmp_path, changed(tables, "papers", NOW, english), few)
    assert "english" not in set(found["subject"])
    academic = measured["dimension"].eq("academic")
    pd.testing.assert_frame_equal(found[academic], measured[academic])


def test_a_paper_of_an_earlier_term_counts_in_nothing(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame
) -> None:
    papers, scores = tables["papers", NOW], tables["scores", NOW]
    first = papers[papers["paper"].eq("5-mathematics")].assign(paper="5-mathematics-1", term="first")
    earlier = scores[scores["paper"].eq("5-mathematics")].assign(paper="5-mathematics-1", score=1.0)
    found = {
        **tables,
        ("papers", NOW): pd.concat([papers, first], ignore_index=True),
        ("scores", NOW): pd.concat([scores, earlier], ignore_index=True),
    }
    again = measurements(tmp_path, found, with_params(SETTINGS, minimum_sections=99))
    academic = measured["dimension"].eq("academic")
    pd.testing.assert_frame_equal(again[academic], measured[academic])


def test_too_few_sections_with_a_start_have_no_value_added(tmp_path: Path, tables: Tables) -> None:
    reasons = printed(
        measurements(tmp_path, tables, with_params(SETTINGS, minimum_sections=13)), "value_added"
    )["reason"]
    assert set(reasons.drop([SILENT, NEWLY_BUILT])) == {"too_few_sections"}
