"""Somebody who holds every public page and wants the numbers that are not on them.

Knows nothing of how figures were withheld but the rule book: how a page rounds, that numbers of
pupils close together are told as the largest of them and those told apart differ by five, what
each rate counts, what two rates of the same pupils have to do with each other, how intervals are
computed. Whatever satisfies all of it is a possible truth; the attack succeeds where few are
left. Integer programmes, value by value; a linear programme first tells the ends.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

LEAST = 5  # the published limit: fewer make up a share, or fall short of it
FAR = 60  # no chain is longer
SLACK = 1e-6
Z2 = 1.959963984540054**2
# Rates of the pupils entered for papers, by subject and over a pupil's subjects.
PAPERS = ("excellent_rate", "pass_rate", "low_score_rate", "participation")
# Rates of other pupils, each counted once.
SINGLE = (
    "fitness_good_rate",
    "fitness_pass_rate",
    "fitness_coverage",
    "arts_good_rate",
    "labour_reached_rate",
    "moral_evidence_rate",
    "health_screening_coverage",
    "activity_share",
    "achiever_share",
    "foundation_rate",
    "match_rate",
    "retention_rate",
)
Cell = tuple[str, str]


@dataclass
class Possible:
    """Whole numbers (or shares of them) and what is known of them."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[dict[int, float]] = field(default_factory=list)
    at_least: list[float] = field(default_factory=list)
    at_most: list[float] = field(default_factory=list)

    def number(self, low: float, high: float, whole: bool = True) -> int:
        """An unknown within bounds; its place."""
        self.low.append(low)
        self.high.append(high)
        self.whole.append(whole)
        return len(self.low) - 1

    def know(self, terms: Mapping[int, float], at_least: float = -np.inf, at_most: float = np.inf) -> None:
        """A weighted sum of unknowns lies within bounds."""
        self.rows.append(dict(terms))
        self.at_least.append(at_least)
        self.at_most.append(at_most)

    def solution(
        self,
        fixed: Mapping[int, tuple[float, float]] | None = None,
        aim: Mapping[int, float] | None = None,
        whole: bool = True,
    ) -> np.ndarray | None:
        """Numbers that satisfy everything, with some of them within narrower bounds; None if none do."""
        low, high = np.array(self.low), np.array(self.high)
        for place, (least, most) in (fixed or {}).items():
            low[place], high[place] = max(low[place], least), min(high[place], most)
            if low[place] > high[place]:
                return None
        if not len(low):
            return low
        cost = np.zeros(len(low))
        for place, weight in (aim or {}).items():
            cost[place] = weight
        found = milp(
            cost,
            integrality=np.array(self.whole, int) * int(whole),
            bounds=(low, high),
            constraints=self._known if self.rows else None,
        )
        return found.x if found.status == 0 else None

    @cached_property
    def _known(self) -> LinearConstraint:
        """Everything known, once all of it is."""
        rows = [k for k, row in enumerate(self.rows) for _ in row]
        places = [place for row in self.rows for place in row]
        weights = [weight for row in self.rows for weight in row.values()]
        matrix = csr_array((weights, (rows, places)), shape=(len(self.rows), len(self.low)))
        return LinearConstraint(matrix, np.array(self.at_least) - SLACK, np.array(self.at_most) + SLACK)


@dataclass
class Section:
    """What the public pages say of one section in one year, and what must then be so.

    Attributes
    ----------
    possible
        All numbers.
    counts
        Where the number behind each rate stands, by indicator and subject.
    pupils
        Where its n stands.
    withheld
        The rates that are not told though there are at least ten pupils.
    chains
        Where the numbers of pupils stand that are told as one, by that number.
    secrets
        Where those who make a withheld rate up stand, and those who fall short of it.
    loose
        Of these, the numbers beside which there is another that is not modelled here.
    roll
        Where the pupils on roll stand, if they are told.
    """

    possible: Possible
    counts: dict[Cell, int]
    pupils: dict[Cell, int]
    withheld: list[Cell]
    chains: dict[tuple[str, float], list[int]]
    loose: set[tuple[str, float]]
    secrets: dict[Cell, tuple[int, int]]
    roll: int | None = None

    def tight(self) -> dict[int, tuple[float, float]]:
        """Bounds within which every chain is one."""
        return {
            place: (head - LEAST + 1, head) for (_, head), places in self.chains.items() for place in places
        }


