"""The notebook's front door: open a school, then one method a section of the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from evalib import __version__
from evalib.errors import ParameterError
from evalib.page import method
from evalib.page.charts import Chart
from evalib.page.dimensions import (
    MODEL_NOTES,
    AcademicPage,
    ArticulationPage,
    DimensionPage,
    GrowthPage,
)
from evalib.page.findings import Speaker, first_findings
from evalib.page.overview import changes, lead_sentences, profile, similar
from evalib.page.tables import Context, Emission, FirstFindings, Lead, Note, Table
from evalib.page.view import Row, View
from evalib.settings import load_settings
from evalib.store import Store
from evalib.vocabulary import DIMENSIONS, EDITIONS, LANGUAGES, STAGES, YEARS_SHOWN, Reason
from evalib.wording import MARKS, TAGS, mark, wording_of

PAGE = "application/vnd.evalib.page+json"
# Remarks of the load, of the whole district.
QUALITY_NOTES = (
    "schools_gone",
    "mean_shifted",
    "pupils_unmatched",
    "rows_without_pupil",
    "rows_without_pupil_few",
)
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
    def articulation(self) -> ArticulationPage:
        """强基衔接."""
        return ArticulationPage(self.view, "articulation")

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
        joint = "" if self.view.words.lang == "zh" else " "
        return Lead(joint.join(lead_sentences(self.view)))

    def profile(self) -> Chart:
        """The five dimensions in one row each, with how sure each is."""
        return profile(self.view)

    def changes(self) -> Note:
        """What changed against last year, as far as that can be said."""
        return changes(self.view)

    def similar(self) -> Table | Note:
        """The section beside those most like it."""
        return similar(self.view)

    def first_findings(self) -> FirstFindings | Note:
        """The three findings a reviewer should look at first, both directions."""
        view, words = self.view, self.view.words
        chosen = first_findings([row for row in view.rows if not row["reason"] and view.is_finding(row)])
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
            text = view.speaker.about_indicator(row, view.judged[row["indicator"]])
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
        unjudged: dict[str, list[str]] = {}
        unscored: dict[str, list[str]] = {}
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
                    unjudged.setdefault(row["standing_reason"], []).append(row["label"])
                if row["score_reason"]:
                    unscored.setdefault(row["score_reason"], []).append(row["label"])
        withheld = [view.speaker.about_withheld(names, reason) for reason, names in silent.items()]
        for key, group in (("not_judged", unjudged), ("not_in_score", unscored)):
            for reason, names in group.items():
                fields = {"name": words.listed(names), "reason": words.reason(reason)}
                withheld.append(view.speaker.note(key, fields))
        notes = [text for key, text in view.notes if key not in (*MODEL_NOTES, *QUALITY_NOTES)]
        said = (*withheld, *notes)
        return Note("", said or (view.speaker.note("everything_said", {}),))

    def data_quality(self) -> Note:
        """What the load noticed about the year's files and did not stop for."""
        view = self.view
        said = tuple(text for key, text in view.notes if key in QUALITY_NOTES)
        return Note("", said or (view.speaker.note("quality_nothing", {}),))

    def precision(self) -> Table | Note:
        """How pupils of a class resemble each other, and what that and shrinkage do to each figure."""
        return method.precision(self.view)

    def scale(self) -> Table | Note:
        """What each dimension is made of: weights, scores, and what was left out."""
        return method.scale(self.view)

    def rules(self) -> Table:
        """Cuts, denominator, limits and probabilities in force."""
        return method.rules(self.view)

    def definitions(self) -> Table:
        """Every indicator's definition, status and source."""
        return method.definitions(self.view)

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
        tables = ("published", "published_scale", "published_flows", "published_sections", "published_notes")
        return self.view.store.fingerprint((table, year) for table in tables for year in self.view.years)


def _plain(row: Row) -> Row:
    """A row without what only print needs, and without anything JSON cannot hold."""
    return {
        key: value
        for key, value in row.items()
        if key != "label" and not (isinstance(value, float) and not math.isfinite(value))
    }
