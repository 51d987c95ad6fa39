"""Labels, units and rounding for print, Chinese and English.

Nothing is rounded anywhere else; limits are compared unrounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel import Locale
from babel.numbers import format_decimal, format_percent

from evalib.errors import ParameterError
from evalib.settings import IndicatorParams, MeasuresParams, Settings, nearest
from evalib.settings.indicators import CUT_NAMES
from evalib.vocabulary import LANGUAGE_TAGS, SchoolYear

# How a figure in a unit becomes the number that is printed, before its digits.
FACTORS = {"t_score": 10.0, "rate": 100.0, "rate_difference": 100.0}
SIGNED = ("sd", "rate_difference")
LOCALES = {"zh": "zh_CN", "en": "en_GB"}
TAGS = LANGUAGE_TAGS
MARKS = {"up": "▲", "down": "▼", "same": "●", "na": "○"}
MINUS = "−"


@dataclass(frozen=True)
class Wording:
    """One language's words and number forms.

    Attributes
    ----------
    lang
        "zh" or "en".
    catalogue
        The content of `params/wording.yaml`.
    """

    lang: str
    catalogue: dict[str, Any]

    def label(self, key: str, group: str = "labels", **fields: Any) -> str:
        """The words for `key`, its fields filled in.

        Raises
        ------
        ParameterError
            `wording.yaml` has no such key.
        """
        if key not in self.catalogue[group]:
            near = nearest(key, sorted(self.catalogue[group]))
            raise ParameterError("missing_wording", name=f"{group}.{key}", nearest=near)
        return str(self.catalogue[group][key][self.lang]).format(**fields)

    def known(self, key: str, group: str) -> str:
        """The words for `key`, or the key itself where a district uses a word of its own."""
        return self.label(key, group) if key in self.catalogue[group] else key

    def run_on(self, sentences: Iterable[str]) -> str:
        """Sentences one after the other; empty ones are left out."""
        return ("" if self.lang == "zh" else " ").join(one for one in sentences if one)

    def listed(self, names: Sequence[str]) -> str:
        """Several names as one enumeration."""
        return ("、" if self.lang == "zh" else ", ").join(names)

    def year(self, year: str) -> str:
        """A school year as a reader writes it."""
        start, end = str(SchoolYear(year)).split("-")
        return self.label("school_year", start=start, end=end)

    def count(self, number: int) -> str:
        """A whole number, thousands grouped."""
        return format_decimal(number, locale=_locale(self.lang))

    def value(self, unit: str, value: float, se: float | None = None) -> str:
        """A figure in its unit, with no more digits than its standard error supports."""
        return self._number(unit, value, digits_of(unit, se))

    def interval(self, unit: str, low: float, high: float, se: float | None = None) -> str:
        """Both ends of an interval, in the digits of its figure."""
        digits = digits_of(unit, se)
        between = "–" if unit not in SIGNED else (" 至 " if self.lang == "zh" else " to ")
        if unit == "rate_difference":  # the unit once, behind both ends
            return f"{self._signed(100 * low, digits)}{between}{self._number(unit, high, digits)}"
        return f"{self._number(unit, low, digits)}{between}{self._number(unit, high, digits)}"

    def difference(self, unit: str, value: float, se: float | None = None) -> str:
        """A signed difference in the unit; of rates in percentage points, of T scores in T points."""
        signed = self._signed(FACTORS.get(unit, 1.0) * value, digits_of(unit, se))
        return signed + self._points() if unit in ("rate", "rate_difference") else signed

    def share(self, value: float, digits: int = 0) -> str:
        """A share between 0 and 1 as a percentage."""
        pattern = "#,##0%" if digits == 0 else "#,##0." + "0" * digits + "%"
        return format_percent(value, format=pattern, locale=_locale(self.lang))

    def decimal(self, value: float, digits: int) -> str:
        """A bare number with so many decimals."""
        pattern = "#,##0" if digits == 0 else "#,##0." + "0" * digits
        return format_decimal(value, format=pattern, locale=_locale(self.lang))

    def standing(self, standing: str, direction: str) -> str:
        """A standing in words, with its mark before it."""
        if standing in ("none", "of_record"):
            return f"{MARKS['na']} {self.label(standing, 'standings')}"
        words = self.catalogue["standings"][direction][standing][self.lang]
        return f"{MARKS[mark(standing)]} {words}"

    def reason(self, reason: str) -> str:
        """Why a figure is not given."""
        return self.label(reason, "reasons")

    def band(self, band: str, most: int, of: str = "band") -> str:
        """Where a number of pupils that is not told lies: "low", at most so many; "high", all but those."""
        return self.label(f"{of}_{band}", most=most)

    def about(self, indicator: IndicatorParams, measures: MeasuresParams) -> str:
        """An indicator's definition with the cuts and limits in force."""
        cut = indicator.cut
        if isinstance(cut, str) and cut in CUT_NAMES:
            said = self.share(measures.cuts.of(cut))
        elif isinstance(cut, float | int):
            said = self.decimal(cut, 0 if float(cut).is_integer() else 1)
        else:
            said = cut or ""
        return indicator.about.in_(self.lang).format(
            cut=said,
            denominator=self.label(f"denominator_{measures.denominator}"),
            match_rate_minimum=self.share(measures.growth.match_rate_minimum),
        )

    def _number(self, unit: str, value: float, digits: int) -> str:
        if unit == "t_score":
            return self.decimal(50 + 10 * value, digits)
        if unit == "rate":
            return self.share(value, digits)
        if unit == "rate_difference":
            return self._signed(100 * value, digits) + self._points()
        if unit == "sd":
            return self._signed(value, digits)
        text = self.decimal(abs(value), digits)
        return f"{MINUS}{text}" if value < 0 and not _is_zero(text) else text

    def _signed(self, value: float, digits: int) -> str:
        text = self.decimal(abs(value), digits)
        sign = "" if _is_zero(text) else ("+" if value > 0 else MINUS)
        return f"{sign}{text}"

    def _points(self) -> str:
        return " 个百分点" if self.lang == "zh" else " points"