def section(rows: pd.DataFrame, roll: float, few_alike: int | None = None, within: float = FAR) -> Section:
    """Everything known of one section.

    Parameters
    ----------
    rows
        Its rows of the public table in one year.
    roll
        Pupils on roll as printed, NaN where not.
    few_alike
        Pupils of the district left out of value added for a rare pattern of starts, as printed.
    within
        How far its true roll may lie below the printed one, see `rolls_within`.
    """
    possible = Possible()
    told = {(row["indicator"], row["subject"]): row for row in rows.to_dict("records")}
    levels: dict[tuple[str, float], list[int]] = {}
    known = Section(possible, {}, {}, [], {}, set(), {})

    def pupils(name: str, subject: str) -> int | None:
        """The n of a row, which is told as the largest of those close to it."""
        row = told.get((name, subject))
        if row is None or not np.isfinite(row["n"]):
            return None
        least, most = max(row["n"] - FAR, 0.0), float(row["n"])
        if name in (*PAPERS, *SINGLE) and row["reason"] == "":
            _, ends = told_share(row)
            least, most = max(least, ends[0]), min(most, ends[1])
        place = possible.number(np.ceil(least - SLACK), np.floor(most + SLACK))
        if family := family_of(row):
            levels.setdefault((family, row["n"]), []).append(place)
        else:
            possible.low[place] = possible.high[place]
        known.pupils[name, subject] = place
        return place

    subjects = sorted({subject for name, subject in told if name == "pass_rate" and subject})
    _papers(known, told, subjects, pupils)
    for name in SINGLE:
        n = pupils(name, "")
        if n is not None:
            count = possible.number(0, 2 * possible.high[n] if name == "retention_rate" else possible.high[n])
            if name != "retention_rate":
                possible.know({count: 1.0, n: -1.0}, at_most=0)
            _rate(known, (name, ""), told[name, ""], count, n)
    on_roll = None
    if np.isfinite(roll):
        on_roll = possible.number(max(roll - min(within, FAR), 0), roll)
        levels.setdefault(("roll", roll), []).append(on_roll)
        known.roll = on_roll
    for name in ("standard_score", "value_added", "field_breadth"):
        for subject in ("", *(subjects if name == "standard_score" else [])):
            pupils(name, subject)
    _related(known, told, subjects, on_roll, few_alike)
    printed = [(family_of(row), row["n"], cell) for cell, row in told.items() if np.isfinite(row["n"])]
    if on_roll is not None:
        printed.append(("roll", roll, None))
    for (family, head), places in levels.items():
        below = max((n + LEAST for one, n, _ in printed if one == family and n < head), default=0.0)
        far = min(FAR, head - below)
        elsewhere = {n for one, n, cell in printed if one == family and cell and cell not in known.pupils}
        known.chains[family, head] = places
        for place in places:
            possible.low[place] = max(possible.low[place], below)
        if head in elsewhere:
            known.loose.add((family, head))
        else:
            # One of them is the number printed.
            flags = [possible.number(0, 1) for _ in places]
            possible.know(dict.fromkeys(flags, 1.0), at_least=1)
            for place, flag in zip(places, flags, strict=True):
                possible.know({place: 1.0, flag: -far}, at_least=head - far)
    return known


def rolls_within(printed: pd.Series, parents: float, nearest: int = 10) -> tuple[float, float]:
    """By how much all printed rolls together exceed the true ones, at least and at most.

    The district's page tells how many parents could be asked, to the nearest ten, at the
    sections whose roll is printed. Where everybody is, they are as many as the pupils; a few of a
    section's may not be counted, so that the least is what it would be if all were.
    """
    below = float(printed.astype(float).sum()) - parents
    return max(below - nearest / 2, 0.0), below + nearest / 2


