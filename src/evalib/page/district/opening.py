"""The notebook's front door to a district: one method a section of the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from evalib.page import charts
from evalib.page.charts import Chart
from evalib.page.district import frame
from evalib.page.district.between import Between
from evalib.page.district.company import Company
from evalib.page.district.definitions import definitions
from evalib.page.district.emitted import review_rows
from evalib.page.district.five import LEVELS, DimensionOfDistrict
from evalib.page.district.initiatives import InitiativesPage
from evalib.page.district.moves import Moves
from evalib.page.district.parts import Parts
from evalib.page.district.sections import stage_name
from evalib.page.district.standards import StandardsPage
from evalib.page.district.view import DistrictView
from evalib.page.tables import Context, Emission, Note, Table
from evalib.vocabulary import DIMENSIONS
from evalib.wording import mark


def open_district(year: str, *, lang: str = "zh", edition: str = "restricted", params: str) -> District:
    """Open all published measurements of a district's year.

    Parameters
    ----------
    year
        School year such as "2024-2025".
    lang
        "zh" or "en".
    edition
        "restricted", which names sections, or "public": see `DistrictView`.
    params
        The district's params file, from the project root.

    Raises
    ------
    ParameterError
        An argument is not one of those allowed.
    DataError
        The district has no data yet, or none for this year.
    """
    return District(frame.open_view(year, lang, edition, params))


@dataclass(frozen=True)
class District:
    """A district's annual review, section by section."""

    view: DistrictView

    @cached_property
    def academic(self) -> DimensionOfDistrict:
        """学业质量."""
        return DimensionOfDistrict(self.view, "academic")

    @cached_property
    def competence(self) -> DimensionOfDistrict:
        """综合素质."""
        return DimensionOfDistrict(self.view, "competence")

    @cached_property
    def talents(self) -> DimensionOfDistrict:
        """特色特长."""
        return DimensionOfDistrict(self.view, "talents")

    @cached_property
    def articulation(self) -> DimensionOfDistrict:
        """强基衔接."""
        return DimensionOfDistrict(self.view, "articulation")

    @cached_property
    def growth(self) -> DimensionOfDistrict:
        """增值发展."""
        return DimensionOfDistrict(self.view, "growth")

    @cached_property
    def moves(self) -> Moves:
        """Status and change of all dimensions together."""
        return Moves(self.view)

    @cached_property
    def standards(self) -> StandardsPage:
        """优质均衡: the national indicators."""
        return StandardsPage(self.view)

    @cached_property
    def initiatives(self) -> InitiativesPage:
        """五化: what the district states, and what the data say."""
        return InitiativesPage(self.view)

    def cover(self) -> Emission:
        """Title, running head and the exporter's own labels."""
        words = self.view.words
        district = self.view.settings.district.district.in_(words.lang)
        return frame.cover(
            self.view, words.label("all_title", district=district), words.label("district_report")
        )

    def context(self) -> Context:
        """Schools and sections, and the pupils of those whose number may be shown."""
        view, words = self.view, self.view.words
        schools = view.tell("schools", len({row["school_code"] for row in view.sections}))
        facts = [(words.label("all_schools"), words.count(int(schools)))]
        for stage in view.stages:
            rows = [row for row in view.sections if row["stage"] == stage]
            shown = [row["pupils_on_roll"] for row in rows if row["pupils_on_roll"] is not None]
            held = sum(bool(row["pupils_on_roll_withheld"]) for row in rows)
            for key, count in (("sections", len(rows)), ("with_roll", len(shown)), ("withheld", held)):
                view.tell(f"{key}_{stage}", count)
            name = stage_name(words, stage)
            facts.append((name, words.label("sections_count", count=words.count(len(rows)))))
            if shown:
                fields = {"stage": name, "count": words.count(len(shown)), "held": words.count(held)}
                label = words.label("all_pupils_without" if held else "all_pupils_of", **fields)
                facts.append((label, words.count(int(view.tell(f"pupils_{stage}", sum(shown))))))
        return Context(tuple(facts))

    def summary(self) -> Parts:
        """How many sections stand where in each dimension, and what the review comes to in a few lines."""
        review = (self.standards.brief(), self.initiatives.brief())
        lines = (*self._in_words(), Between(self.view).lead(), self.moves.lead(), *review)
        first = Note(self.view.words.label("all_first"), tuple(line for line in lines if line))
        return Parts((self._tallies(), first))

    def _in_words(self) -> list[str]:
        """A sentence a stage on how many sections are told from the district."""
        view, words, said = self.view, self.view.words, []
        for stage in view.stages:
            counts = [self._dimension(one).tally(stage) for one in DIMENSIONS]
            judged = sum(sum(one[:-1]) for one in counts)
            if not judged:
                continue
            above, below = (
                sum(one[place] for one in counts for place, level in enumerate(LEVELS) if mark(level) == side)
                for side in ("up", "down")
            )
            fields = {"judged": judged, "above": above, "below": below}
            told = {
                key: words.count(int(view.tell(f"summary_{stage}_{key}", n))) for key, n in fields.items()
            }
            said.append(view.speaker.note("all_summary", {"stage": stage_name(words, stage), **told}))
        return said

    def _dimension(self, dimension: str) -> DimensionOfDistrict:
        found: DimensionOfDistrict = getattr(self, dimension)
        return found

    def _tallies(self) -> Chart | Note:
        """Counts, and no order of schools."""
        view, words = self.view, self.view.words
        rows: list[tuple[str, bool, list[int]]] = []
        cells = []
        for stage in view.stages:
            name = stage_name(words, stage)
            tallies = [(one, one.tally(stage)) for one in map(self._dimension, DIMENSIONS)]
            if not any(sum(counts[:-1]) for _, counts in tallies):
                continue
            rows.append((name, True, []))
            for one, counts in tallies:
                rows.append((one.name, False, counts))
                cells.append((name, one.name, *(words.count(count) for count in counts)))
        if not rows:
            return Note("", (view.speaker.note("nothing_can_be_said", {}),))
        levels = [words.standing(level, "higher") for level in LEVELS]
        twin = Table(
            caption=words.label("all_summary_caption"),
            heads=(words.label("stage"), words.label("dimension"), *levels),
            rows=tuple(cells),
            text_columns=frozenset({0, 1}),
        )
        return charts.tallies("summary", rows, levels, twin=twin, message=words.run_on(self._in_words()))

    def between(self) -> Parts | Note:
        """How much sections differ, year by year, sampling error taken off."""
        return Between(self.view).tables()

    def groups_and_pairs(self) -> Table | Note:
        """Education groups and east–west pairs, in the first year shown and now."""
        return Company(self.view).before_and_after()

    def definitions(self) -> Table:
        """What each figure of the five dimensions' pages means and how it is computed."""
        return definitions(self.view)

    def provenance(self) -> Table:
        """Fingerprints of what the report was computed from."""
        return frame.provenance(self.view)

    def results(self) -> Emission:
        """Every number on the page, and what was read."""
        return frame.results(self.view, {"kind": "district", "review": review_rows(self.view)})
