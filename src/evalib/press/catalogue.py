"""The index page over all reports of a district and year."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from evalib import __version__
from evalib.press.ledger import Ledger
from evalib.settings import Settings
from evalib.store import Store
from evalib.vocabulary import ReportKey
from evalib.wording import TAGS, Wording, mark, wording_of


@dataclass(frozen=True)
class Entry:
    """One section's row: name, standings, links, and what failed."""

    code: str
    name: str
    stage: str
    area: str
    standings: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    fate: str
    cause: str


def write_catalogue(settings: Settings, store: Store, ledger: Ledger, year: str, folder: Path) -> Path:
    """Write `index.html` over every section of a year, whether its report was made or not.

    Returns
    -------
    The page's path.
    """
    lang = settings.district.languages[0]
    words = wording_of(settings, lang)
    sections = store.read("published_sections", year)
    sections = sections.astype(object).where(sections.notna(), None)
    entries = [
        _entry(
            settings,
            ledger,
            words,
            ReportKey("school", year, row["school_code"], row["stage"], lang=lang),
            {str(name): value for name, value in row.items()},
            folder,
        )
        for row in sections.to_dict("records")
    ]
    leads = [one for one in settings.measures.dimensions.values() if one.lead]
    page = _template().render(
        lang=TAGS[lang],
        title=words.label(
            "catalogue_title", district=settings.district.district.in_(lang), year=words.year(year)
        ),
        eyebrow=f"{settings.district.district.in_(lang)} · {words.label('review')}",
        year=words.year(year),
        words=words,
        dimensions=[one.name.in_(lang) for one in leads],
        entries=entries,
        summary=words.label(
            "summary",
            made=sum(entry.fate == "made" for entry in entries),
            failed=sum(entry.fate == "failed" for entry in entries),
        ),
        version=__version__,
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    aside = folder / f".index.html.{os.getpid()}"
    aside.write_text(page, encoding="utf-8")
    aside.replace(path)
    return path


def _entry(
    settings: Settings, ledger: Ledger, words: Wording, key: ReportKey, row: dict[str, Any], folder: Path
) -> Entry:
    results = _results(folder / key.folder / "results.json")
    links = []
    for stem, ending in _files(settings):
        if (folder / key.folder / f"{stem}.{ending}").is_file():
            label = ending.upper() if stem == "report" else f"{ending.upper()} ({stem.partition('.')[2]})"
            links.append((label, f"{key.folder}/{stem}.{ending}"))
    return Entry(
        code=key.code,
        name=row["name"] or words.label("unnamed_school", code=key.code),
        stage=words.label(key.stage, "stages"),
        area=words.known(row["area"], "areas") if row.get("area") else "",
        standings=_standings(settings, words, results),
        links=tuple(links),
        fate=ledger.fate(key) or "none",
        cause=ledger.cause(key, words.lang),
    )


def _files(settings: Settings) -> list[tuple[str, str]]:
    stems = ["report", *(f"report.{lang}" for lang in settings.district.languages[1:])]
    return [(stem, ending) for stem in stems for ending in ("html", "pdf")]


def _standings(settings: Settings, words: Wording, results: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Words and mark of each measured dimension's lead indicator."""
    found = {
        row["indicator"]: row
        for row in results.get("measurements", [])
        if not row["subject"] and row["year"] == results["year"]
    }
    directions = {one.id: one.direction for one in settings.measures.indicators}
    cells = []
    for dimension in settings.measures.dimensions.values():
        if dimension.lead:
            row = found.get(dimension.lead)
            if row is None:
                cells.append((words.label("withheld_value"), "na"))
            elif row["reason"]:
                cells.append((words.reason(row["reason"]), "na"))
            else:
                standing = row["standing"] or "none"
                cells.append((words.standing(standing, directions[dimension.lead]), mark(standing)))
    return tuple(cells)


def _results(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


@cache
def _template() -> Any:
    source = files("evalib.press").joinpath("templates/catalogue.html.j2").read_text("utf-8")
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(source)