def family_of(row: Mapping) -> str:
    """Which numbers are told together: those of the papers, of the roll, of growth."""
    if row["dimension"] == "articulation":
        return "papers" if row["indicator"] in SINGLE else ""
    return {"academic": "papers", "growth": "growth"}.get(row["dimension"], "roll")


def _papers(known: Section, told: Mapping[Cell, dict], subjects: Sequence[str], pupils) -> None:
    """Rates by subject and over subjects: pupils by the set of subjects they are entered for."""
    possible = known.possible
    entered: dict[str, int] = {}
    for subject in ("", *subjects):
        places = [place for name in PAPERS if (place := pupils(name, subject)) is not None]
        for place in places[1:]:
            possible.know({place: 1.0, places[0]: -1.0}, 0, 0)
        if places:
            entered[subject] = places[0]
    if "" not in entered or any(one not in entered for one in subjects):
        return
    most = possible.high[entered[""]]
    sets = [one for size in range(1, len(subjects) + 1) for one in itertools.combinations(subjects, size)]
    group = {one: possible.number(0, most) for one in sets}
    possible.know({**dict.fromkeys(group.values(), 1.0), entered[""]: -1.0}, 0, 0)
    for subject in subjects:
        mine = {group[one]: 1.0 for one in sets if subject in one}
        possible.know({**mine, entered[subject]: -1.0}, 0, 0)
    reached: dict[tuple[str, str, tuple[str, ...]], int] = {}
    for name in PAPERS:
        if (name, "") not in told:
            continue
        over_all = possible.number(0, most, whole=False)
        mean: dict[int, float] = {over_all: -1.0}
        for subject in subjects:
            count = possible.number(0, most)
            total: dict[int, float] = {count: -1.0}
            for one in sets:
                if subject in one:
                    place = reached[name, subject, one] = possible.number(0, most)
                    possible.know({place: 1.0, group[one]: -1.0}, at_most=0)
                    total[place] = 1.0
                    mean[place] = 1.0 / len(one)
            possible.know(total, 0, 0)
            _rate(known, (name, subject), told[name, subject], count, entered[subject])
        possible.know(mean, 0, 0)
        _rate(known, (name, ""), told[name, ""], over_all, entered[""])
    for subject, one in itertools.product(subjects, sets):
        if subject not in one or ("pass_rate", subject, one) not in reached:
            continue
        excellent, passed, low = (reached[name, subject, one] for name in PAPERS[:3])
        possible.know({excellent: 1.0, passed: -1.0}, at_most=0)
        possible.know({passed: 1.0, low: 1.0, group[one]: -1.0}, at_most=0)
        if (sat := reached.get(("participation", subject, one))) is not None:
            # Who did not sit neither passed nor scored more than low.
            possible.know({passed: 1.0, sat: -1.0}, at_most=0)
            possible.know({low: 1.0, sat: 1.0, group[one]: -1.0}, at_least=0)


