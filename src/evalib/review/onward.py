"""The step into a stage and out of it: weak starts made good, and former pupils a year on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import articulation, onward
from evalib.records import OFF_ROLL, Codes, Reasons, YearRecords
from evalib.review.growth_models import normal_means, why_no_score
from evalib.review.stage import Builder, Figures, PupilFigures, SectionFigures, Stage
from evalib.settings import IndicatorParams
from evalib.vocabulary import STAGES, Reason

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Entrants:
    """The pupils of the first grade of a stage whose start is known.

    Attributes
    ----------
    grade
        Their grade, None where no grade's start is known.
    entry, later
        (N,) mean normal score of the year before and of this year, NaN for everyone else.
    """

    grade: int | None
    entry: Floats
    later: Floats


def entrants(stage: Stage) -> Entrants:
    """The lowest grade of the stage with comparable scores this year, and a grade lower last year."""
    return stage.once("entrants", lambda: _entrants(stage))  # type: ignore[no-any-return]


def _entrants(stage: Stage) -> Entrants:
    here, before = stage.one.records, stage.district.before[0]
    nothing = np.full(stage.pupils, np.nan)
    if here is None or before is None:
        return Entrants(None, nothing, nothing)
    tested = set(here.comparable()["grade"]) & {grade + 1 for grade in before.comparable()["grade"]}
    if not tested:
        return Entrants(None, nothing, nothing)
    grade = int(min(tested))
    entering = here.pupils["grade"].eq(grade).to_numpy()
    entry = _of_pupils(before, here.pupils["pupil"], grade - 1)
    return Entrants(grade, np.where(entering, entry, np.nan), np.where(entering, normal_means(here), np.nan))


def recovery_rate(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """薄弱起点提升率: weak starters who rose above the cut, less what their start let expect."""
    found, params = entrants(stage), stage.settings.measures
    because = stage.one.absence()
    if found.grade is None or not np.isfinite(found.later).any():
        none = np.zeros(stage.sections, np.int64)
        because = np.where(because == "", _why_no_entrants(stage, found), because)
        return [PupilFigures(indicator, "", np.full(stage.pupils, np.nan), none, because)]
    stage.note("recovery_grade", {"grade": found.grade})
    values, weak = articulation.recovery(
        found.entry, found.later, params.articulation.low_entry, np.array(params.growth.spline_knots)
    )
    expected, starters = stage.count(weak), stage.count(np.isfinite(found.entry))
    missing = np.where(
        starters == 0, Reason.NO_PRIOR.value, np.where(expected == 0, Reason.TOO_FEW.value, "")
    )
    because = np.where(because == "", missing, because)
    if len(np.unique(stage.one.section[np.isfinite(values)])) < params.growth.minimum_sections:
        because = np.where(because == "", Reason.TOO_FEW_SECTIONS.value, because)
    return [PupilFigures(indicator, "", values, expected, because)]


def _why_no_entrants(stage: Stage, found: Entrants) -> str:
    """Why no entrant is followed: nobody has a start, or nobody a score a year later."""
    here = stage.one.records
    if found.grade is None and here is not None and not here.comparable().empty:
        return Reason.NO_PRIOR.value
    return why_no_score(here, np.zeros(stage.pupils, dtype=bool))


def quarter_moves(stage: Stage) -> pd.DataFrame:
    """How many entrants moved from which quarter to which, in the district and in each section.

    Returns
    -------
    school_code ("" for the district), entry and later (quarters, 1 the lowest), pupils;
    sixteen rows each, none where nobody's start is known. Counts are not yet fit to be
    shown: small ones are for the caller to withhold.
    """
    found = entrants(stage)
    followed = np.isfinite(found.entry) & np.isfinite(found.later)
    before, after = (
        articulation.rank_share(np.where(followed, one, np.nan)) for one in (found.entry, found.later)
    )
    rows = []
    for position, code in enumerate(["", *stage.one.codes]):
        inside = followed & ((stage.one.section == position - 1) | (position == 0))
        counts = articulation.transition_matrix(before[inside], after[inside])
        if counts.any():
            rows += [(code, i + 1, j + 1, int(counts[i, j])) for i in range(4) for j in range(4)]
    return pd.DataFrame(rows, columns=["school_code", "entry", "later", "pupils"])


@dataclass(frozen=True)
class Leavers:
    """The pupils of the last grade of a stage a year ago, and where they are now.

    Attributes
    ----------
    pupil
        (L,) on the roll of the last grade at the end of last year, and no longer in the stage.
    feeder
        (L,) section each left: a position in the stage's codes; closed ones follow these.
    receiver
        (L,) school in the next stage, −1 for one who is not found a grade higher there.
    feeders
        Codes of the feeders in order.
    receivers
        Codes of the receivers in order.
    prior, outcome
        (L,) mean normal score before leaving and one year into the next stage, NaN without.
    class_
        (L,) class in the receiver; None where no class is recorded.
    """

    pupil: pd.Series[str]
    feeder: Codes
    receiver: Codes
    feeders: list[str]
    receivers: list[str]
    prior: Floats
    outcome: Floats
    class_: Codes | None


def leavers(stage: Stage) -> Leavers | None:
    """Who left the stage a year ago; None where there is no next stage or no roll of last year."""
    return stage.once("leavers", lambda: _leavers(stage))  # type: ignore[no-any-return]


def _leavers(stage: Stage) -> Leavers | None:
    following, roll = _next_stage(stage), stage.district.table("pupils", 1)
    before, this = stage.district.before[0], stage.district.this
    if not following or roll is None or before is None or this is None:
        return None
    if "status" in roll:
        roll = roll[~roll["status"].isin(OFF_ROLL)]
    last = roll[roll["stage"].eq(stage.one.stage)]
    grade = int(last["grade"].max()) if len(last) else 0
    last = last[last["grade"].eq(grade)].drop_duplicates("pupil", keep="last")
    # Who repeats the grade has not left.
    last = last[stage.one.rows_of(last["pupil"]) < 0].reset_index(drop=True)
    feeders = [*stage.one.codes, *sorted(set(last["school_code"]) - set(stage.one.codes))]
    there = this.of_stage(following)
    row = pd.Index(there.pupils["pupil"]).get_indexer(pd.Index(last["pupil"]))
    found = row >= 0
    found[found] = there.pupils["grade"].to_numpy()[row[found]] == grade + 1
    receivers = sorted(set(there.pupils["school_code"]))
    receiver = np.full(len(last), -1, np.int64)
    outcome = np.full(len(last), np.nan)
    receiver[found] = pd.Index(receivers).get_indexer(pd.Index(there.pupils["school_code"]))[row[found]]
    outcome[found] = normal_means(there)[row[found]]
    codes = there.class_codes
    return Leavers(
        pupil=last["pupil"],
        feeder=pd.Index(feeders).get_indexer(pd.Index(last["school_code"])).astype(np.int64),
        receiver=receiver,
        feeders=feeders,
        receivers=receivers,
        prior=_of_pupils(before, last["pupil"], grade),
        outcome=outcome,
        class_=None if codes is None else np.where(found, codes[row], 0),
    )


def onward_progress(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """升段衔接: former pupils a year into the next stage, compared within the schools they went to."""
    gone = leavers(stage)
    if gone is None:
        reason = Reason.NO_DATA if _next_stage(stage) else Reason.NOT_APPLICABLE
        return [_without(indicator, stage, stage.reasons(reason))]
    params = stage.settings.measures
    counted = np.isfinite(gone.prior) & np.isfinite(gone.outcome)
    feeders = len(gone.feeders)
    n = np.bincount(gone.feeder[counted], minlength=feeders)
    linked = np.zeros(len(counted), dtype=bool)
    linked[counted] = onward.linked_pupils(
        gone.feeder[counted], gone.receiver[counted], params.articulation.feeder_minimum
    )
    because = _why_not_onward(stage, gone, counted, linked)
    expected = np.bincount(gone.feeder, minlength=feeders)[: stage.sections]
    if np.count_nonzero(n) < params.growth.minimum_sections:
        because = np.where(because == "", Reason.TOO_FEW_SECTIONS.value, because)
        return [_without(indicator, stage, because, n[: stage.sections], expected)]
    try:
        found = onward.onward_effects(
            gone.outcome[counted],
            gone.prior[counted],
            gone.feeder[counted],
            gone.receiver[counted],
            None if gone.class_ is None else gone.class_[counted],
            feeders,
        )
    except ValueError as error:
        stage.note("onward_not_fitted", {"cause": str(error)})
        because = np.where(because == "", Reason.FIT_FAILED.value, because)
        return [_without(indicator, stage, because, n[: stage.sections], expected)]
    effect, variance = found.effect[: stage.sections], found.variance[: stage.sections]
    peers = found.peers[: stage.sections]
    # Connected with no other feeder there is nothing to be compared with.
    because = np.where((because == "") & ~np.isfinite(effect), Reason.NOT_APPLICABLE.value, because)
    few = (because == "") & (peers < params.articulation.minimum_feeders)
    stage.note(
        "onward_fit",
        {
            "pupils": int(counted.sum()),
            "feeders": int(np.count_nonzero(n)),
            "receivers": len(np.unique(gone.receiver[counted])),
            "components": len(np.unique(found.component[found.component >= 0])),
        },
    )
    return [
        SectionFigures(
            indicator,
            "",
            value=effect,
            variance=variance,
            n=n[: stage.sections].astype(float),
            expected=expected,
            because=because,
            more={"standing_block": np.where(few, Reason.TOO_FEW_SECTIONS.value, "").astype(object)},
        )
    ]


def _why_not_onward(
    stage: Stage, gone: Leavers, counted: npt.NDArray[np.bool_], linked: npt.NDArray[np.bool_]
) -> Reasons:
    """(sections,) why a section's former pupils cannot be compared, or empty."""
    minimum = stage.settings.measures.articulation.linked_minimum
    total, known, comparable = (
        np.bincount(gone.feeder[which], minlength=len(gone.feeders))[: stage.sections]
        for which in (np.ones(len(counted), dtype=bool), counted, linked)
    )
    roll = stage.district.table("pupils", 1)
    seen = np.isin(stage.one.codes, [] if roll is None else roll["school_code"].unique())
    unknown = _why_none_known(stage, gone)
    because = stage.reasons()
    for applies, reason in (
        (~seen, Reason.NO_DATA),
        # Nobody was in its last grade: it opened since, or has no such grade.
        (total == 0, Reason.NOT_APPLICABLE),
        (known == 0, unknown),
        (known < minimum * total, Reason.LOW_COVERAGE),
        (comparable < minimum * total, Reason.NOT_APPLICABLE),
    ):
        because = np.where((because == "") & applies, str(reason), because)
    return because.astype(object)


