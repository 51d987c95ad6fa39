"""The data dictionary, docs/data.md: every table, column, word and fault, and what becomes of the files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalib.forgetting import PARTLY, PERSONAL
from evalib.handbook.docstrings import escaped
from evalib.handbook.given import both, joined, table
from evalib.intake.explained import Explanations, load_explanations, need_of
from evalib.intake.schemas import SCHEMAS
from evalib.intake.table import AREAS_OF_COMPETENCE, Table
from evalib.intake.workbooks import SUFFIXES
from evalib.messages import MESSAGES, of_check, of_intake
from evalib.settings import Strict, read_params
from evalib.settings.models import Bilingual
from evalib.vocabulary import LANGUAGES

FILE = "dictionary.yaml"
# Texts about files that are no faults of them: what a load or a check reports.
_NO_FAULTS = re.compile(r"(?:load|change|check|checked|copies|annotate|identity_key)_")
_FIELD = re.compile(r"\{[^{}]*\}")


class Chapter(Strict):
    """A chapter of explanations."""

    title: Bilingual
    text: list[Bilingual]


class DictionaryParams(Strict):
    """`dictionary.yaml`: what the document says beside tables, columns and words."""

    texts: dict[str, Bilingual]
    chapters: list[Chapter]


@dataclass(frozen=True)
class Described:
    """Everything that the dictionary is made from.

    Attributes
    ----------
    words
        Headings and explanations.
    told
        What staff are told of tables and columns, with headers and words.
    """

    words: DictionaryParams
    told: Explanations

    def text(self, key: str, **fields: Any) -> str:
        """A text of `dictionary.yaml` in both languages, on one line."""
        return both(self.words.texts[key], **fields)

    @property
    def fields(self) -> dict[str, str]:
        """What the explanations take from code and params."""
        columns = self.told.columns.params
        changed = columns.changed_numbers
        return {
            "suffixes": " ".join(SUFFIXES),
            "ignored": "、".join(columns.ignored_sheets),
            "summary": "、".join(columns.summary_rows),
            "identities": "、".join(columns.identities),
            "former": "、".join(changed.former),
            "current": "、".join(changed.current),
            "persons": ", ".join(f"`{name}`" for name in PERSONAL),
        }


def described(params: Path) -> Described:
    """Read the params of a folder.

    Raises
    ------
    ParameterError
        A file is missing or has faults.
    """
    return Described(read_params(params / FILE, DictionaryParams), load_explanations(params))


def dictionary(given: Described) -> str:
    """The whole document as Markdown."""
    blocks = [
        _opening(given),
        _overview(given),
        *(_chapter(given, chapter) for chapter in given.words.chapters),
        *(_table(given, one) for one in SCHEMAS.values()),
        _cells(given),
        *_words(given),
        _faults(given),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _opening(given: Described) -> list[str]:
    texts, columns, tables = given.words.texts, given.told.columns.params, given.told.params
    dates = {
        **{"columns": str(columns.dated), "columns_source": columns.source},
        **{"tables": str(tables.dated), "tables_source": tables.source},
    }
    lines = [f"# {given.text('data_title')}"]
    for key, fields in (("data_about", {}), ("data_dated", dates)):
        for lang in LANGUAGES:
            lines += ["", escaped(texts[key].in_(lang).format(**fields))]
    return lines


def _overview(given: Described) -> list[str]:
    rows = [
        (
            f"[{both(given.told.params.tables[name].name)}](#{name})",
            f"`{name}`",
            both(given.told.params.tables[name].about),
            given.text("must_be" if one.needed else "may_be"),
            given.text(_personal(name)),
        )
        for name, one in SCHEMAS.items()
    ]
    heads = [given.text("table"), "", *(given.text(key) for key in ("row", "must", "about_persons"))]
    return [f"## {given.text('tables_overview')}", "", *table(heads, rows)]


def _personal(name: str) -> str:
    return "all_rows" if name in PERSONAL else "some_rows" if name == PARTLY else "no_rows"


def _chapter(given: Described, chapter: Chapter) -> list[str]:
    lines = [f"## {both(chapter.title)}"]
    for one in chapter.text:
        for lang in LANGUAGES:
            lines += ["", escaped(one.in_(lang).format(**given.fields))]
    return lines


def _table(given: Described, one: Table) -> list[str]:
    named = given.told.params.tables[one.name]
    names = given.told.columns.params.tables[one.name].names
    lines = [f'<a id="{one.name}"></a>', "", f"## {both(named.name)} `{one.name}`"]
    for lang in LANGUAGES:
        lines += ["", escaped(named.about.in_(lang))]
    lines += [
        "",
        f"- {given.text('must')}: {given.text('must_be' if one.needed else 'may_be')}",
        f"- {given.text('about_persons')}: {given.text(_personal(one.name))}",
        f"- {given.text('key_columns')}: {', '.join(f'`{column}`' for column in one.key)}",
        f"- {given.text('named')}: {escaped('、'.join(names))}",
        "",
        f"### {given.text('kept')}",
        "",
        *_columns(given, one, one.columns),
    ]
    if one.context:
        lines += ["", f"### {given.text('read_only')}", "", *_columns(given, one, one.context)]
    if one.name == "scores":
        for lang in LANGUAGES:
            lines += ["", given.words.texts["subjects"].in_(lang)]
    return lines


def _columns(given: Described, one: Table, names: tuple[str, ...]) -> list[str]:
    keys = ("column", "headers", "cell", "range", "need", "what", "example")
    rows = [
        (
            f"`{name}`",
            _headers(given, one.name, name),
            f"[`{one.kind(name)}`](#kind-{one.kind(name)})",
            _range(given, one, name),
            given.text(need_of(one, name)),
            _about(given, one, name),
            escaped(given.told.column(one.name, name).example),
        )
        for name in names
    ]
    return table([given.text(key) for key in keys], rows)


def _headers(given: Described, name: str, column: str) -> str:
    entry = given.told.columns.params.tables[name].columns[column]
    first, *others = entry.headers
    scaled = [f"{escaped(one)} {given.text('scaled', factor=f'{by:g}')}" for one, by in entry.scaled.items()]
    return "、".join([f"**{escaped(first)}**", *(escaped(one) for one in others), *scaled])


def _range(given: Described, one: Table, column: str) -> str:
    vocabulary = given.told.columns.params.tables[one.name].columns[column].values
    entry = one.schema.columns.get(column)
    metadata = (entry.metadata or {}) if entry is not None else {}
    low, high = metadata.get("low"), metadata.get("high")
    said = [] if vocabulary is None else [f"[{vocabulary}](#values-{vocabulary})"]
    if low is not None:
        said.append(f"≥ {low:g}" if high is None else f"{low:g} – {high:g}")
    return ", ".join(said) or "–"


def _about(given: Described, one: Table, column: str) -> str:
    told = given.told.told(one.name, column)
    return joined(escaped(text) for text in (told.about if told else "", _english(one, column)) if text)


def _english(one: Table, column: str) -> str:
    """What the schema says of a column; of one that is not kept, what it is where it is kept."""
    area, _, told = column.partition("_")
    for name in (column, told) if area in AREAS_OF_COMPETENCE else (column,):
        for other in (one, *SCHEMAS.values()):
            if name in other.schema.columns:
                return str(other.schema.columns[name].description)
    return ""


def _cells(given: Described) -> list[str]:
    rows = [
        (f'<a id="kind-{kind}"></a>`{kind}`', *(escaped(text.in_(lang)) for lang in LANGUAGES))
        for kind, text in given.told.params.kinds.items()
    ]
    return [f"## {given.text('cells')}", "", *table([given.text("kind"), "中文", "English"], rows)]


def _words(given: Described) -> list[list[str]]:
    blocks = [[f"## {given.text('words_of_cells')}"]]
    heads = [given.text("kept_as"), given.text("written")]
    for name, words in given.told.columns.params.values.items():
        rows = [(f"`{clean}`", escaped("、".join(spellings))) for clean, spellings in words.items()]
        blocks.append([f'<a id="values-{name}"></a>', "", f"### `{name}`", "", *table(heads, rows)])
    return blocks


def _faults(given: Described) -> list[str]:
    keys = [key for key in (*of_intake.TEXTS, *of_check.TEXTS) if not _NO_FAULTS.match(key)]
    rows = [(f"`{key}`", *(escaped(_FIELD.sub("…", text)) for text in MESSAGES[key])) for key in keys]
    lines = [f"## {given.text('faults')}"]
    for lang in LANGUAGES:
        lines += ["", escaped(given.words.texts["faults_about"].in_(lang))]
    return [*lines, "", *table([given.text("data_key"), "中文", "English"], rows)]
