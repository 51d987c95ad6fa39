"""How figures, limits and verdicts of the national indicators are printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalib.page.district.view import DistrictView
from evalib.settings import BalanceIndicator
from evalib.settings.balance import BalanceLimit, Rooms
from evalib.settings.shared_rules import counts_of_section_rule, status_of
from evalib.wording import Wording

# A verdict's sign, and the mark that colours it; the words stand beside it.
SIGNS = {
    "met": ("✓", "up"),
    "agrees": ("✓", "up"),
    "met_low_response": ("△", "same"),
    "near": ("△", "same"),
    "not_met": ("×", "down"),
    "under": ("×", "down"),
    "falls_short": ("×", "down"),
    "not_reported": ("○", "na"),
    "cannot": ("○", "na"),
    "out_of_scope": ("—", "na"),
    "none": ("○", "na"),
}
# Decimals of a figure in its printed unit.
DIGITS = {"per_100": 2, "m2": 2, "share": 1, "coefficient": 3}
MOST_DIGITS = 6
LEVELS = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ")


@dataclass(frozen=True)
class Terms:
    """The words and number forms of a page on the national indicators.

    Attributes
    ----------
    view
        The district; its words are in the page's language.
    """

    view: DistrictView

    @property
    def words(self) -> Wording:
        """Labels and number forms."""
        return self.view.words

    def word(self, key: str, **fields: Any) -> str:
        """A label of these pages."""
        return self.words.label(key, "balance", **fields)

    def known(self, prefix: str, key: str) -> str:
        """The label `prefix_key`, or the key itself where a district uses a word of its own."""
        named = f"{prefix}_{key}"
        return self.word(named) if named in self.words.catalogue["balance"] else key

    def verdict(self, verdict: str) -> str:
        """A verdict in words with its sign before it."""
        return f"{SIGNS[verdict][0]} {self.word(f'verdict_{verdict}')}"

    def value(self, unit: str, value: float | None, limit: float | None = None) -> str:
        """A figure in its unit; with so many digits that it is seen on which side of its limit it lies.

        Limits are compared unrounded: 0.9996 of a limit of 1 prints as 99.96%, not as 100%.
        """
        if value is None or not math.isfinite(value):
            return self.words.label("withheld_value")
        if unit == "met":
            return self.word("met_yes" if value >= 1 else "met_no")
        if unit == "level" and value in (1, 2, 3, 4):
            return self.word("unit_level", value=LEVELS[int(value) - 1])
        digits = digits_beside(unit, value, limit)
        if unit == "share":
            return trimmed(self.words.share(value, digits))
        key = f"unit_{unit}"
        shape = key if key in self.words.catalogue["balance"] else "unit_plain"
        return self.word(shape, value=self.words.decimal(value, digits))

    def drawn(self, unit: str, value: float, limit: float | None = None) -> float:
        """A figure as a drawing or `results.json` may have it: in the public edition as printed."""
        if self.view.names_sections:
            return value
        return printed(unit, value, limit)

    def limit(self, indicator: BalanceIndicator, stage: str = "", aspect: str = "") -> str:
        """An indicator's limit for a stage and aspect, with ‡ where it is recalled."""
        one = indicator.limit(stage or None, aspect)
        rule = indicator.rule
        if one is not None:
            said = self.bound(one, indicator.unit)
        elif rule.kind == "satisfaction":
            limit = self.view.settings.balance.satisfaction.limit
            said = self.word("limit_at_least", value=self.value("share", limit))
        elif rule.kind == "facts_met":
            said = self.word("limit_met")
        elif rule.kind == "fact_at_least_fact":
            said = self.word("limit_other_fact", name=self.fact(rule.other))
        elif isinstance(rule, Rooms) and aspect:
            area, older = (
                {str(side): size for side, size in sizes.items()}[aspect]
                for sizes in (rule.area, rule.older_area)
            )
            said = self.word(
                "limit_rooms",
                area=self.round_number("m2", area),
                before=rule.older_before,
                older=self.round_number("m2", older),
            )
        else:
            return self.words.label("withheld_value")
        if rule.kind == "satisfaction":
            return self.recalled(said, status_of(self.view.settings.balance, indicator))
        return self.recalled(said, indicator.status)

    def bound(self, limit: BalanceLimit, unit: str) -> str:
        """A limit with the sign of which side it binds."""
        key = (
            "at_least" if limit.at_least is not None else "at_most" if limit.at_most is not None else "below"
        )
        bare = "share" if unit == "level" and limit.value < 1 else unit
        return self.word(f"limit_{key}", value=self.round_number(bare, limit.value))

    def round_number(self, unit: str, value: float) -> str:
        """A figure that somebody set: without the zeros that a measured one has."""
        if unit in ("share", "met", "level"):
            return self.value(unit, value)
        key = f"unit_{unit}"
        shape = key if key in self.words.catalogue["balance"] else "unit_plain"
        digits = next(k for k in range(MOST_DIGITS + 1) if math.isclose(round(value, k), value))
        return self.word(shape, value=self.words.decimal(value, digits))

    @property
    def section_rule(self) -> dict[str, str]:
        """The rule over the resources in numbers: `least` of `all`, and how many `failing` break it."""
        counts = counts_of_section_rule(self.view.settings.balance)
        return {name: self.words.count(count) for name, count in counts.items()}

    def recalled(self, text: str, status: str) -> str:
        """The text, with ‡ behind it where it was recalled and not read."""
        return self.word("recalled", text=text) if status == "recalled" else text

    def fact(self, name: str) -> str:
        """A fact's name."""
        facts = self.view.settings.balance.facts
        return facts[name].name.in_(self.words.lang) if name in facts else name

    def stage(self, stage: str) -> str:
        """A stage's name."""
        return self.known("stage", stage)

    def joined(self, texts: list[str]) -> str:
        """Several remarks in one cell."""
        return ("；" if self.words.lang == "zh" else "; ").join(one for one in texts if one)

    def names(self, names: list[str]) -> str:
        """An enumeration of names that may hold commas themselves."""
        return ("、" if self.words.lang == "zh" else "; ").join(names)

    def years(self, years: Iterable[str]) -> str:
        """School years inside a remark."""
        spans = [year.split("-") for year in years]
        return self.words.listed([self.word("short_year", start=start, end=end) for start, end in spans])

    def part_of(self, row: Mapping[str, Any]) -> str:
        """Which stage, aspect or group a row of an indicator is about."""
        named = []
        if row.get("stage"):
            named.append(self.stage(row["stage"]))
        if row.get("aspect"):
            aspect = self.known("aspect", row["aspect"])
            named.append(self.fact(aspect))
        if row.get("respondent"):
            named.append(self.known("respondent", row["respondent"]))
        return " · ".join(named)


