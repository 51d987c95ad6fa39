"""What the document is made from: every params file, and its words in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalib.handbook.docstrings import escaped
from evalib.settings import DisclosureParams, MeasuresParams, Strict, read_params
from evalib.settings.models import Bilingual, WordingParams
from evalib.settings.standards import FitnessParams
from evalib.vocabulary import LANGUAGES
from evalib.wording import Wording


class NamedStep(Strict):
    """A step of the computation: its name and what it does."""

    name: Bilingual
    about: Bilingual


class BalanceWords(Strict):
    """What docs/balance.md says beside names, limits and formulas; by kind of rule, amount, unit."""

    texts: dict[str, Bilingual]
    parts: dict[str, Bilingual]
    units: dict[str, Bilingual]
    amounts: dict[str, Bilingual]
    counted: dict[str, Bilingual]
    rules: dict[str, Bilingual]
    shared: dict[str, Bilingual]


class HandbookParams(Strict):
    """`handbook.yaml`: what the document says beside definitions and formulas."""

    texts: dict[str, Bilingual]
    order: list[Bilingual]
    methods: dict[str, NamedStep]
    units: dict[str, Bilingual]
    limits: dict[str, Bilingual]
    levels: dict[str, Bilingual]
    places: dict[str, Bilingual]
    sexes: dict[str, Bilingual]
    items: dict[str, Bilingual]
    balance: BalanceWords


@dataclass(frozen=True)
class Sources:
    """Every params file that the document is made from, and the words of both languages."""

    measures: MeasuresParams
    disclosure: DisclosureParams
    fitness: FitnessParams
    handbook: HandbookParams
    words: dict[str, Wording]

    def text(self, key: str, **fields: Any) -> str:
        """A text of `handbook.yaml` in both languages, on one line."""
        return both(self.handbook.texts[key], **fields)

    def label(self, key: str, group: str = "labels") -> str:
        """A label of `wording.yaml` in both languages."""
        return joined(escaped(words.label(key, group)) for words in self.words.values())


def sources(params: Path) -> Sources:
    """Read the params of a folder.

    Raises
    ------
    ParameterError
        A file is missing or has faults.
    """
    wording = read_params(params / "wording.yaml", WordingParams).model_dump()
    return Sources(
        read_params(params / "measures.yaml", MeasuresParams),
        read_params(params / "disclosure.yaml", DisclosureParams),
        read_params(params / "standards" / "fitness_2014.yaml", FitnessParams),
        read_params(params / "handbook.yaml", HandbookParams),
        {lang: Wording(lang, wording) for lang in LANGUAGES},
    )


def both(text: Bilingual, **fields: Any) -> str:
    """A text in Chinese and English on one line, its fields filled in."""
    return joined(escaped(text.in_(lang).format(**fields)) for lang in LANGUAGES)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; what stands in the cells is escaped already.

    Examples
    --------
    >>> table(["a", "b"], [["1", "2"]])
    ['| a | b |', '| --- | --- |', '| 1 | 2 |']
    """
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows)]


def joined(texts: Iterable[str]) -> str:
    """Texts of several languages on one line, the same text once."""
    return " · ".join(dict.fromkeys(texts))