def _related(
    known: Section,
    told: Mapping[Cell, dict],
    subjects: Sequence[str],
    on_roll: int | None,
    few_alike: int | None,
) -> None:
    """What the numbers of one section have to do with each other."""
    possible, counts, n = known.possible, known.counts, known.pupils

    def ordered(smaller: int | None, larger: int | None, within: float = np.inf) -> None:
        if smaller is not None and larger is not None:
            possible.know({larger: 1.0, smaller: -1.0}, 0, within)

    for subject in subjects:
        # Who sat has a standard score.
        ordered(n.get(("standard_score", subject)), counts.get(("participation", subject)), 0)
        ordered(n.get(("standard_score", subject)), n.get(("standard_score", "")))
    ordered(n.get(("standard_score", "")), n.get(("pass_rate", "")))
    ordered(n.get(("foundation_rate", "")), n.get(("standard_score", "")))
    foundation, sat_all = counts.get(("foundation_rate", "")), n.get(("foundation_rate", ""))
    if foundation is not None and sat_all is not None:
        failing: dict[int, float] = {}
        for subject in subjects:
            passed, entered = counts.get(("pass_rate", subject)), n.get(("pass_rate", subject))
            if passed is None or entered is None:
                return
            # Who passed in all passed in each, or is not taught it.
            possible.know({foundation: 1.0, passed: -1.0, n["pass_rate", ""]: -1.0, entered: 1.0}, at_most=0)
            failing[passed], failing[entered] = -1.0, 1.0
        possible.know({foundation: 1.0, sat_all: -1.0, **failing}, at_least=0)
    ordered(counts.get(("fitness_good_rate", "")), counts.get(("fitness_pass_rate", "")))
    ordered(n.get(("fitness_good_rate", "")), n.get(("fitness_pass_rate", "")), 0)
    ordered(n.get(("fitness_good_rate", "")), counts.get(("fitness_coverage", "")), 0)
    ordered(n.get(("fitness_coverage", "")), on_roll)
    for name in ("health_screening_coverage", "activity_share", "achiever_share"):
        ordered(n.get((name, "")), on_roll, 0)
    ordered(counts.get(("activity_share", "")), n.get(("field_breadth", "")))
    ordered(n.get(("field_breadth", "")), on_roll)
    left_out = np.inf if few_alike is None else few_alike
    ordered(n.get(("value_added", "")), counts.get(("match_rate", "")), left_out)
    for name in ("arts_good_rate", "labour_reached_rate", "moral_evidence_rate"):
        place, row = n.get((name, "")), told.get((name, ""))
        ordered(place, on_roll)
        if place is None or on_roll is None or row is None:
            continue
        if row["coverage_band"] == "high":
            possible.know({on_roll: 1.0, place: -1.0}, at_most=LEAST - 1)
        elif np.isfinite(row["coverage"]):
            possible.know({place: 1.0, on_roll: -row["coverage"] + 0.005}, at_least=0)
            possible.know({place: 1.0, on_roll: -row["coverage"] - 0.005}, at_most=0)
    points, achievers = told.get(("achievement_points_per_100", "")), counts.get(("achiever_share", ""))
    if points is not None and achievers is not None and np.isfinite(points["value"]):
        # The least award gives a quarter of a point.
        some = n["achiever_share", ""]
        possible.know({achievers: 0.25, some: -(points["value"] + 0.5) / 100}, at_most=0)


def _rate(known: Section, cell: Cell, row: Mapping, count: int, n: int) -> None:
    """What a page tells of a rate: its rounded figure, a band, or that it is not told."""
    possible = known.possible
    known.counts[cell] = count
    if row["reason"] == "suppressed":
        missing = possible.number(
            -np.inf if cell[0] == "retention_rate" else 0, possible.high[n], possible.whole[count]
        )
        possible.know({n: 1.0, count: -1.0, missing: -1.0}, 0, 0)
        known.withheld.append(cell)
        known.secrets[cell] = (count, missing)
        # A sum of shares in a band is below five, and not always at most four.
        most = LEAST - 1 if possible.whole[count] else LEAST - 1e-3
        if row["band"] == "low":
            possible.know({count: 1.0}, 0, most)
        elif row["band"] == "high":
            possible.know({n: 1.0, count: -1.0}, at_most=most)
    elif row["reason"] == "":
        (low, high), _ = told_share(row)
        possible.know({count: 1.0, n: -low}, at_least=0)
        possible.know({count: 1.0, n: -high}, at_most=0)
        # The rule book: a rate that is told has five on either side.
        possible.know({count: 1.0}, at_least=LEAST)
        possible.know({n: 1.0, count: -1.0}, at_least=LEAST)


