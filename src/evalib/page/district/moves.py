"""Status and change of all dimensions together, and where standings moved since last year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from evalib.page import charts
from evalib.page.charts import Chart, Grid
from evalib.page.district.five import DimensionOfDistrict
from evalib.page.district.parts import Parts
from evalib.page.district.sections import Row, Sections, stage_name, year_name
from evalib.page.district.view import DistrictView
from evalib.page.links import Linked, Piece
from evalib.page.tables import Note, Table
from evalib.vocabulary import DIMENSIONS, STANDINGS, SchoolYear

ACROSS, UPWARDS = ("below", "same", "above"), ("better", "same", "worse")


@dataclass(frozen=True)
class Moves:
    """What moved in a district since last year."""

    view: DistrictView

    @cached_property
    def sections(self) -> Sections:
        """The sections and what is measured of them."""
        return Sections(self.view)

    def shown(self) -> Parts:
        """The grids of status and change, and how standings moved."""
        return Parts((self.grids(), self.standings()))

    def grids(self) -> Chart | Note:
        """Status across and change upwards, a small grid for each stage and dimension."""
        view, words = self.view, self.view.words
        lines, cells = [], []
        for stage in view.stages:
            line = []
            for dimension in DIMENSIONS:
                one = DimensionOfDistrict(view, dimension)
                found = {key: len(rows) for key, rows in one.grid(stage).items()}
                known = sum(count for (_, move), count in found.items() if move)
                if not known:
                    line.append(Grid(one.name, (), words.label("all_no_comparison")))
                    continue
                counts = [[found[status, move] for status in ACROSS] for move in UPWARDS]
                line.append(Grid(one.name, counts))
                cells += self._cells(stage, one, found)
            if any(grid.counts for grid in line):
                lines.append((stage_name(words, stage), line))
        if not lines:
            return Note("", (view.speaker.note("change_unknown", {}),))
        heads = ("stage", "dimension", "all_status", *(f"all_move_{one}" for one in (*UPWARDS, "unknown")))
        return charts.grids(
            "moves",
            lines,
            across=[words.label(f"all_short_{one}") for one in ACROSS],
            upwards=[words.label(f"all_move_{one}") for one in UPWARDS],
            twin=Table(
                caption=words.label(
                    "all_grid_caption", sure=words.share(view.settings.measures.standing.change)
                ),
                heads=tuple(words.label(key) for key in heads),
                rows=tuple(cells),
                text_columns=frozenset({0, 1, 2}),
            ),
            message=self.lead(),
        )

    def lead(self) -> str:
        """How many standings can be said to have become better or worse since last year."""
        view, words = self.view, self.view.words
        counts: Counter[str] = Counter()
        for stage in view.stages:
            for dimension in DIMENSIONS:
                for (_, move), rows in DimensionOfDistrict(view, dimension).grid(stage).items():
                    counts[move] += len(rows)
        if not any(counts[move] for move in UPWARDS):
            return view.speaker.note("change_unknown", {})
        told = {
            move: words.count(int(view.tell(f"moves_{move}", counts[move]))) for move in ("better", "worse")
        }
        return view.speaker.note("all_grid", told)

    def standings(self) -> Table | Note:
        """How many sections' standings are others than last year, and in the restricted edition whose."""
        view, words = self.view, self.view.words
        last = str(SchoolYear(view.year).previous)
        cells = []
        for dimension in DIMENSIONS:
            for stage in view.stages:
                pairs = self._pairs(stage, dimension, last)
                if not pairs:
                    continue
                moved = [pair for pair in pairs if pair[0]["standing"] != pair[1]["standing"]]
                counts = Counter(_direction(then, now) for then, now in pairs)
                for key in ("up", "kept", "down"):
                    view.tell(f"moved_{dimension}_{stage}_{key}", counts[key])
                name = view.judged[dimension].name.in_(words.lang)
                cells.append(
                    (
                        name,
                        stage_name(words, stage),
                        *(words.count(counts[key]) for key in ("kept", "up", "down")),
                        self._which(moved),
                    )
                )
        if not cells:
            return Note("", (view.speaker.note("change_unknown", {}),))
        heads = ("dimension", "stage", "all_kept", "all_up", "all_down", "all_which")
        return Table(
            caption=words.label("all_moved_caption", year=year_name(words, last)),
            heads=tuple(words.label(key) for key in heads),
            rows=tuple(cells),
            text_columns=frozenset({0, 1, 5}),
            notes=(self.sections.formulas(*DIMENSIONS, "standing", "change"),),
        )

    def _cells(
        self, stage: str, one: DimensionOfDistrict, found: Mapping[tuple[str, str], int]
    ) -> list[tuple[str, ...]]:
        words, cells = self.view.words, []
        for status in reversed(ACROSS):
            counts = [found[status, move] for move in (*UPWARDS, "")]
            for move, count in zip((*UPWARDS, "unknown"), counts, strict=True):
                self.view.tell(f"grid_{one.dimension}_{stage}_{status}_{move}", count)
            said = (words.count(count) for count in counts)
            cells.append((stage_name(words, stage), one.name, words.label(f"all_side_{status}"), *said))
        return cells

    def _pairs(self, stage: str, dimension: str, last: str) -> list[tuple[Row, Row]]:
        """Last year's and this year's row of every section that was judged in both."""
        if last not in self.view.years:
            return []
        sections = self.sections
        then = {row["school_code"]: row for row in sections.shown(stage, dimension, year=last)}
        now = sections.shown(stage, dimension)
        pairs = [(then[row["school_code"]], row) for row in now if row["school_code"] in then]
        return [pair for pair in pairs if all(row["standing"] in STANDINGS for row in pair)]

    def _which(self, moved: Sequence[tuple[Row, Row]]) -> str:
        """From which standing to which: counts, and in the restricted edition the names."""
        words, sections = self.view.words, self.sections
        found: dict[tuple[str, str], list[Row]] = {}
        for then, now in sorted(moved, key=lambda pair: _steps(*pair)):
            found.setdefault((then["standing"], now["standing"]), []).append(now)
        pieces: list[Piece] = []
        for (before, after), rows in found.items():
            ends = [words.standing(one, "higher").partition(" ")[2] for one in (before, after)]
            change = words.label("all_from_to", before=ends[0], after=ends[1])
            end = words.label("all_part_end") if pieces else ""
            if self.view.names_sections:
                pieces.append((words.label("all_names_follow", end=end, change=change), None))
                pieces += sections.all_linked(rows).pieces
            else:
                pieces.append(
                    (words.label("all_count_follows", end=end, change=change, count=len(rows)), None)
                )
        return Linked(pieces) if pieces else words.label("withheld_value")


def _steps(then: Row, now: Row) -> int:
    """How many words lower a standing is than last year's; below 0 it is higher."""
    return STANDINGS.index(now["standing"]) - STANDINGS.index(then["standing"])


def _direction(then: Row, now: Row) -> str:
    steps = _steps(then, now)
    return "down" if steps > 0 else "up" if steps < 0 else "kept"