def _why_none_known(stage: Stage, gone: Leavers) -> str:
    """Why a section has no leaver with both scores."""
    if not np.isfinite(gone.prior).any():
        return Reason.NO_PRIOR.value
    this, scored = stage.district.this, np.isfinite(gone.outcome)
    return why_no_score(None if this is None else this.of_stage(_next_stage(stage)), scored)


def _without(
    indicator: IndicatorParams,
    stage: Stage,
    because: Reasons,
    n: Codes | None = None,
    expected: Codes | None = None,
) -> SectionFigures:
    nothing, none = np.full(stage.sections, np.nan), np.zeros(stage.sections, np.int64)
    return SectionFigures(
        indicator,
        "",
        value=nothing,
        variance=nothing,
        n=(none if n is None else n).astype(float),
        expected=none if expected is None else expected,
        because=because,
    )


def feeder_flows(stage: Stage, minimum: int) -> pd.DataFrame:
    """Where each section's leavers went, small flows pooled.

    Parameters
    ----------
    minimum
        Fewest pupils that may be shown.

    Returns
    -------
    feeder and receiver (school codes; "" for the small flows together), pupils (missing
    where even these are too few). Empty where there is no next stage.
    """
    gone = leavers(stage)
    if gone is None:
        return onward.feeder_matrix(np.zeros((0, 0), np.int64), minimum).astype(
            {"feeder": "str", "receiver": "str"}
        )
    found = gone.receiver >= 0
    table = onward.feeder_matrix(onward.flows(gone.feeder[found], gone.receiver[found]), minimum)
    return table.assign(
        feeder=np.array(gone.feeders, dtype=object)[table["feeder"]],
        receiver=np.array([*gone.receivers, ""], dtype=object)[table["receiver"]],
    ).astype({"feeder": "str", "receiver": "str"})


def _next_stage(stage: Stage) -> str:
    """The stage that pupils go on to, if the district has it; else empty."""
    following = STAGES[STAGES.index(stage.one.stage) + 1 :][:1]
    sections = stage.district.sections
    return following[0] if following and sections["stage"].eq(following[0]).any() else ""


def _of_pupils(records: YearRecords, pupil: pd.Series[str], grade: int) -> Floats:
    """Mean normal score of each pupil in that year, if in that grade; else NaN."""
    position = pd.Index(records.pupils["pupil"]).get_indexer(pd.Index(pupil))
    known = position >= 0
    known[known] = records.pupils["grade"].to_numpy()[position[known]] == grade
    score = np.full(len(pupil), np.nan)
    score[known] = normal_means(records)[position[known]]
    return score


BUILDERS: dict[str, Builder] = {
    "recovery_rate": recovery_rate,
    "onward_progress": onward_progress,
}