def digits_of(unit: str, se: float | None) -> int:
    """How many decimals a figure is printed with: no more than its standard error supports."""
    scaled = None if se is None or not math.isfinite(se) else se * FACTORS.get(unit, 1.0)
    if unit == "count":
        return 0
    if unit == "sd":
        return 2
    if unit == "t_score":
        return 1 if scaled is None or scaled < 3 else 0
    if unit in ("rate", "rate_difference"):
        return 1 if scaled is not None and scaled < 0.5 else 0
    if scaled is None or scaled <= 0:
        return 1
    return min(3, max(0, -math.floor(math.log10(scaled))))


def rounded(unit: str, value: float, digits: int) -> float:
    """A figure or a difference that, in its unit, is what a page prints of it with so many decimals.

    Examples
    --------
    >>> rounded("t_score", 0.1278, 1), rounded("rate", 0.1278, 0)
    (0.13, 0.13)
    """
    # T = 50 + 10 x has the same digits with the fifty and without it.
    factor = FACTORS.get(unit, 1.0)
    return round(round(factor * value, digits) / factor, digits + 3) + 0.0


def mark(standing: str) -> str:
    """Which mark a standing carries: up, down, same or na.

    Examples
    --------
    >>> mark("probably_below")
    'down'
    """
    if standing.endswith("_above"):
        return "up"
    if standing.endswith("_below"):
        return "down"
    return "same" if standing == "not_distinguishable" else "na"


def wording_of(settings: Settings, lang: str) -> Wording:
    """The wording of one language, as the district's params have it."""
    return Wording(lang, settings.wording)


@cache
def _locale(lang: str) -> Locale:
    """A language's number forms, parsed once: babel looks a name up on every call."""
    return Locale.parse(LOCALES[lang])


def _is_zero(text: str) -> bool:
    return not text.strip("0.,")
