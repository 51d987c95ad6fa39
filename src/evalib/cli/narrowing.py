"""The options that narrow a command to some of a district's reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from evalib.errors import ParameterError
from evalib.places import VARIABLE
from evalib.press.asked import FORMATS, Request
from evalib.vocabulary import EDITIONS, KINDS, LANGUAGES

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--year", help="Only this school year, such as 2024-2025."),
    click.option("--school", help="Only this school's sections, by 学校标识码."),
    click.option("--stage", help="Only this stage: primary or junior."),
    click.option("--kind", type=click.Choice(KINDS), help="Only reports of this kind."),
    click.option("--group", help="Only this education group's report, by its code."),
    click.option("--lang", "in_lang", type=click.Choice(LANGUAGES), help="Only this language."),
    click.option("--edition", type=click.Choice(EDITIONS), help="Only this edition."),
    click.option("--only", "formats", default="html,pdf", show_default=True, help="Only these: html, pdf."),
)


def narrowing(function: Function) -> Function:
    """Give a command the options year, school, stage, kind, group, lang, edition and only."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def placed(function: Function) -> Function:
    """Give a command the option output: where the districts' outputs lie."""
    return click.option(
        "--output",
        envvar=VARIABLE,
        metavar="FOLDER|URL",
        help="Where the districts' outputs lie in place of output/, such as s3://bucket/outputs.",
    )(function)


def request_of(narrowed: Mapping[str, str | None], workers: int | None = None) -> Request:
    """What these options ask for.

    Raises
    ------
    ParameterError
        `--only` names a format that there is not.
    """
    return Request(
        year=narrowed["year"],
        school=narrowed["school"],
        stage=narrowed["stage"],
        formats=_formats(narrowed["formats"] or ""),
        workers=workers,
        lang=narrowed["in_lang"],
        edition=narrowed["edition"],
        kind=narrowed["kind"],
        group=narrowed["group"],
    )


def _formats(given: str) -> tuple[str, ...]:
    asked = {part.strip() for part in given.split(",") if part.strip()}
    for one in sorted(asked):
        if one not in FORMATS:
            raise ParameterError("not_allowed", name="--only", value=one, allowed=", ".join(FORMATS))
    return tuple(one for one in FORMATS if one in asked) or FORMATS
