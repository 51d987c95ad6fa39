"""The words that every room shares: frozen values without behaviour of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

DIMENSIONS = ("academic", "competence", "talents", "articulation", "growth")
STAGES = ("primary", "junior")
# 五化: under which the national indicators are shown.
INITIATIVES = ("assurance", "conditions", "teachers", "quality", "care")
LANGUAGES = ("zh", "en")
# As documents declare them.
LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en"}
YEARS_SHOWN = 3  # in a page's trend lines
EDITIONS = ("restricted", "public")
# Kinds of reports, in the order in which a run makes them.
KINDS = ("school", "group", "district")
# What stands for a code where a report is the whole district's.
# The id of the rule over the seven indicators of resources, beside those of the indicators.
SECTION_RULE = "R"
DISTRICT = "district"
# The score over the five dimensions; off unless params ask for it.
OVERALL = "overall"
STANDINGS = (
    "clearly_above",
    "probably_above",
    "not_distinguishable",
    "probably_below",
    "clearly_below",
)

_YEAR = re.compile(r"\d{4}-\d{4}")
# What a code may hold that no folder's name should.
_UNFIT = re.compile(r"[^\w-]")


class Reason(StrEnum):
    """Why a figure is not given."""

    NOT_EVALUATED = "not_evaluated"
    NO_DATA = "no_data"
    NO_COMPARABLE_PAPER = "no_comparable_paper"
    NO_FULL_MARK = "no_full_mark"
    NO_PRIOR = "no_prior"
    NO_VARIANCE = "no_variance"
    TOO_FEW = "too_few"
    TOO_FEW_SECTIONS = "too_few_sections"
    LOW_COVERAGE = "low_coverage"
    LOW_RELIABILITY = "low_reliability"
    NOT_APPLICABLE = "not_applicable"
    FIT_FAILED = "fit_failed"
    MODELS_DISAGREE = "models_disagree"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, order=True)
class SchoolYear:
    """A school year such as 2024-2025.

    Raises
    ------
    ValueError
        The text is not two consecutive years joined by a hyphen.

    Examples
    --------
    >>> SchoolYear("2024-2025").previous
    SchoolYear(text='2023-2024')
    """

    text: str

    def __post_init__(self) -> None:
        if not _YEAR.fullmatch(self.text) or int(self.text[5:]) != int(self.text[:4]) + 1:
            raise ValueError(f"not a school year: {self.text!r}")

    @property
    def previous(self) -> SchoolYear:
        """The year before."""
        start = int(self.text[:4])
        return SchoolYear(f"{start - 1}-{start}")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Estimate:
    """A figure with its uncertainty.

    Attributes
    ----------
    value, se, low, high
        In the indicator's own unit; `se`, `low`, `high` are None for a figure of record.
    n
        Pupils that count.
    coverage
        n divided by those who should count, 0 to 1.
    """

    value: float
    se: float | None
    low: float | None
    high: float | None
    n: int
    coverage: float | None


@dataclass(frozen=True)
class Withheld:
    """No figure, and why."""

    reason: Reason


@dataclass(frozen=True, order=True)
class ReportKey:
    """What names a report: kind, year, code, stage, edition, language.

    The code is a school's, a group's, or `DISTRICT`; only a school's report has a stage, the others "".
    """

    kind: str
    year: str
    code: str
    stage: str
    edition: str = "restricted"
    lang: str = "zh"

    @property
    def folder(self) -> str:
        """The report's folder below its year: 2150000001-primary, group-JT01 or district.

        >>> ReportKey("group", "2024-2025", "J/1", "").folder
        'group-J~2f~1'
        """
        if self.kind == "district":
            return DISTRICT
        code = _UNFIT.sub(lambda found: f"~{ord(found[0]):x}~", self.code)
        return f"group-{code}" if self.kind == "group" else f"{code}-{self.stage}"
