"""A stage's figures computed again from the definitions alone.

Slow and plain on purpose: loops over cells and matrices of all pupils, no code of the
library. It follows `params/measures.yaml` and the docstrings.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from irregular_stage import LAST, NOW, Tables

Z95 = NormalDist().inv_cdf(0.975)
CUTS = {"excellent": 0.85, "pass": 0.60, "low": 0.40}


def records(found: Tables, year: str, *, on_roll: bool) -> pd.DataFrame:
    """The score records that count, with their pupil's place and their paper; marks only of who sat."""
    roll = found["pupils", year]
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
    between = max(between, 0.0)
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
