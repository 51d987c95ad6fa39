"""The index page over all reports of a district and year.

The district's own report and its groups' come first, then one table of every section; all of
it is whole without script. Where script may run, one small script of
ours adds search and filters; the page's content policy knows it by its hash and lets no other run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup as Safe

from evalib import __version__, places
from evalib.markup import printable
from evalib.press.catalogued import FATES, Catalogued
from evalib.press.ledger import Ledger
from evalib.press.plan import groups_of
from evalib.settings import Settings
from evalib.store import Store
from evalib.vocabulary import DISTRICT, STANDINGS, Reason, ReportKey
from evalib.wording import MARKS, TAGS, Wording, mark, wording_of

# One letter a standing, so that a page of thousands of rows stays small: 1 is clearly above.
CODES = {standing: str(position) for position, standing in enumerate(STANDINGS, start=1)}
UNJUDGED = "0"
Row = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """One dimension's standing: its words, its mark, its letter among the filters, why there is none."""

    words: str
    mark: str
    code: str
    reason: str = ""


@dataclass(frozen=True)
class Entry:
    """One section's row.

    Attributes
    ----------
    code, name, stage, area, group
        The section, in words.
    standings
        One a dimension, in the order of the params.
    links
        Label and address of each file that is there.
    fate
        One of `FATES`: a report that was made from what has since changed is stale.
    causes
        Why it failed, or what has changed.
    """

    code: str
    name: str
    stage: str
    area: str
    group: str
    standings: tuple[Standing, ...]
    links: tuple[tuple[str, str], ...]
    fate: str
    causes: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether it failed and an earlier report is still there."""
        return self.fate == "failed" and bool(self.links)

    @property
    def codes(self) -> str:
        """The letters of its standings, one a dimension."""
        return "".join(one.code for one in self.standings)


@dataclass(frozen=True)
class Whole:
    """The line of a report about more than one section, in one edition and all languages.

    Attributes
    ----------
    name, code
        The district's report, or a group and its code, in words.
    edition
        Empty where there is only one.
    links, fate, causes
        As of `Entry`.
    """

    name: str
    code: str
    edition: str
    links: tuple[tuple[str, str], ...]
    fate: str
    causes: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether it failed and an earlier report is still there."""
        return self.fate == "failed" and bool(self.links)


def write_catalogue(settings: Settings, store: Store, ledger: Ledger, year: str, folder: Path) -> Path:
    """Write `index.html` over every report of a year, whether it was made or not.

    Parameters
    ----------
    settings, store, ledger
        The district's params, its published tables and the record of its reports.
    year
        Which school year.
    folder
        Where its reports lie, and the page will.

    Returns
    -------
    The page's path.
    """
    words = wording_of(settings, settings.district.languages[0])
    sections = store.read("published_sections", year)
    reports = Catalogued(settings, store, ledger, words, folder)
    entries = list(_entries(settings, store, sections, reports, year))
    wholes = list(_wholes(settings, sections, reports, year))
    places.make_folder(folder)
    path = folder / "index.html"
    places.replace(path, catalogue(settings, words, year, entries, wholes).encode(), durable=False)
    return path


def catalogue(
    settings: Settings, words: Wording, year: str, entries: Sequence[Entry], wholes: Sequence[Whole] = ()
) -> str:
    """The page over these sections as HTML, above them the reports about more than one."""
    district = settings.district.district.in_(words.lang)
    names = [one.name.in_(words.lang) for one in settings.measures.dimensions.values()]
    script = _resource("catalogue.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page: str = _template().render(
        lang=TAGS[words.lang],
        title=printable(words.label("catalogue_title", district=district, year=words.year(year))),
        eyebrow=printable(f"{district} · {words.label('review')}"),
        words=words,
        dimensions=names,
        labels=Safe("".join(_label_rule(position, name) for position, name in enumerate(names, start=4))),
        entries=entries,
        wholes=wholes,
        counts=[(fate, sum(entry.fate == fate for entry in entries)) for fate in FATES],
        filters=_filters(words, entries),
        standings=_standing_filter(words),
        style=Safe(_resource("catalogue.css")),
        script=Safe(script),
        policy=Safe(f"'sha256-{digest}'"),
        version=__version__,
    )
    return page


