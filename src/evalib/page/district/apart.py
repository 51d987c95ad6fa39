"""East–west pairs: which side is ahead, and whether the gap between the two became larger or smaller."""

from __future__ import annotations

from evalib.page.district.view import DistrictView
from evalib.statistics.between_share import Ranged, change_interval
from evalib.wording import Wording


def size_of(difference: Ranged) -> Ranged:
    """How large a signed difference is, with its interval; it reaches down to 0 where the sign is not sure.

    Examples
    --------
    >>> size_of(Ranged(-3.0, -5.0, -1.0)), size_of(Ranged(1.0, -2.0, 4.0))
    (Ranged(value=3.0, low=1.0, high=5.0), Ranged(value=1.0, low=0.0, high=4.0))
    """
    ends = (abs(difference.low), abs(difference.high))
    low = 0.0 if difference.low <= 0.0 <= difference.high else min(ends)
    return Ranged(abs(difference.value), low, max(ends))


def pairs_compared(view: DistrictView, then: Ranged, now: Ranged, what: str) -> str:
    """Which side was and is ahead, and the change of the gap with its interval, in one cell.

    Parameters
    ----------
    then, now
        East less west, T points.
    what
        Under which names the figures are told.

    Notes
    -----
    A signed difference that falls may be a gap that opens the other way: so the change is that
    of the gap's size, and it is called larger or smaller only where its interval, as printed,
    leaves out 0.
    """
    words = view.words
    change = change_interval(size_of(now), size_of(then))
    numbers = (("then", then.value), ("now", now.value), ("gap_change", change.value))
    for key, value in (*numbers, ("gap_change_low", change.low), ("gap_change_high", change.high)):
        view.tell(f"{what}_{key}", value)
    moved = "wider" if round(change.low, 1) > 0 else "narrower" if round(change.high, 1) < 0 else "untold"
    change_ends = {
        key: words.difference("t_score", value / 10.0)
        for key, value in (("change", change.value), ("low", change.low), ("high", change.high))
    }
    return words.label(
        "all_pairs_then_now",
        then=_ahead(words, then.value),
        now=_ahead(words, now.value),
        gap=words.label(f"all_pairs_{moved}"),
        **change_ends,
    )


def _ahead(words: Wording, difference: float) -> str:
    """Which side is ahead, and by how many T points."""
    points = words.decimal(abs(difference), 1)
    if round(difference, 1) == 0:
        return words.label("all_pairs_level")
    return words.label("all_pairs_east" if difference > 0 else "all_pairs_west", points=points)
