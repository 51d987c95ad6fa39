"""An estimate and the reviewed sentences become a sentence, or nothing is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalib.errors import ParameterError
from evalib.settings import Sentence, Trigger, nearest
from evalib.wording import Wording, mark

Measurement = Mapping[str, Any]


@dataclass(frozen=True)
class Speaker:
    """Chooses and fills reviewed sentences in one language.

    Attributes
    ----------
    sentences
        In the order of `params/sentences.yaml`: the first that fits is said.
    words
        Labels and number forms.
    """

    sentences: tuple[Sentence, ...]
    words: Wording

    def about_indicator(self, row: Measurement, indicator: Any) -> str:
        """The sentence on one measurement and its standing.

        Parameters
        ----------
        row
            A row of the published table that has a value.
        indicator
            Its `IndicatorParams`.

        Returns
        -------
        The first sentence whose trigger fits, whose minimum n is reached and whose claim
        the estimate bears; empty if there is none, for then nothing may be said.
        """
        return self._of_estimate("indicator", row, indicator)

    def about_dimension(self, row: Measurement, indicator: Any) -> str:
        """The sentence on a dimension's score where its name already stands beside it."""
        return self._of_estimate("dimension", row, indicator)

    def about_withheld(self, names: Sequence[str], reason: str) -> str:
        """Why indicators or whole dimensions have no figure."""
        return self._first("withheld", name=self.words.listed(names), reason=self.words.reason(reason))

    def note(self, key: str, fields: Mapping[str, Any]) -> str:
        """A note on the data, by the id of its sentence."""
        for sentence in self.sentences:
            if sentence.id == key:
                return self._say(sentence, fields)
        raise ParameterError(
            "missing_sentence", name=key, nearest=nearest(key, [s.id for s in self.sentences])
        )

    def _of_estimate(self, about: str, row: Measurement, indicator: Any) -> str:
        if not bears_a_sentence(row, indicator):
            return ""
        fields = self._fields(row, indicator)
        for sentence in self.sentences:
            trigger = sentence.trigger
            if trigger.about != about or not _fits(trigger, row, indicator):
                continue
            # A gap of less than half a pupil is not told in pupils.
            tells_pupils = "{pupils}" in sentence.zh
            if row["n"] >= sentence.minimum_n and not (tells_pupils and _pupils(row) < 1):
                return self._say(sentence, fields)
        return ""

    def _first(self, about: str, **fields: Any) -> str:
        chosen = next(sentence for sentence in self.sentences if sentence.trigger.about == about)
        return self._say(chosen, fields)

    def _say(self, sentence: Sentence, fields: Mapping[str, Any]) -> str:
        template = sentence.zh if self.words.lang == "zh" else sentence.en
        return template.format(**fields)

    def _fields(self, row: Measurement, indicator: Any) -> dict[str, str]:
        words, unit = self.words, indicator.unit
        smallest = smallest_of(row, indicator)
        return {
            "name": row["label"],
            "value": words.value(unit, row["value"], row["se"]),
            "size": words.value(unit, abs(row["value"]), row["se"]).lstrip("+"),
            "interval": words.interval(unit, row["low"], row["high"], row["se"]),
            "reference": "" if _missing(row["reference"]) else words.value(unit, row["reference"], row["se"]),
            "standing": words.standing(row["standing"] or "none", indicator.direction).partition(" ")[2],
            "smallest": "" if smallest is None else words.difference(unit, smallest).lstrip("+"),
            "pupils": words.count(_pupils(row)),
            "reason": words.reason(row["standing_reason"]) if row["standing_reason"] else "",
        }


def bears_a_sentence(row: Measurement, indicator: Any) -> bool:
    """Whether an estimate bears what the sentences on its standing would claim of it.

    Without an interval nothing is said of how sure a figure is; "better" needs a
    difference to the better side, "not distinguishable" the size it is not distinguished
    by, and "no standing" its reason.
    """
    if row["reason"] or any(_missing(row[key]) for key in ("value", "low", "high")) or not row["n"]:
        return False
    standing = row["standing"] or "none"
    if standing == "none":
        return bool(row["standing_reason"])
    if _missing(row["reference"]) or smallest_of(row, indicator) is None:
        return False
    side = mark(standing)
    if side not in ("up", "down"):
        return True
    better = row["value"] - row["reference"]
    better = -better if indicator.direction == "lower" else better
    return bool(better > 0) if side == "up" else bool(better < 0)


def smallest_of(row: Measurement, indicator: Any) -> float | None:
    """The smallest difference that matters: the row's own, else the indicator's."""
    smallest = indicator.smallest_difference if _missing(row["smallest"]) else row["smallest"]
    return None if smallest is None else float(smallest)


def gap_in_pupils(row: Measurement, indicator: Any) -> int | None:
    """A rate's difference from the district as a number of pupils; None where it is no number of pupils."""
    if indicator.unit != "rate" or _missing(row["difference"]) or _missing(row["n"]):
        return None
    return _pupils(row)


def first_findings(rows: Sequence[Measurement], most: int = 3) -> list[Measurement]:
    """What a reviewer should look at first: the largest differences, every dimension and both directions.

    Parameters
    ----------
    rows
        Published measurements with a standing and its posterior `d_mean`, `d_sd`.
    most
        How many.

    Returns
    -------
    Only those told apart from the district, one an indicator and direction, by
    |d_mean / d_sd|: the first of each direction and of each dimension has its place, the others fill up.
    """
    told = [
        row for row in rows if mark(row["standing"] or "") in ("up", "down") and not _missing(row["d_sd"])
    ]
    told.sort(key=lambda row: (-abs(row["d_mean"] / row["d_sd"]), row["indicator"], row["subject"]))
    distinct = _first_of_each(told, lambda row: (row["indicator"], mark(row["standing"])))
    leading = _first_of_each(distinct, lambda row: mark(row["standing"]))
    leading += _first_of_each(distinct, lambda row: row["dimension"])
    chosen = [row for k, row in enumerate(leading) if row not in leading[:k]][:most]
    chosen += [row for row in distinct if row not in chosen][: most - len(chosen)]
    return [row for row in distinct if row in chosen]


def _first_of_each(rows: list[Measurement], of: Callable[[Measurement], object]) -> list[Measurement]:
    first: dict[object, Measurement] = {}
    for row in rows:
        first.setdefault(of(row), row)
    return list(first.values())


def _fits(trigger: Trigger, row: Measurement, indicator: Any) -> bool:
    return (
        trigger.indicator in (None, indicator.id)
        and trigger.unit in (None, indicator.unit)
        and trigger.one_subject in (None, bool(row["subject"]))
        and (not trigger.standings or (row["standing"] or "none") in trigger.standings)
    )


def _pupils(row: Measurement) -> int:
    difference = row["difference"]
    return 0 if _missing(difference) else round(abs(difference) * row["n"])


def _missing(value: Any) -> bool:
    return value is None or not math.isfinite(value)