def told_share(row: Mapping) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends between which a printed share lies, and its n, from the figure and its interval.

    An end a of Wilson's interval of p on m effective pupils has (p − a)² = z² a(1 − a)/m,
    and n = m times the design effect; the interval is printed moved by what rounding moved p.
    Whatever p fits all three rounded figures is possible.
    """
    half = 0.0005 if row["se"] < 0.005 else 0.005
    share = np.linspace(row["value"] - half, row["value"] + half, 41)
    share = share[(share >= 0) & (share <= 1)]
    if not (np.isfinite(row["low"]) and np.isfinite(row["design_effect"])):
        return (share.min(), share.max()), (0.0, np.inf)
    least, most = np.zeros(len(share)), np.full(len(share), np.inf)
    for end, side in ((row["low"], 1.0), (row["high"], -1.0)):
        # From here to there the true end may lie; nearer to the share means more pupils.
        near = end + side * half + share - row["value"]
        far = end - side * half + share - row["value"]
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds = [
                np.where(
                    side * (share - edge) > 0,
                    Z2 * np.clip(edge, 0, 1) * np.clip(1 - edge, 0, 1) / (share - edge) ** 2,
                    np.inf,
                )
                for edge in (near, far)
            ]
        most, least = np.minimum(most, bounds[0]), np.maximum(least, bounds[1])
    fits = least <= most * 1.001
    if not fits.any():
        return (share.min(), share.max()), (0.0, np.inf)
    step = share[1] - share[0] if len(share) > 1 else 0.0
    effect = row["design_effect"]
    pupils = (least[fits].min() * (effect - 0.005) * 0.99, most[fits].max() * (effect + 0.005) * 1.01)
    return (share[fits].min() - step, share[fits].max() + step), pupils


def roll_below(known: Section, roll: float) -> float:
    """How far the true roll can lie below the printed one; with it as printed there is a solution too."""
    place = known.roll
    assert place is not None
    assert known.possible.solution({place: (roll, roll)}) is not None
    lowest = known.possible.solution(aim={place: 1.0})
    assert lowest is not None
    return roll - round(float(lowest[place]))


def feasible_values(known: Section, wanted: int = LEAST) -> dict[Cell, int]:
    """How many values each withheld number can still have, up to as many as are wanted of it.

    The number that made the rate up, or that fell short of it, whichever has fewer. Over all
    subjects it is a sum of halves and thirds of pupils: its sixths are the values.
    """
    possible = known.possible
    secrets = [place for places in known.secrets.values() for place in places]
    step = {place: 1.0 if possible.whole[place] else 1 / 6 for place in secrets}
    seen: dict[int, set[int]] = {place: set() for place in secrets}
    for place in secrets:
        for value in _outwards(possible, place, step[place]):
            if len(seen[place]) >= wanted:
                break
            if value in seen[place]:
                continue
            here = {place: (value * step[place] - 1e-4, value * step[place] + 1e-4)}
            # Numbers told as one lie close together in most chains: there a solution is soon found.
            solution = possible.solution(known.tight() | here)
            if solution is None:
                solution = possible.solution(here)
            if solution is not None:
                for other in secrets:
                    seen[other].add(round(solution[other] / step[other]))
    return {cell: min(len(seen[place]) for place in places) for cell, places in known.secrets.items()}


def _outwards(possible: Possible, place: int, step: float) -> Iterator[int]:
    """Values between the ends that a linear programme leaves, those next to the ends first."""
    ends = []
    for sign in (1.0, -1.0):
        solution = possible.solution(aim={place: sign}, whole=False)
        if solution is None:
            return
        ends.append(solution[place] / step)
    least, most = int(np.ceil(ends[0] - 1e-3)), int(np.floor(ends[1] + 1e-3))
    for beyond in range(most - least + 1):
        yield least + beyond // 2 if beyond % 2 == 0 else most - beyond // 2


def satisfied(known: Section, truth: Mapping[Cell, tuple[float, float]]) -> bool:
    """Whether the truth, count and n by cell, is among what is possible: else the attack reasons wrongly."""
    fixed: dict[int, tuple[float, float]] = {}
    for cell, (count, n) in truth.items():
        if cell in known.counts:
            near = 0.0 if known.possible.whole[known.counts[cell]] else 0.02
            fixed[known.counts[cell]] = (count - near, count + near)
        if cell in known.pupils:
            fixed[known.pupils[cell]] = (n, n)
    return known.possible.solution(fixed) is not None
