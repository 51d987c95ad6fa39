"""The notebook's front door: open a school, then one method a section of the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from evalib import __version__
from evalib.errors import ParameterError
from evalib.page import method
from evalib.page.charts import Chart
from evalib.page.cover import RESULTS, cover, provenance
from evalib.page.dimensions import (
    MODEL_NOTES,
    AcademicPage,
    ArticulationPage,
    CompetencePage,
    DimensionPage,
    GrowthPage,
)
from evalib.page.district.own import own_resources
from evalib.page.district.parts import Parts
from evalib.page.findings import Speaker, first_findings
from evalib.page.indicators import findable, tell_finding
from evalib.page.overview import changes, limits, profile, silences, similar, standings
from evalib.page.tables import Context, Emission, FirstFindings, Note, Pair, Standings, Table
from evalib.page.view import Row, View
from evalib.settings import load_settings
from evalib.store import Store
from evalib.vocabulary import EDITIONS, LANGUAGES, STAGES, YEARS_SHOWN
from evalib.wording import MARKS, mark, wording_of

# Remarks of the load, of the whole district.
QUALITY_NOTES = (
    "schools_gone",
    "schools_gone_unnamed",
    "mean_shifted",
    "pupils_unmatched",
    "rows_without_pupil",
    "rows_without_pupil_few",
)


def open_school(
    school_code: str | int,
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
        学校标识码, text. papermill's `-p` hands over a number, which is read as its digits; it
        loses zeros in front, so a code that begins with one needs papermill's `-r`.
    stage
        "primary" or "junior".
    year
        School year such as "2024-2025".
    lang
        "zh" or "en".
    edition
        "restricted", for the school and its reviewers: unrounded figures in `results.json`, exact
        numbers of pupils, other schools where pupils went or came from. "public": see `View`.
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
    known = store.years("public" if edition == "public" else "published")
    wanted = [one for one in known if one <= year][-YEARS_SHOWN:]
    if year not in known:
        store.read("published", year)
    words = wording_of(settings, lang)
    speaker = Speaker(settings.sentences, words)
    view = View(settings, store, words, speaker, str(school_code), stage, year, tuple(wanted), edition)
    try:
        view.profile  # noqa: B018 - an unknown section is told here, not in the middle of the page
    except ParameterError:
        if isinstance(school_code, int):
            raise ParameterError("code_as_number", code=school_code, stage=stage, year=year) from None
        raise
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
    def competence(self) -> CompetencePage:
        """综合素质."""
        return CompetencePage(self.view, "competence")

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
        name = view.profile["name"] or words.label("unnamed_school", code=view.school_code)
        title = words.label("school_title", school=name, stage=words.label(view.stage, "stages"))
        return cover(
            view.settings,
            words,
            title=title,
            subtitle=words.label("report_kind"),
            year=view.year,
            data=self._data,
        )

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

    def standings(self) -> Standings:
        """How the section stands: over all, and one sentence a dimension."""
        return standings(self.view)

    def profile(self) -> Chart | Note:
        """The five dimensions in one row each, with how sure each is."""
        return profile(self.view)

    def limits(self) -> Pair:
        """What is known well, and what this year's data cannot say and why."""
        return limits(self.view)

    def changes(self) -> Note:
        """What changed against last year, as far as that can be said."""
        return changes(self.view)

    def similar(self) -> Table | Note:
        """The section beside those most like it."""
        return similar(self.view)

    def first_findings(self) -> FirstFindings | Note:
        """The three findings a reviewer should look at first, both directions."""
        view, words = self.view, self.view.words
        chosen = first_findings(findable(view))
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
            text = tell_finding(view, row)
            if not text:
                continue
            dimension = view.settings.measures.dimensions[row["dimension"]].name.in_(words.lang)
            one = mark(row["standing"])
            pupils = words.count(int(row["n"]))
            tag = words.label("tag_pupils", dimension=dimension, count=pupils)
            findings.append((text, f"{MARKS[one]} {tag}", one))
        return (
            FirstFindings(tuple(findings))
            if findings
            else Note("", (view.speaker.note("nothing_stands_out", {}),))
        )

    def not_said(self) -> Note:
        """What this year's data cannot say, and why."""
        view, words = self.view, self.view.words
        silent, unjudged, unscored = silences(view)
        withheld = [view.speaker.about_withheld(names, reason) for reason, names in silent.items()]
        for key, group in (("not_judged", unjudged), ("not_in_score", unscored)):
            for reason, names in group.items():
                fields = {"name": words.listed(names), "reason": words.reason(reason)}
                withheld.append(view.speaker.note(key, fields))
        notes = [text for key, text in view.notes if key not in (*MODEL_NOTES, *QUALITY_NOTES)]
        said = (*withheld, *notes)
        return Note("", said or (view.speaker.note("everything_said", {}),))

    def definitions_changed(self) -> Note:
        """What changed in definitions and indicators since last year."""
        return method.definitions_changed(self.view)

    def models(self) -> Note:
        """What the models were fitted to, and what came out."""
        said = tuple(text for key, text in self.view.notes if key in MODEL_NOTES)
        return Note("", said or (self.view.speaker.note("no_models", {}),))

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

    def scores_and_precision(self) -> Parts:
        """`scale` and `precision`, one below the other."""
        return Parts((self.scale(), self.precision()))

    def resources(self) -> Table | Note:
        """优质均衡: the section's seven resources beside their limits."""
        return own_resources(self.view)

    def rules(self) -> Table:
        """Cuts, denominator, limits and probabilities in force."""
        return method.rules(self.view)

    def definitions(self) -> Table:
        """Every indicator's definition, status and source."""
        return method.definitions(self.view)

    def provenance(self) -> Table:
        """Fingerprints of what the report was computed from."""
        return provenance(self.view.settings, self.view.words, self._data)

    def results(self) -> Emission:
        """Every number on the page with its reason when withheld, and what was read."""
        view = self.view
        section_rows = {
            year: [r for r in view.stage_rows(year) if r["school_code"] == view.school_code]
            for year in view.years
        }
        measurements = [self._of_results(row) for rows in section_rows.values() for row in rows]
        content = {
            "school_code": view.school_code,
            "stage": view.stage,
            "year": view.year,
            "edition": view.edition,
            "measurements": measurements,
            "profile": _plain(view.profile),
            "flows": [_plain(row) for row in view.flows],
            "sections_compared": len({row["school_code"] for row in view.stage_rows(view.year)}),
            "told": dict(sorted(view.told.items())),
            "notes": [text for _, text in view.notes],
            "read": [
                {"table": table, "year": year, "sha256": digest}
                for (table, year), digest in sorted(view.store.slices_read.items())
            ],
            "params": view.settings.fingerprint,
            "evalib": __version__,
        }
        return Emission(RESULTS, content, f"{len(measurements)} measurements")

    def _of_results(self, row: Row) -> Row:
        """A measurement as `results.json` has it: bands in words."""
        bands = {"band": self.view.band(row)} if row["band"] else {}
        if row["coverage_band"]:
            bands["coverage_band"] = self.view.band(row, "coverage")
        return _plain({**row, **bands})

    @cached_property
    def _data(self) -> str:
        public = self.view.edition == "public"
        own: tuple[str, ...] = ("public", "public_sections")
        if not public:
            own = ("published", "published_sections", "published_flows")
        tables = (*own, "published_scale", "published_notes")
        return self.view.store.fingerprint((table, year) for table in tables for year in self.view.years)


def _plain(row: Row) -> Row:
    """A row without what only print needs, and without anything JSON cannot hold."""
    return {
        key: value
        for key, value in row.items()
        if key != "label" and not (isinstance(value, float) and not math.isfinite(value))
    }
