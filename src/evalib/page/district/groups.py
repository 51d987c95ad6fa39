"""An education group's page: its members' five dimensions, their gap and its change, shared staff."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from evalib.errors import ParameterError
from evalib.page.district import frame
from evalib.page.district.company import Company, compared
from evalib.page.district.definitions import definitions
from evalib.page.district.members import Members
from evalib.page.district.parts import Parts
from evalib.page.district.sections import Row, Sections, short_year, stage_name, year_name
from evalib.page.district.view import DistrictView
from evalib.page.tables import Context, Emission, Note, Table
from evalib.settings import nearest
from evalib.vocabulary import DIMENSIONS

ROLES = ("lead", "branch", "new", "ally")


def open_group(
    group_code: str | int, year: str, *, lang: str = "zh", edition: str = "restricted", params: str
) -> Group:
    """Open an education group's published measurements of one year.

    Parameters
    ----------
    group_code
        As in the table of schools; a number that a launcher made of it is read as its digits.
    year, lang, edition, params
        As `open_district`.

    Raises
    ------
    ParameterError
        An argument is not one of those allowed, or the year has no such group.
    DataError
        The district has no data yet, or none for this year.
    """
    view = frame.open_view(year, lang, edition, params)
    rows = view.of_review("published_members")
    codes = sorted({str(row["group_code"]) for row in rows if row["group_code"]})
    if str(group_code) not in codes:
        near = nearest(str(group_code), codes)
        raise ParameterError("group_not_there", code=group_code, year=year, nearest=near)
    return Group(view, str(group_code))


@dataclass(frozen=True)
class Group:
    """An education group's report, section by section."""

    view: DistrictView
    code: str

    @cached_property
    def sections(self) -> Sections:
        """The district's sections and what is measured of them."""
        return Sections(self.view)

    @cached_property
    def members(self) -> list[Row]:
        """The group's sections, the leading one first, with their role."""
        rows = [row for row in self.sections.members().values() if row["group_code"] == self.code]
        order = {role: place for place, role in enumerate(ROLES)}
        return sorted(rows, key=lambda row: (order.get(row["group_role"], len(ROLES)), row["school_code"]))

    @property
    def name(self) -> str:
        """The group's name, or its code."""
        return self.sections.group_name(self.members[0])

    def cover(self) -> Emission:
        """Title, running head and the exporter's own labels."""
        return frame.cover(self.view, self.name, self.view.words.label("all_group_report"))

    def context(self) -> Context:
        """How many members of each stage, and how many joined since the first year shown."""
        view, words = self.view, self.view.words
        facts = []
        for stage, codes in self._stages.items():
            view.tell(f"members_{stage}", len(codes))
            count = words.label("sections_count", count=words.count(len(codes)))
            facts.append((stage_name(words, stage), count))
        company = Company(view)
        later = [company.joined_later(stage, codes) for stage, codes in self._stages.items()]
        known = [len(codes) for codes in later if codes is not None]
        label = words.label("all_joined_since", year=year_name(words, view.years[0]))
        said = words.label("unknown")
        if len(known) == len(later):
            said = words.label(
                "sections_count", count=words.count(int(view.tell("joined_later", sum(known))))
            )
        facts.append((label, said))
        return Context(tuple(facts))

    def roll(self) -> Table | Note:
        """Who the members are; the public edition gives their number alone."""
        view, words = self.view, self.view.words
        if not view.names_sections:
            count = words.count(int(view.tell("members", len(self.members))))
            return Note("", (view.speaker.note("all_members_counted", {"count": count}),))
        known = {(row["school_code"], row["stage"]): row for row in view.sections}
        rows = []
        for row in self.members:
            about = known.get((row["school_code"], row["stage"]), {})
            roll = about.get("pupils_on_roll")
            key = "not_shown" if about.get("pupils_on_roll_withheld") else "unknown"
            area = words.known(about["area"], "areas") if about.get("area") else words.label("unknown")
            role = row["group_role"]
            rows.append(
                (
                    self.sections.linked(row),
                    stage_name(words, row["stage"]),
                    words.label(f"all_role_{role}") if role in ROLES else role or words.label("unknown"),
                    area,
                    words.label(key) if roll is None else words.count(int(view.tell(_roll(row), roll))),
                )
            )
        heads = ("school", "stage", "all_role", "area", "pupils_on_roll")
        return Table(
            caption=words.label("all_members_caption"),
            heads=tuple(words.label(key) for key in heads),
            rows=tuple(rows),
            text_columns=frozenset({0, 1, 2, 3}),
        )

    def five(self) -> Parts:
        """The members' five dimensions beside the district, a figure a stage."""
        return Parts(tuple(self._beside.figure(stage) for stage in self._stages))

    def gap(self) -> Parts:
        """How far members lie apart, the spread without sampling error, and the change of the gap."""
        return Parts(tuple(self._gap(stage) for stage in self._stages))

    def shared_staff(self) -> Table | Note:
        """Teachers who teach in two of the members, and those who moved between them."""
        view, words = self.view, self.view.words
        found: dict[str, dict[str, float]] = {}
        for year in view.years:
            for row in view.of_review("balance_shared_staff", year):
                if row["group_code"] == self.code and row["value"] is not None:
                    found.setdefault(row["measure"], {})[year] = view.tell(
                        f"{row['measure']}_{year}", float(row["value"])
                    )
        if not found:
            return Note("", (view.speaker.note("all_shared_none", {}),))
        dash = words.label("withheld_value")
        rows = [
            (
                words.label(f"all_staff_{measure}"),
                *(words.count(int(values[year])) if year in values else dash for year in view.years),
            )
            for measure in ("taught_in_two", "moved_within")
            if (values := found.get(measure))
        ]
        return Table(
            caption=words.label("all_shared_caption"),
            heads=(words.label("what"), *(short_year(year) for year in view.years)),
            rows=tuple(rows),
        )

    def definitions(self) -> Table:
        """What each figure of this page means and how it is computed."""
        return definitions(self.view, ("standing", "spread", "gap"))

    def provenance(self) -> Table:
        """Fingerprints of what the report was computed from."""
        return frame.provenance(self.view)

    def results(self) -> Emission:
        """Every number on the page, and what was read."""
        return frame.results(self.view, {"kind": "group", "group_code": self.code})

    @cached_property
    def _beside(self) -> Members:
        return Members(self.sections, self.name, self.members)

    @cached_property
    def _stages(self) -> dict[str, frozenset[str]]:
        """School codes of the members by stage."""
        return {
            stage: frozenset(codes)
            for stage in self.view.stages
            if (codes := [str(row["school_code"]) for row in self.members if row["stage"] == stage])
        }

    def _gap(self, stage: str) -> Table | Note:
        view, words, company = self.view, self.view.words, Company(self.view)
        codes, name = self._stages[stage], stage_name(words, stage)
        dash = words.label("withheld_value")
        cells = []
        for dimension in DIMENSIONS:
            now = company.gap(stage, dimension, codes, view.year)
            if now is None:
                continue
            what = f"gap_{dimension}_{stage}"
            for key, value in (("", now.value), ("_low", now.low), ("_high", now.high)):
                view.tell(what + key, value)
            ends = "–".join(words.decimal(one, 1) for one in (now.low, now.high))
            spread = company.spread(stage, dimension, codes)
            told = dash
            if spread:
                for key, value in (("", spread.value), ("_low", spread.low), ("_high", spread.high)):
                    view.tell(f"spread_{dimension}_{stage}{key}", value)
                interval = "–".join(words.decimal(one, 1) for one in (spread.low, spread.high))
                told = words.label(
                    "value_with_interval", value=words.decimal(spread.value, 1), interval=interval
                )
            change = company.gap_change(stage, dimension, codes)
            cells.append(
                (
                    company.head(dimension),
                    words.label("value_with_interval", value=words.decimal(now.value, 1), interval=ends),
                    told,
                    compared(view, change, f"gap_change_{dimension}_{stage}", plain=True) if change else dash,
                )
            )
        if not cells:
            least = words.count(max(2, view.settings.disclosure.minimum_sections_split))
            return Note(name, (view.speaker.note("all_gap_too_few", {"stage": name, "least": least}),))
        later = company.joined_later(stage, codes) or []
        notes = [view.speaker.note("all_joined_later", {"count": words.count(len(later))})] if later else []
        notes.append(self.sections.formulas("gap", "spread"))
        return Table(
            caption=words.label("all_gap_caption", stage=name, year=year_name(words, view.years[0])),
            heads=tuple(
                words.label(key) for key in ("dimension", "all_gap", "all_spread_head", "all_gap_change")
            ),
            rows=tuple(cells),
            notes=tuple(notes),
        )


def _roll(row: Row) -> str:
    return f"roll_{row['school_code']}_{row['stage']}"