def _entries(
    settings: Settings, store: Store, sections: pd.DataFrame, reports: Catalogued, year: str
) -> Iterable[Entry]:
    words = reports.words
    judged = _judged(settings, store, year)
    for row in sections.astype(object).where(sections.notna(), None).to_dict("records"):
        code, stage = row["school_code"], row["stage"]
        keys = [
            ReportKey("school", year, code, stage, edition, lang)
            for edition in settings.district.editions
            for lang in settings.district.languages
        ]
        fate, causes = reports.fate(keys)
        yield Entry(
            code=printable(code),
            name=printable(row["name"] or words.label("unnamed_school", code=code)),
            stage=words.label(stage, "stages"),
            area=printable(words.known(row["area"], "areas")) if row.get("area") else "",
            group=printable(row.get("group") or ""),
            standings=tuple(
                _standing(words, judged.get((code, stage, dimension)))
                for dimension in settings.measures.dimensions
            ),
            links=reports.links(ReportKey("school", year, code, stage)),
            fate=fate,
            causes=tuple(printable(cause) for cause in causes),
        )


def _wholes(settings: Settings, sections: pd.DataFrame, reports: Catalogued, year: str) -> Iterable[Whole]:
    """The district's report and those of its groups, one an edition."""
    words, district = reports.words, settings.district
    subjects = [("district", DISTRICT, words.label("district_report"), "")]
    for code, name in groups_of(sections).items():
        subjects.append(
            ("group", code, name or words.label("unnamed_group", code=code), code if name else "")
        )
    for kind, code, name, shown in subjects:
        for edition in district.editions if kind in district.reports else ():
            keys = [ReportKey(kind, year, code, "", edition, lang) for lang in district.languages]
            fate, causes = reports.fate(keys)
            yield Whole(
                name=printable(name),
                code=printable(shown),
                edition=words.label(f"edition_{edition}") if len(district.editions) > 1 else "",
                links=reports.links(keys[0]),
                fate=fate,
                causes=tuple(printable(cause) for cause in causes),
            )


def _judged(settings: Settings, store: Store, year: str) -> dict[tuple[str, str, str], Row]:
    """The published score of each section's dimensions."""
    columns = ["school_code", "stage", "indicator", "subject", "reason", "standing", "standing_reason"]
    rows: pd.DataFrame = store.read("published", year, columns)
    rows = rows[rows["indicator"].isin(settings.measures.dimensions) & rows["subject"].eq("")]
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return {
        (row["school_code"], row["stage"], row["indicator"]): {str(name): one for name, one in row.items()}
        for row in records
    }


def _standing(words: Wording, row: Row | None) -> Standing:
    """A dimension's standing as the report's first page says it."""
    withheld = Reason.NOT_EVALUATED if row is None else row["reason"]
    if row is None or withheld:
        return Standing(f"{MARKS['na']} {words.reason(withheld)}", "na", UNJUDGED)
    standing = row["standing"] or "none"
    reason = row["standing_reason"] if standing == "none" else ""
    return Standing(
        words.standing(standing, "higher"),
        mark(standing),
        CODES.get(standing, UNJUDGED),
        words.reason(reason) if reason else "",
    )


def _filters(words: Wording, entries: Sequence[Entry]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The plain filters: name, label, and what may be chosen. One that tells nothing apart is left out."""
    known = [
        (
            name,
            words.label(name),
            [(one, one) for one in dict.fromkeys(getattr(e, name) for e in entries) if one],
        )
        for name in ("stage", "area", "group")
    ]
    fates = [fate for fate in FATES if any(entry.fate == fate for entry in entries)]
    known.append(("fate", words.label("fate"), [(fate, words.label(f"fate_{fate}")) for fate in fates]))
    return [one for one in known if len(one[2]) > 1]


def _standing_filter(words: Wording) -> list[tuple[str, str]]:
    """Letters that a choice allows, and its words: both degrees together first, then each standing."""
    both = [("12", words.label("filter_above")), ("45", words.label("filter_below"))]
    each = [(CODES[one], words.standing(one, "higher")) for one in STANDINGS]
    return [*both, *each, (UNJUDGED, words.standing("none", "higher"))]


def _label_rule(position: int, words: str) -> str:
    """A narrow page's label before a row's cell, once in the style and not in each of thousands of rows."""
    escaped = "".join(f"\\{ord(letter):x} " for letter in words)
    return f'tbody>tr>:nth-child({position})::before{{content:"{escaped}"}}'


@cache
def _resource(name: str) -> str:
    return files("evalib.press").joinpath("templates", name).read_text("utf-8")


@cache
def _template() -> Any:
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(_resource("catalogue.html.j2"))
