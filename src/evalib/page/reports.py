"""The notebook's front door: open a school, then one method a section of the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalib import __version__
from evalib.errors import ParameterError
from evalib.page import charts
from evalib.page.charts import Chart, ProfileRow
from evalib.page.dimensions import MODEL_NOTES, AcademicPage, DimensionPage, GrowthPage, headline
from evalib.page.findings import Speaker, first_findings
from evalib.page.tables import Context, Emission, FirstFindings, Lead, Note, Table
from evalib.page.view import Row, View
from evalib.settings import IndicatorParams, load_settings
from evalib.store import Store
from evalib.vocabulary import DIMENSIONS, EDITIONS, LANGUAGES, STAGES, YEARS_SHOWN, Reason
from evalib.wording import MARKS, TAGS, mark, wording_of

PAGE = "application/vnd.evalib.page+json"
RESULTS = "application/vnd.evalib.results+json"


def open_school(
    school_code: str,
    stage: str,
    year: str,
    *,
    lang: str = "zh",
    edition: str = "restricted",
    params: str,
) -> School:
    """Open one section's published measurements of one year.

    Parameters
    ----------
    school_code
        学校标识码, text.
    stage
        "primary" or "junior".
    year
        School year such as "2024-2025".
    lang
        "zh" or "en".
    edition
        "restricted" or "public".
    params
        The district's params file, from the project root.

    Raises
    ------
    ParameterError
        An argument is not one of those allowed, or the section is unknown.
    DataError
        The district has no data yet, or none for this year.
    """
    for name, given, allowed in (
        ("stage", stage, STAGES),
        ("lang", lang, LANGUAGES),
        ("edition", edition, EDITIONS),
    ):
        if given not in allowed:
            raise ParameterError("not_allowed", name=name, value=given, allowed=", ".join(allowed))
    settings = load_settings(params)
    store = Store(settings.store)
    known = store.years("published")
    wanted = [one for one in known if one <= year][-YEARS_SHOWN:]
    if year not in known:
        store.read("published", year)
    words = wording_of(settings, lang)
    view = View(
        settings, store, words, Speaker(settings.sentences, words), school_code, stage, year, tuple(wanted)
    )
    view.profile  # noqa: B018 - an unknown section is told here, not in the middle of the page
    return School(view)


@dataclass(frozen=True)
class School:
    """One section's report, section by section."""

    view: View

    @cached_property
    def academic(self) -> AcademicPage:
        """学业质量."""
        return AcademicPage(self.view, "academic")

    @cached_property
    def growth(self) -> GrowthPage:
        """增值发展."""
        return GrowthPage(self.view, "growth")

    @cached_property
    def competence(self) -> DimensionPage:
        """综合素质."""
        return DimensionPage(self.view, "competence")

    @cached_property
    def talents(self) -> DimensionPage:
        """特色特长."""
        return DimensionPage(self.view, "talents")

    @cached_property
    def articulation(self) -> DimensionPage:
        """强基衔接."""
        return DimensionPage(self.view, "articulation")

    def cover(self) -> Emission:
        """Title, running head and the exporter's own labels."""
        view, words = self.view, self.view.words
        district = view.settings.district.district.in_(words.lang)
        name = view.profile["name"] or words.label("unnamed_school", code=view.school_code)
        title = words.label("school_title", school=name, stage=words.label(view.stage, "stages"))
        content = {
            "lang": TAGS[words.lang],
            "title": title,
            "eyebrow": f"{district} · {words.label('review')}",
            "subtitle": f"{words.year(view.year)} · {words.label('report_kind')}",
            "running_head": f"{title} · {words.year(view.year)}",
            "fingerprint": words.label(
                "fingerprint", data=self._data, params=view.settings.fingerprint, version=__version__
            ),
            "labels": {
                "contents": words.label("contents"),
                "page": words.catalogue["labels"]["page"][words.lang],
                "table_twin": words.label("table_twin"),
                "skip": words.label("skip"),
            },
        }
        return Emission(PAGE, content, title)

    def context(self) -> Context:
        """Size, place and company of the section."""
        words, profile = self.view.words, self.view.profile
        unknown = words.label("not_shown" if profile["pupils_on_roll_withheld"] else "unknown")
        roll = profile["pupils_on_roll"]
        facts = [(words.label("pupils_on_roll"), unknown if roll is None else words.count(int(roll)))]
        if profile.get("area"):
            side = [words.label(profile["side"], "sides")] if profile.get("side") else []
            facts.append((words.label("area"), " · ".join([words.known(profile["area"], "areas"), *side])))
        for key in ("migrant_share", "free_lunch_share"):
            if profile.get(key) is not None:
                facts.append((words.label(key), words.share(profile[key])))
        if profile.get("group"):
            facts.append((words.label("group"), profile["group"]))
        compared = {row["school_code"] for row in self.view.stage_rows(self.view.year)}
        facts.append((words.label("sections_compared"), words.label("sections_count", count=len(compared))))
        return Context(tuple(facts))

    def lead(self) -> Lead:
        """How the section stands in the dimensions that were measured."""
        view = self.view
        measured = [one for one in DIMENSIONS if view.settings.measures.dimensions[one].lead]
        joint = "" if view.words.lang == "zh" else " "
        return Lead(joint.join(headline(view, one) for one in measured))

    def profile(self) -> Chart:
        """The five dimensions in one row each, with how sure each is."""
        view, words = self.view, self.view.words
        rows, cells = [], []
        for dimension in DIMENSIONS:
            params = view.settings.measures.dimensions[dimension]
            name = params.name.in_(words.lang)
            row = view.row(params.lead) if params.lead else None
            if row is None or row["reason"]:
                said = words.reason(row["reason"] if row else Reason.NOT_EVALUATED)
                rows.append(ProfileRow(name, f"{MARKS['na']} {said}"))
                cells.append((name, "–", words.label("withheld_value"), words.label("withheld_value"), said))
                continue
            indicator = view.indicators[row["indicator"]]
            said = words.standing(row["standing"] or "none", indicator.direction)
            rows.append(ProfileRow(name, said, _t_interval(row), self._band(row["indicator"])))
            figures = (words.value(indicator.unit, row["value"], row["se"]),)
            interval = words.interval(indicator.unit, row["low"], row["high"], row["se"])
            cells.append((name, indicator.name.in_(words.lang), *figures, interval, said))
        table = Table(
            caption=words.label("profile_caption"),
            heads=tuple(
                words.label(key) for key in ("dimension", "indicator", "value", "interval", "standing")
            ),
            rows=tuple(cells),
            text_columns=frozenset({0, 1, 4}),
        )
        return charts.profile("profile", rows, axis=words.label("t_axis"), twin=table)

    def first_findings(self) -> FirstFindings | Note:
        """The three findings a reviewer should look at first, both directions."""
        view, words = self.view, self.view.words
        chosen = first_findings([row for row in view.rows if not row["reason"]])
        if not chosen:
            shown = [row for row in view.rows if not row["reason"]]
            judged = [row for row in shown if row["standing"] not in ("", "none", None)]
            key = (
                "nothing_stands_out"
                if judged
                else "nothing_can_be_judged"
                if shown
                else "nothing_can_be_said"
            )
            return Note("", (view.speaker.note(key, {}),))
        findings = []
        for row in chosen:
            text = view.speaker.about_indicator(row, view.indicators[row["indicator"]])
            dimension = view.settings.measures.dimensions[row["dimension"]].name.in_(words.lang)
            one = mark(row["standing"])
            pupils = words.count(int(row["n"]))
            tag = words.label("tag_pupils", dimension=dimension, count=pupils)
            findings.append((text, f"{MARKS[one]} {tag}", one))
        return FirstFindings(tuple(findings))

    def not_said(self) -> Note:
        """What this year's data cannot say, and why."""
        view, words = self.view, self.view.words
        silent: dict[str, list[str]] = {}
        unjudged = []
        for dimension in DIMENSIONS:
            params = view.settings.measures.dimensions[dimension]
            rows = [row for row in view.rows if row["dimension"] == dimension and not row["subject"]]
            if not rows:
                silent.setdefault(Reason.NOT_EVALUATED, []).append(params.name.in_(words.lang))
            for row in rows:
                # A subject that is missing under a figure over all subjects is told as well.
                parts = [] if row["reason"] or row["indicator"] != params.lead else view.subjects_of(row)
                for one in (row, *parts):
                    if one["reason"]:
                        silent.setdefault(one["reason"], []).append(one["label"])
                if row["standing_reason"]:
                    unjudged.append(view.speaker.about_indicator(row, view.indicators[row["indicator"]]))
        withheld = [view.speaker.about_withheld(names, reason) for reason, names in silent.items()]
        notes = [text for key, text in view.notes if key not in MODEL_NOTES]
        said = (*withheld, *unjudged, *notes)
        return Note("", said or (view.speaker.note("everything_said", {}),))

    def precision(self) -> Table | Note:
        """How pupils of a class resemble each other, and what that and shrinkage do to each figure."""
        view, words = self.view, self.view.words
        dash = words.label("withheld_value")
        rows = []
        for row in view.rows:
            if not row["reason"] and not row["subject"]:
                unit = view.indicators[row["indicator"]].unit
                shrunken = dash
                if row["shrunken"] is not None:
                    ends = words.interval(unit, row["shrunken_low"], row["shrunken_high"], row["shrunken_se"])
                    value = words.value(unit, row["shrunken"], row["shrunken_se"])
                    shrunken = words.label("value_with_interval", value=value, interval=ends)
                known = (row["class_correlation"], row["design_effect"], row["reliability"])
                figures = (dash if one is None else words.decimal(one, 2) for one in known)
                rows.append((row["label"], *figures, shrunken))
        heads = ("indicator", "class_correlation", "design_effect", "reliability", "shrunken")
        if not rows:
            return Note("", (view.speaker.note("nothing_can_be_said", {}),))
        return Table(
            caption=words.label("precision_caption"),
            heads=tuple(words.label(key) for key in heads),
            rows=tuple(rows),
        )

    def definitions(self) -> Table:
        """Every indicator's definition, status and source."""
        words, measures = self.view.words, self.view.settings.measures
        return Table(
            caption=words.label("definitions_caption"),
            heads=tuple(words.label(key) for key in ("indicator", "definition", "source", "status")),
            rows=tuple(
                (
                    one.name.in_(words.lang),
                    self._about(one),
                    one.source.in_(words.lang),
                    words.label(one.status, "status"),
                )
                for one in measures.indicators
            ),
            text_columns=frozenset(range(4)),
        )

    def _about(self, indicator: IndicatorParams) -> str:
        """An indicator's definition with the cuts and limits in force."""
        words, measures = self.view.words, self.view.settings.measures
        return indicator.about.in_(words.lang).format(
            cut=words.share(measures.cuts.of(indicator.cut)) if indicator.cut else "",
            denominator=words.label(f"denominator_{measures.denominator}"),
            match_rate_minimum=words.share(measures.growth.match_rate_minimum),
        )

    def rules(self) -> Table:
        """Cuts, denominator, limits and probabilities in force."""
        words, settings = self.view.words, self.view.settings
        measures, standing = settings.measures, settings.measures.standing
        by_unit = {
            one.unit: one.smallest_difference for one in measures.indicators if one.smallest_difference
        }
        cuts = (measures.cuts.excellent, measures.cuts.pass_, measures.cuts.low)
        difference = words.label(
            "rule_difference_value",
            scores=by_unit.get("sd", 0.0),
            rates=round(100 * by_unit.get("rate", 0.0)),
        )
        minimum = (settings.disclosure.minimum_n, settings.disclosure.minimum_n_standing)
        rows = (
            ("rule_denominator", words.label(f"denominator_{measures.denominator}")),
            ("rule_cuts", " · ".join(words.share(cut) for cut in cuts)),
            ("rule_difference", difference),
            ("rule_probability", f"{words.share(standing.clear)} · {words.share(standing.probable)}"),
            ("rule_minimum", " · ".join(words.count(one) for one in minimum)),
            ("rule_match", words.share(measures.growth.match_rate_minimum)),
            ("rule_sections", words.count(standing.minimum_sections)),
        )
        return Table(
            caption=words.label("rules_caption"),
            heads=(words.label("rule"), words.label("setting")),
            rows=tuple((words.label(key), said) for key, said in rows),
            text_columns=frozenset({0, 1}),
        )

    def provenance(self) -> Table:
        """Fingerprints of what the report was computed from."""
        words = self.view.words
        return Table(
            caption=words.label("provenance_caption"),
            heads=(words.label("part"), words.label("fingerprint_head")),
            rows=(
                (words.label("data_part"), self._data),
                (words.label("params_part"), self.view.settings.fingerprint),
                (words.label("library_part"), f"evalib {__version__}"),
            ),
            text_columns=frozenset({0, 1}),
        )

    def results(self) -> Emission:
        """Every number on the page with its reason when withheld, and what was read."""
        view = self.view
        section_rows = {
            year: [r for r in view.stage_rows(year) if r["school_code"] == view.school_code]
            for year in view.years
        }
        content = {
            "school_code": view.school_code,
            "stage": view.stage,
            "year": view.year,
            "measurements": [_plain(row) for rows in section_rows.values() for row in rows],
            "profile": _plain(view.profile),
            "notes": [text for _, text in view.notes],
            "read": [
                {"table": table, "year": year, "sha256": digest}
                for (table, year), digest in sorted(view.store.slices_read.items())
            ],
            "params": view.settings.fingerprint,
            "evalib": __version__,
        }
        return Emission(RESULTS, content, f"{len(content['measurements'])} measurements")

    @cached_property
    def _data(self) -> str:
        tables = ("published", "published_sections", "published_notes")
        return self.view.store.fingerprint((table, year) for table in tables for year in self.view.years)

    def _band(self, indicator: str) -> tuple[float, float] | None:
        rows = [row for row in self.view.stage_rows(self.view.year) if row["indicator"] == indicator]
        values = [50 + 10 * row["value"] for row in rows if not row["reason"] and not row["subject"]]
        if len(values) < 4:
            return None
        low, high = np.quantile(values, [0.25, 0.75])
        return float(low), float(high)


def _t_interval(row: Row) -> charts.Interval:
    """A score or growth figure, in pupil standard deviations, as T points."""
    value, low, high = (50 + 10 * row[key] for key in ("value", "low", "high"))
    return charts.Interval(value, low, high, mark(row["standing"] or "none"))


def _plain(row: Row) -> Row:
    """A row without what only print needs, and without anything JSON cannot hold."""
    return {
        key: value
        for key, value in row.items()
        if key != "label" and not (isinstance(value, float) and not math.isfinite(value))
    }