@dataclass(frozen=True)
class InTerms:
    """A part of the pages on the national indicators, which speaks in their words."""

    view: DistrictView

    @cached_property
    def terms(self) -> Terms:
        """Words and number forms."""
        return Terms(self.view)


def digits_beside(unit: str, value: float, limit: float | None) -> int:
    """How many decimals show on which side of a limit a figure lies, at least those of its unit.

    >>> digits_beside("share", 0.9996, 1.0), digits_beside("share", 0.97, 1.0)
    (2, 1)
    """
    digits, factor = DIGITS.get(unit, 0), 100.0 if unit == "share" else 1.0
    if limit is None or not math.isfinite(limit):
        return digits
    while digits < MOST_DIGITS and _side(round(factor * value, digits), factor * limit) != _side(
        factor * value, factor * limit
    ):
        digits += 1
    return digits


def printed(unit: str, value: float, limit: float | None = None) -> float:
    """A figure as it is printed beside its limit.

    >>> printed("share", 0.97449), printed("coefficient", 0.50004, 0.5)
    (0.974, 0.50004)
    """
    digits = digits_beside(unit, value, limit)
    return round(value, digits + 2) if unit == "share" else round(value, digits)


def trimmed(percentage: str) -> str:
    """A percentage without a nought behind the point.

    >>> trimmed("100.0%"), trimmed("97.4%")
    ('100%', '97.4%')
    """
    return percentage.replace(".0%", "%")


def _side(value: float, limit: float) -> int:
    if math.isclose(value, limit, rel_tol=1e-12):
        return 0
    return 1 if value > limit else -1
