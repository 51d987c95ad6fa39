"""What the published table says of one section, and of the sections it is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from evalib.errors import ParameterError
from evalib.page.charts import Interval
from evalib.page.findings import Speaker
from evalib.settings import IndicatorParams, Settings, nearest
from evalib.store import Store
from evalib.vocabulary import Estimate, Reason, Withheld
from evalib.wording import Wording, mark

Row = dict[str, Any]


@dataclass(frozen=True)
class View:
    """One section in one year, seen through the published table alone.

    Attributes
    ----------
    settings, store
        The district's params and its clean tables.
    words, speaker
        Labels and sentences in the page's language.
    school_code, stage, year
        Which section, which school year.
    years
        The years to show, this one last, at most three.
    edition
        "restricted" shows what is published; "public" the same rows, rounded as printed, with
        whatever is made of several figures made of published ones.
    told
        Numbers that the page tells beside the measurements, by what they are.
    """

    settings: Settings
    store: Store
    words: Wording
    speaker: Speaker
    school_code: str
    stage: str
    year: str
    years: tuple[str, ...]
    edition: str = "restricted"
    told: dict[str, float] = field(default_factory=dict)

    @cached_property
    def judged(self) -> dict[str, IndicatorParams]:
        """Every dimension's score and every indicator by its id, in the order of a page."""
        return self.settings.measures.judged

    @cached_property
    def _scale(self) -> pd.DataFrame:
        return self.store.read("published_scale", self.year)

    @property
    def provisional(self) -> bool:
        """Whether the scale of scores was made on the way and not frozen by the district."""
        return bool(self._scale["provisional"].all())

    @property
    def base_years(self) -> str:
        """The years in which the scale's 50 lies, in words."""
        years = sorted(set(" ".join(self._scale["base_years"]).split()))
        return self.words.listed([self.words.year(year) for year in years])

    def is_finding(self, row: Mapping[str, Any]) -> bool:
        """Whether a measurement may be among what to look at first: one indicator, shown, no mere check."""
        indicator = self.judged[row["indicator"]]
        single = row["indicator"] != row["dimension"] and indicator.measure != "value_added_intake"
        return single and not row["reason"]

    @cached_property
    def rows(self) -> list[Row]:
        """This section's measurements of this year, in the order of `measures.yaml`."""
        order = list(self.judged)
        subjects = ["", *self.words.catalogue["subjects"]]
        rows = [row for row in self.stage_rows(self.year) if row["school_code"] == self.school_code]
        return sorted(rows, key=lambda row: (order.index(row["indicator"]), _place(subjects, row["subject"])))

    @cached_property
    def profile(self) -> Row:
        """What is said of the school itself: name, area, size."""
        public = self.edition == "public"
        sections = self.store.rows("public_sections" if public else "published_sections", self.year)
        for row in sections:
            if row["school_code"] == self.school_code and row["stage"] == self.stage:
                return dict(row)
        codes = sorted({row["school_code"] for row in sections})
        raise ParameterError(
            "unknown_section",
            code=self.school_code,
            stage=self.stage,
            year=self.year,
            nearest=nearest(self.school_code, codes),
        )

    def name_of(self, dimension: str) -> str:
        """A dimension's name."""
        return self.settings.measures.dimensions[dimension].name.in_(self.words.lang)

    @cached_property
    def notes(self) -> list[tuple[str, str]]:
        """Notes on the data that concern this section: the sentence's id, and the sentence."""
        texts = []
        for row in self.store.rows("published_notes", self.year):
            if row["stage"] == self.stage and row["school_code"] in ("", self.school_code):
                fields = json.loads(row["fields"])
                # The public edition names no other school.
                unnamed = self.edition == "public" and "names" in fields
                key = f"{row['note']}_unnamed" if unnamed else row["note"]
                texts.append((key, self.speaker.note(key, self._words_for(fields))))
        return texts

    @cached_property
    def flows(self) -> list[Row]:
        """Where pupils went (primary) or came from (junior), small flows pooled; empty if not known.

        The public edition has none: they name other schools.
        """
        if self.edition == "public":
            return []
        mine, other = ("feeder", "receiver") if self.stage == "primary" else ("receiver", "feeder")
        names = {row["school_code"]: row["name"] for row in self.store.rows("published_sections", self.year)}
        return [
            {"name": names.get(row[other]), "pupils": row["pupils"]}
            for row in self.store.rows("published_flows", self.year)
            if row[mine] == self.school_code
        ]

    def stage_rows(self, year: str) -> list[Row]:
        """The measurements of all sections of the stage in one year."""
        return self._stages[year]

    def row(self, indicator: str, subject: str = "", year: str | None = None) -> Row | None:
        """One measurement of this section; None where it was never taken."""
        return self._mine[year or self.year].get((indicator, subject))

    def subjects_of(self, row: Mapping[str, Any]) -> list[Row]:
        """The same measurement of this section, subject by subject."""
        return [one for one in self.rows if one["indicator"] == row["indicator"] and one["subject"]]

    def precision(self, row: Mapping[str, Any]) -> float | None:
        """A measurement's standard error, or that of its interval, for how many digits it bears."""
        if row["se"] is not None or row["low"] is None or row["high"] is None:
            return row["se"]  # type: ignore[no-any-return]
        return float(row["high"] - row["low"]) / 3.92

    def figure(self, row: Mapping[str, Any] | None) -> Estimate | Withheld:
        """A measurement as what may be printed of it; one that was never taken is not evaluated."""
        if row is None:
            return Withheld(Reason.NOT_EVALUATED)
        if row["reason"]:
            return Withheld(Reason(row["reason"]))
        value, se, low, high = (row[name] for name in ("value", "se", "low", "high"))
        return Estimate(value, se, low, high, int(row["n"]), row["coverage"])

    def band(self, row: Mapping[str, Any], of: str = "band") -> str:
        """The band in place of a withheld number of pupils, or of a coverage that would tell one."""
        name = "band" if of == "band" else f"{of}_band"
        return self.words.band(row[name], self.settings.disclosure.minimum_numerator - 1, of)

    def others(self, indicator: str) -> list[Row]:
        """The other sections' measurements of this year that have a value."""
        rows = self._whole.get(indicator, ())
        return [row for row in rows if not row["reason"] and row["school_code"] != self.school_code]

    def drawn(self, indicator: str, value: float) -> float:
        """A figure in the units of a drawing: T points, percent or the figure itself."""
        unit = self.judged[indicator].unit
        return 50 + 10 * value if unit == "t_score" else 100 * value if unit == "rate" else value

    def interval(self, row: Mapping[str, Any]) -> Interval:
        """A measurement in the units of a drawing; one without an interval is a bare point."""
        ends = [row["value"] if row[key] is None else row[key] for key in ("value", "low", "high")]
        value, low, high = (self.drawn(row["indicator"], one) for one in ends)
        return Interval(value, low, high, mark(row["standing"] or "none"))

    def tell(self, what: str, value: float) -> float:
        """Remember a number that the page tells, so that the results hold it; returns it."""
        self.told[what] = round(float(value), 6)
        return value

    @cached_property
    def _mine(self) -> dict[str, dict[tuple[str, str], Row]]:
        """This section's measurements by year, then indicator and subject."""
        return {
            year: {
                (row["indicator"], row["subject"]): row
                for row in rows
                if row["school_code"] == self.school_code
            }
            for year, rows in self._stages.items()
        }

    @cached_property
    def _whole(self) -> dict[str, list[Row]]:
        """This year's measurements over all subjects, by indicator."""
        found: dict[str, list[Row]] = {}
        for row in self.stage_rows(self.year):
            if not row["subject"]:
                found.setdefault(row["indicator"], []).append(row)
        return found

    @cached_property
    def _stages(self) -> dict[str, list[Row]]:
        figures = "public" if self.edition == "public" else "published"
        return {
            year: [{**row, "label": self._label(row)} for row in self.store.rows(figures, year, self.stage)]
            for year in self.years
        }

    def _label(self, row: Mapping[str, Any]) -> str:
        name = self.judged[row["indicator"]].name.in_(self.words.lang)
        if row["subject"]:
            subject = self.words.known(row["subject"], "subjects")
            return self.words.label("subject_indicator", subject=subject, indicator=name)
        return name

    def _words_for(self, fields: Mapping[str, Any]) -> dict[str, str]:
        """Codes inside a note as words: grades, subjects; numbers as they are printed."""
        words = {}
        for key, value in fields.items():
            if key == "grade":
                words[key] = self.words.label(str(value), "grades")
            elif key == "grades":
                words[key] = self.words.listed([self.words.label(str(one), "grades") for one in value])
            elif key == "covariates":
                named = [self.words.known(str(one), "traits") for one in value]
                words[key] = self.words.listed(named) or self.words.label("none")
            elif key == "area":
                words[key] = self.words.known(str(value), "competence_areas")
            elif key == "before":
                words[key] = self.words.year(str(value))
            elif key == "names":
                more = "…" if fields.get("count", 0) > len(value) else ""
                words[key] = self.words.listed([str(one) for one in value]) + more
            elif key in ("share", "now", "then"):
                words[key] = self.words.share(value)
            elif key == "subject":
                words[key] = self.words.known(str(value), "subjects")
            elif isinstance(value, float):
                words[key] = self.words.decimal(value, 3 if key.startswith("variance") else 2)
            else:
                words[key] = self.words.count(value) if isinstance(value, int) else str(value)
        return words


def _place(known: list[str], subject: str) -> tuple[int, str]:
    """Where a subject stands: in the order of the wording, others after them by name."""
    return (known.index(subject) if subject in known else len(known), subject)
