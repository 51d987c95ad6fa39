"""The document itself: each indicator with its definition, cuts and formula, and how all are judged.

Made by hand with `python -m evalib.handbook`, never by a report. The same params and
the same code give the same text.
"""

from __future__ import annotations

from pathlib import Path

from evalib.handbook.balance import balance_book, balance_sources
from evalib.handbook.claims import CLAIMS
from evalib.handbook.dictionary import described, dictionary
from evalib.handbook.docstrings import escaped, quoted
from evalib.handbook.formulas import FORMULAS, METHODS, Documented
from evalib.handbook.given import Sources, both, joined, sources, table
from evalib.handbook.tables import fitness_table, limits_table, points_table, words_tables
from evalib.review.yearly import BUILDERS
from evalib.settings import IndicatorParams, MeasuresParams
from evalib.settings.indicators import CUT_NAMES
from evalib.vocabulary import LANGUAGES

ROOT = Path(__file__).parents[3]
TARGET = ROOT / "docs" / "measures.md"
DATA = ROOT / "docs" / "data.md"
BALANCE = ROOT / "docs" / "balance.md"


def handbook(given: Sources) -> str:
    """The whole document as Markdown."""
    blocks = [
        _opening(given),
        _order(given),
        _overview(given),
        *(_dimension(given, name) for name in given.measures.dimensions),
        _methods(given),
        limits_table(given),
        points_table(given),
        fitness_table(given),
        _claims(given),
        words_tables(given),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _opening(given: Sources) -> list[str]:
    texts = given.handbook.texts
    dates = {"measures": given.measures.dated, "disclosure": given.disclosure.dated}
    lines = [f"# {given.text('title')}"]
    for key, fields in (("about", {}), ("dated", dates), ("reading", {})):
        for lang in LANGUAGES:
            lines += ["", escaped(texts[key].in_(lang).format(**fields))]
    return lines


def _order(given: Sources) -> list[str]:
    lines = [f"## {given.text('order')}", ""]
    for number, step in enumerate(given.handbook.order, 1):
        lines += [f"{number}. {escaped(step.zh)}  ", f"   {escaped(step.en)}"]
    return lines


def _overview(given: Sources) -> list[str]:
    measures = given.measures
    rows = [
        (
            both(measures.dimensions[one.dimension].name),
            f"[{both(one.name)}](#{one.id})",
            f"`{one.measure}`",
            _weight(one),
            given.text("judged" if one.standing else "of_record"),
        )
        for name in measures.dimensions
        for one in measures.indicators
        if one.dimension == name
    ]
    heads = [given.text(key) for key in ("dimension", "indicator", "measure", "weight", "standing")]
    return [f"## {given.text('overview')}", "", *table(heads, rows)]


def _dimension(given: Sources, name: str) -> list[str]:
    measures = given.measures
    dimension = measures.dimensions[name]
    inside = [one for one in measures.indicators if one.dimension == name]
    lead = next(one for one in measures.indicators if one.id == dimension.lead)
    lines = [
        f"## {both(dimension.name)}",
        "",
        f"{given.text('dimension_status')}: {given.label(dimension.status, 'status')}; "
        f"{given.text('lead')}: [{both(lead.name)}](#{lead.id})",
    ]
    for indicator in inside:
        lines += ["", *_indicator(given, indicator)]
    lines += ["", f"### {given.text('formula')}: {both(dimension.name)}"]
    for function, home in _homes(measures).items():
        if home == name:
            lines += ["", *_function(function)]
    return lines


def _homes(measures: MeasuresParams) -> dict[Documented, str]:
    """Each function of a formula with the dimension under which it is printed: the first that uses it.

    A function of a step that all indicators share is printed there.
    """
    shared = {function for functions in METHODS.values() for function in functions}
    homes: dict[Documented, str] = {}
    for name in measures.dimensions:
        for one in measures.indicators:
            if one.dimension == name:
                for function in FORMULAS[one.measure]:
                    if function not in shared:
                        homes.setdefault(function, name)
    return homes


def _indicator(given: Sources, indicator: IndicatorParams) -> list[str]:
    smallest = "–"
    if indicator.smallest_difference is not None:
        smallest = joined(
            escaped(words.difference(indicator.unit, indicator.smallest_difference).removeprefix("+"))
            for words in given.words.values()
        )
    facts = {
        "cut": _cut(given, indicator),
        "unit": both(given.handbook.units[indicator.unit]),
        "direction": given.text(indicator.direction),
        "weight": _weight(indicator),
        "smallest": smallest,
        "standing": given.text("judged" if indicator.standing else "of_record"),
        "status": given.label(indicator.status, "status"),
    }
    lines = [f'<a id="{indicator.id}"></a>', "", f"### {both(indicator.name)}", "", f"`{indicator.id}`"]
    for words in given.words.values():
        lines += ["", escaped(words.about(indicator, given.measures))]
    lines += ["", *table([given.text(key) for key in facts], [list(facts.values())])]
    lines += ["", f"{given.text('source')}: {both(indicator.source)}"]
    links = ", ".join(f"[`{_name(one)}`](#{_name(one)})" for one in FORMULAS[indicator.measure])
    lines += ["", f"{given.text('formulas_of')}: {links}"]
    return [*lines, "", *quoted(BUILDERS[indicator.measure])]


def _function(function: Documented) -> list[str]:
    name = _name(function)
    return [f'<a id="{name}"></a>', "", f"#### `{name}`", "", *quoted(function)]


def _name(function: Documented) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def _weight(indicator: IndicatorParams) -> str:
    return f"{indicator.weight:.2f}" if indicator.weight else "–"


def _cut(given: Sources, indicator: IndicatorParams) -> str:
    cut = indicator.cut
    if cut is None:
        return "–"
    if cut in CUT_NAMES:
        share = {lang: words.share(given.measures.cuts.of(str(cut))) for lang, words in given.words.items()}
        text = given.handbook.texts["cut_of_full_mark"]
        said = joined(escaped(text.in_(lang).format(share=share[lang])) for lang in LANGUAGES)
        return f"{said} ({given.text('cut_hint')})"
    return f"≥ {cut}" if isinstance(cut, str) else f"≥ {cut:g}"


def _methods(given: Sources) -> list[str]:
    lines = [f"## {given.text('methods')}"]
    for key, step in given.handbook.methods.items():
        lines += ["", f"### {both(step.name)}"]
        for lang in LANGUAGES:
            lines += ["", escaped(step.about.in_(lang))]
        for function in METHODS[key]:
            lines += ["", *_function(function)]
    return lines


def _claims(given: Sources) -> list[str]:
    rows = [
        (escaped(one.claim), f"`tests/{one.test}`", given.text("proof" if one.long else "fast"))
        for one in CLAIMS
    ]
    lines = [f"## {given.text('claims')}"]
    for lang in LANGUAGES:
        lines += ["", escaped(given.handbook.texts["claims_about"].in_(lang))]
    return [*lines, "", *table([given.text(key) for key in ("claim", "test", "kind")], rows)]


def main() -> None:
    """Write the documents where they belong."""
    params = ROOT / "params"
    for path, text in (
        (TARGET, handbook(sources(params))),
        (DATA, dictionary(described(params))),
        (BALANCE, balance_book(balance_sources(params))),
    ):
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: written")
