"""Commands that fix what later runs must not change: freeze, issue."""

from __future__ import annotations

import click

from evalib.cli.group import main, settings_of
from evalib.messages import message


@main.command()
@click.argument("params")
@click.option("--year", "years", multiple=True, help="A base year; repeat it for several. All years if none.")
@click.pass_obj
def freeze(lang: str, params: str, years: tuple[str, ...]) -> None:
    """Fix the scale of the dimensions' scores, so that they can change between years.

    \b
    Example:
      evalib freeze params/sample.yaml --year 2022-2023 --year 2023-2024
    """
    from evalib import measuring
    from evalib.making import held

    settings = settings_of(params)
    with held(settings):
        frozen = measuring.freeze(settings, years)
    said = {"path": settings.frozen_path, "years": ", ".join(frozen.base_years)}
    click.echo(message("scale_frozen", lang, **said))


@main.command()
@click.argument("params")
@click.option("--year", required=True, help="The school year that is handed out, such as 2024-2025.")
@click.pass_obj
def issue(lang: str, params: str, year: str) -> None:
    """Fix which figures of a year are withheld, before its reports are handed out.

    Later runs withhold the same, whatever years or files come in between. Run it again
    only when the year is handed out anew.

    \b
    Example:
      evalib issue params/sample.yaml --year 2024-2025
    """
    from evalib import measuring
    from evalib.making import held

    settings = settings_of(params)
    with held(settings):
        cells = measuring.issue(settings, year).years[year].cells
    withheld = sum(len(one.few) + len(one.low) + len(one.high) + len(one.others) for one in cells)
    click.echo(message("year_issued", lang, path=settings.issued_path, year=year, count=withheld))
