"""True effects of sections on everything but growth in the marks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalib.sampling.schools import Floats, Random, Sections

ADAPTATION = ("learning", "life", "social", "rules")
OTHERS = ("arts", "labour", "moral", "health", "activity", "achievement")


@dataclass(frozen=True)
class Effects:
    """What sections do to their pupils, in pupil standard deviations of the matter itself.

    Attributes
    ----------
    onward
        (S,) lasting effect of a primary section on the first year in the next stage; 0 in junior ones.
    recovery
        (S,) extra change of the weakest quarter in the stage's first examined step.
    others
        (S,) each, by name: arts, labour, moral, health, activity, achievement.
    adaptation
        (S, 4) on the entrants' adaptation: learning, life, social, rules.
    """

    onward: Floats
    recovery: Floats
    others: dict[str, Floats]
    adaptation: Floats


def invent_effects(
    rng: Random, plan: Sections, *, onward_sd: float, recovery_sd: float, record_sd: float
) -> Effects:
    """Effects with mean 0 over the sections they exist for.

    Parameters
    ----------
    rng
        Source of randomness.
    plan
        The sections.
    onward_sd, recovery_sd
        Standard deviations of these effects.
    record_sd
        Standard deviation of each of the others; half the variance of adaptation is
        common to its four areas.
    """
    onward = np.where(plan.primary, rng.standard_normal(len(plan)), np.nan)
    onward = np.nan_to_num(onward - np.nanmean(onward))
    recovery = rng.standard_normal(len(plan))
    others = record_sd * _centred(rng.standard_normal((len(plan), len(OTHERS))))
    adaptation = rng.standard_normal((len(plan), 1)) + rng.standard_normal((len(plan), len(ADAPTATION)))
    return Effects(
        onward=onward_sd * onward,
        recovery=recovery_sd * _centred(recovery),
        others=dict(zip(OTHERS, others.T, strict=True)),
        adaptation=record_sd * _centred(adaptation) / np.sqrt(2.0),
    )


def effect_rows(plan: Sections, effects: Effects, fitness: Floats) -> pd.DataFrame:
    """One row a section: school_code, stage, fitness, the others by name; onward missing in junior ones."""
    rows = plan.table[["school_code", "stage"]].assign(
        fitness=fitness,
        **effects.others,
        **{f"adaptation_{name}": effects.adaptation[:, place] for place, name in enumerate(ADAPTATION)},
        recovery=effects.recovery,
        onward=np.where(plan.primary, effects.onward, np.nan),
    )
    return rows.reset_index(drop=True)


def _centred(draws: Floats) -> Floats:
    centred: Floats = draws - draws.mean(axis=0)
    return centred
