"""The tables at the end of the document: limits, points of awards, the fitness standard, words."""

from __future__ import annotations

from typing import Any

from evalib.handbook.docstrings import escaped
from evalib.handbook.given import Sources, both, joined, table
from evalib.settings import Strict
from evalib.settings.indicators import PLACES
from evalib.vocabulary import LANGUAGES, STANDINGS, Reason

# What says where a limit comes from or when, not what it is; and what other tables hold.
_NOT_LIMITS = ("source", "dated", "name", "about")
_IN_TABLES = ("points", "dimensions", "indicators")
# Groups whose keys a district may choose: one limit.
_OF_FREE_KEYS = ("quota", "cut_steps", "goes_with", "made_of_years")


def limits(given: Sources) -> dict[str, str]:
    """Every limit of the params by its dotted name, as it stands there."""
    return {
        name.removeprefix("measures."): value
        for key, params in (("measures", given.measures), ("disclosure", given.disclosure))
        for name, value in _leaves(key, params.model_dump(by_alias=True)).items()
    }


def _leaves(name: str, value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for key, inner in value.items():
            if key in _OF_FREE_KEYS:
                found[f"{name}.{key}"] = ", ".join(f"{one} {_plain(limit)}" for one, limit in inner.items())
            elif key not in (*_NOT_LIMITS, *_IN_TABLES):
                found |= _leaves(f"{name}.{key}", inner)
        return found
    if isinstance(value, list):
        return {name: ", ".join(_plain(one) for one in value) or "–"}
    return {name: str(value).lower() if isinstance(value, bool) else _plain(value)}


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def limits_table(given: Sources) -> list[str]:
    """What every limit is set to and means, and where it comes from."""
    rows = [
        (f"`{name}`", escaped(value), both(given.handbook.limits[name]))
        for name, value in limits(given).items()
    ]
    heads = [given.text(key) for key in ("limit", "value", "meaning")]
    told = {"disclosure": given.disclosure.source, **_sources_of(given.measures)}
    cited = [(f"`{name}`", escaped(source)) for name, source in told.items()]
    return [
        f"## {given.text('limits')}",
        "",
        *table(heads, rows),
        "",
        *table([given.text("limit"), given.text("source")], cited),
    ]


def _sources_of(params: Strict, within: str = "") -> dict[str, str]:
    """Where the limits of each group of params come from, by its dotted name."""
    told: dict[str, str] = {}
    for name, value in params:
        if name == "source":
            told[within] = value
        elif isinstance(value, Strict):
            told |= _sources_of(value, f"{within}.{name}".lstrip("."))
    return told


def points_table(given: Sources) -> list[str]:
    """Points of an award by level and place."""
    texts = given.handbook
    rows = [
        (both(texts.levels[level]), *(f"{one:g}" for one in row))
        for level, row in given.measures.talents.points.items()
    ]
    heads = [given.text("level"), *(both(texts.places[place]) for place in PLACES)]
    return [f"## {given.text('points')}", "", *table(heads, rows)]


def fitness_table(given: Sources) -> list[str]:
    """Which items the fitness standard tests in which grade, with what weight."""
    standard, texts = given.fitness, given.handbook
    groups = standard.weights
    heads = [given.text("item")]
    for group in groups:
        grades = f"{group.grades[0]}–{group.grades[-1]}"
        sexes = "" if len(group.sexes) > 1 else f" ({both(texts.sexes[group.sexes[0]])})"
        heads.append(f"{given.text('grades')} {grades}{sexes}")
    heads.append(given.text("bonus"))
    rows = []
    for item, name in texts.items.items():
        bonus = standard.bonus.items.get(item)
        weights = [str(group.items.get(item, "–")) for group in groups]
        rows.append((both(name), *weights, str(max(bonus.points)) if bonus else "–"))
    said = given.handbook.texts["fitness_dated"]
    lines = [f"## {given.text('fitness')}"]
    for lang in LANGUAGES:
        fields = {"source": standard.source, "dated": standard.dated.isoformat()}
        lines += ["", escaped(said.in_(lang).format(at_most=standard.bonus.at_most, **fields))]
    return [*lines, "", *table(heads, rows)]


def words_tables(given: Sources) -> list[str]:
    """The words of standings, and of reasons why a figure is not given."""
    standings = [
        (
            f"`{one}`",
            *(
                joined(words.catalogue["standings"][way][one][lang] for lang, words in given.words.items())
                for way in ("higher", "lower")
            ),
        )
        for one in STANDINGS
    ]
    reasons = [(f"`{one.value}`", given.label(one.value, "reasons")) for one in Reason]
    key = given.text("key")
    return [
        f"## {given.text('words')}",
        "",
        f"### {given.text('standings')}",
        "",
        *table([key, given.text("higher"), given.text("lower")], standings),
        "",
        f"### {given.text('reasons')}",
        "",
        *table([key, given.text("meaning")], reasons),
    ]
