"""What a school has as a whole for its stages: how it is split, and the least that it needs more of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures.provision import NEAR, UNDER, school_units_needed, through_school_split, units_needed
from evalib.review.district.findings import MET, NOT_MET
from evalib.vocabulary import STAGES

# A stage's needs: `indicator`, `units`, and `with` where they are told at another stage of the school.
Needs = list[dict[str, Any]]


@dataclass(frozen=True)
class SharedAmount:
    """What a school has of something that its stages share.

    Attributes
    ----------
    amount
        Of the whole school.
    pupils, weights
        Of the primary, junior and senior stage.
    per
        Pupils that limits speak of.
    whole
        Whether there are only whole units.
    """

    amount: float
    pupils: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    per: int
    whole: bool

    def split(self) -> dict[str, float]:
        """What each stage has of it."""
        shares = through_school_split(self.amount, self.pupils, self.weights, whole=self.whole)
        return dict(zip(STAGES, shares.tolist(), strict=False))

    def needed(self, least: Mapping[str, float]) -> int:
        """Whole units more of the school, until every stage named has so much for its pupils."""
        asked = [least.get(stage, 0.0) for stage in STAGES] + [0.0]
        return school_units_needed(self.amount, self.pupils, self.weights, self.per, asked, whole=self.whole)


def told_once(short: pd.Series[bool], shared: pd.Series[bool], school: pd.Series[str]) -> pd.Series[bool]:
    """Sections at which a school's need is told: of those short of what is shared, the school's first."""
    first = ~school.where(short & shared).duplicated()
    return short & (first | ~shared)


def school_needs(
    own: pd.DataFrame, verdicts: Mapping[str, str], shared: Mapping[str, SharedAmount], at_floor: int
) -> dict[str, Needs]:
    """The least that makes every stage of a school pass that does not, what is shared split anew.

    Parameters
    ----------
    own
        Rows of the school's sections and indicators: stage, indicator, verdict, numerator,
        pupils, per, limit, floor.
    verdicts
        By stage, over the seven.
    shared
        By indicator, what the stages share.
    at_floor
        How many indicators may stay at their floor.

    Returns
    -------
    By stage that fails its needs, as `balance_verdicts` has them. What the school shares is
    told once, at the first of these stages that is short of it; at others that are, 0 units
    with the stage where it is told.

    Notes
    -----
    As `measures.provision.least_needed` chooses, over the choices of all stages together: the
    fewest amounts to be raised, of these the smallest sum of units over units required. A
    stage that passes keeps what it has reached.
    """
    known = own[own["verdict"].isin([MET, NEAR, UNDER])]
    rows: dict[tuple[str, str], dict[Any, Any]] = {
        (str(row["stage"]), str(row["indicator"])): row for row in known.to_dict("records")
    }
    stages = list(dict.fromkeys(stage for stage, _ in rows))

    @cache
    def units(indicator: str, targets: frozenset[tuple[str, str]]) -> int:
        least = {stage: float(rows[stage, indicator][target]) for stage, target in targets}
        if indicator in shared:
            return shared[indicator].needed(least)
        ((stage, one),) = least.items()
        row = rows[stage, indicator]
        return units_needed(row["numerator"], row["pupils"], int(row["per"]), one)

    def plan(choice: Iterable[frozenset[str]]) -> dict[tuple[str, str], int]:
        targets: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for stage, stay in zip(stages, choice, strict=True):
            for indicator in (name for place, name in rows if place == stage):
                where = "" if indicator in shared else stage
                target = "floor" if indicator in stay else "limit"
                targets.setdefault((indicator, where), set()).add((stage, target))
        found = {place: units(place[0], frozenset(asked)) for place, asked in targets.items()}
        return {place: count for place, count in found.items() if count}

    def required(indicator: str, where: str) -> float:
        meant = [row for (stage, name), row in rows.items() if name == indicator and where in ("", stage)]
        return sum(float(row["limit"] * row["pupils"] / row["per"]) for row in meant)

    def cost(found: Mapping[tuple[str, str], int]) -> tuple[int, float]:
        return len(found), sum(count / required(*place) for place, count in found.items())

    choices = [_stays(rows, stage, verdicts[stage] == NOT_MET, at_floor) for stage in stages]
    best = min((plan(choice) for choice in product(*choices)), key=cost)
    failing = [stage for stage in stages if verdicts[stage] == NOT_MET]
    return _told(best, failing, rows)


def _stays(
    rows: Mapping[tuple[str, str], Mapping[str, Any]], stage: str, fails: bool, at_floor: int
) -> list[frozenset[str]]:
    """Which indicators of a stage may stay at their floor."""
    known = [name for place, name in rows if place == stage]
    if not fails:
        return [frozenset(name for name in known if rows[stage, name]["verdict"] == NEAR)]
    short = [name for name in known if rows[stage, name]["verdict"] != MET]
    return [frozenset(stay) for stay in combinations(short, min(at_floor, len(short)))]


def _told(
    plan: Mapping[tuple[str, str], int],
    failing: Sequence[str],
    rows: Mapping[tuple[str, str], Mapping[str, Any]],
) -> dict[str, Needs]:
    """The plan by stage, in the order of the indicators."""
    needs: dict[str, Needs] = {stage: [] for stage in failing}
    for indicator in dict.fromkeys(name for _, name in rows):
        for stage in failing:
            if count := plan.get((indicator, stage)):
                needs[stage].append({"indicator": indicator, "units": count})
        count = plan.get((indicator, ""))
        if not count:
            continue
        short = [stage for stage in failing if rows.get((stage, indicator), {}).get("verdict", MET) != MET]
        told, *others = short or failing[:1]
        needs[told].append({"indicator": indicator, "units": count})
        for stage in others:
            needs[stage].append({"indicator": indicator, "units": 0, "with": told})
    return needs
