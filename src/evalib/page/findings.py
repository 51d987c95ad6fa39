"""An estimate and the reviewed sentences become a sentence, or nothing is said."""

from __future__ import annotations

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
        The first sentence whose trigger fits and whose minimum n is reached; empty
        if there is none, for then nothing may be said.
        """
        fields = self._indicator_fields(row, indicator)
        for sentence in self.sentences:
            trigger = sentence.trigger
            if (
                trigger.about == "indicator"
                and _fits(trigger, row, indicator)
                and row["n"] >= sentence.minimum_n
            ):
                return self._say(sentence, fields)
        return ""

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

    def _first(self, about: str, **fields: Any) -> str:
        chosen = next(sentence for sentence in self.sentences if sentence.trigger.about == about)
        return self._say(chosen, fields)

    def _say(self, sentence: Sentence, fields: Mapping[str, Any]) -> str:
        template = sentence.zh if self.words.lang == "zh" else sentence.en
        return template.format(**fields)

    def _indicator_fields(self, row: Measurement, indicator: Any) -> dict[str, str]:
        words, unit = self.words, indicator.unit
        interval = ""
        if row["low"] is not None:
            interval = words.interval(unit, row["low"], row["high"], row["se"])
        standing = row["standing"] or "none"
        smallest = indicator.smallest_difference if row["smallest"] is None else row["smallest"]
        gap = abs(row["difference"]) * row["n"] if row["difference"] is not None else 0.0
        size = words.value(unit, abs(row["value"]), row["se"]).lstrip("+")
        return {
            "name": row["label"],
            "value": words.value(unit, row["value"], row["se"]),
            "size": size,
            "interval": interval,
            "reference": "" if row["reference"] is None else words.value(unit, row["reference"], row["se"]),
            "standing": words.standing(standing, indicator.direction).partition(" ")[2],
            "smallest": "" if smallest is None else words.difference(unit, smallest).lstrip("+"),
            "pupils": words.count(round(gap)),
            "reason": words.reason(row["standing_reason"]) if row["standing_reason"] else "",
        }


def first_findings(rows: list[Measurement], most: int = 3) -> list[Measurement]:
    """What a reviewer should look at first: the largest differences, every dimension and both directions.

    Parameters
    ----------
    rows
        Published measurements with a standing and its posterior `d_mean`, `d_sd`.
    most
        How many.

    Returns
    -------
    Only those told apart from the district, one an indicator, by |d_mean / d_sd|: the
    first of each dimension and of each direction has its place, the others fill up.
    """
    told = [row for row in rows if mark(row["standing"] or "") in ("up", "down")]
    told.sort(key=lambda row: (-abs(row["d_mean"] / row["d_sd"]), row["indicator"], row["subject"]))
    distinct = _first_of_each(told, lambda row: row["indicator"])
    leading = _first_of_each(distinct, lambda row: row["dimension"])
    leading += _first_of_each(distinct, lambda row: mark(row["standing"]))
    chosen = [row for k, row in enumerate(leading) if row not in leading[:k]][:most]
    chosen += [row for row in distinct if row not in chosen][: most - len(chosen)]
    return [row for row in distinct if row in chosen]


def _first_of_each(rows: list[Measurement], of: Callable[[Measurement], str]) -> list[Measurement]:
    first: dict[str, Measurement] = {}
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
