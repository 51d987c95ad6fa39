"""`evalib plan` and `evalib explain`: what a run would do and why; nothing is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from evalib.cli.group import main, settings_of
from evalib.cli.narrowing import narrowing, placed, request_of
from evalib.messages import message

if TYPE_CHECKING:
    from evalib.preview import Preview
    from evalib.settings import Settings

# Names of files that are shown.
SHOWN = 3


@main.command()
@click.argument("params")
@narrowing
@placed
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one a core when not given.")
@click.pass_obj
def plan(lang: str, /, params: str, workers: int | None, output: str | None, **narrowed: str | None) -> None:
    """Tell how many reports a run would make and how long that would take.

    \b
    Example:
      evalib plan params/sample.yaml
    """
    from evalib.preview import preview

    settings = settings_of(params, output)
    found = preview(settings, request_of(narrowed, workers))
    for line in _stages(found, settings, lang):
        click.echo(line)
    if found.decisions:
        time = message("plan_time", lang, time=_duration(found.seconds)) if found.seconds else ""
        click.echo(message("plan_reports", lang, count=len(found.decisions), time=time, **found.counts))


@main.command()
@click.argument("params")
@narrowing
@placed
@click.pass_obj
def explain(lang: str, /, params: str, output: str | None, **narrowed: str | None) -> None:
    """Tell of each report whether a run would make it again, and what has changed.

    \b
    Example:
      evalib explain params/sample.yaml --school 2150000001
    """
    from evalib.press.ledger import told_name
    from evalib.preview import preview

    settings = settings_of(params, output)
    found = preview(settings, request_of(narrowed))
    for line in _stages(found, settings, lang):
        click.echo(line)
    for one in found.decisions:
        key = one.order.key
        name = told_name(key, lang)
        click.echo(message("explain_head", lang, name=name, edition=key.edition, language=key.lang))
        click.echo(message(f"explain_{one.action}", lang))
        for reason in one.reasons:
            click.echo(f"  - {message(reason.key, lang, **reason.fields)}")


def _stages(found: Preview, settings: Settings, lang: str) -> list[str]:
    """What comes before the reports, a line a stage that is due."""
    lines = []
    if found.load and not found.decisions:
        return [message("plan_first", lang, path=settings.district.files)]
    if found.files:
        lines.append(message("plan_load", lang, files=_listed(found.files, lang)))
    elif found.load:
        lines.append(message("plan_load_other", lang))
    if found.review:
        lines.append(message("plan_review", lang))
    return lines


def _listed(names: Sequence[str], lang: str) -> str:
    joint = "、" if lang == "zh" else ", "
    if len(names) <= SHOWN:
        return joint.join(names)
    return message("plan_more", lang, names=joint.join(names[:SHOWN]), count=len(names))


def _duration(seconds: float) -> str:
    """Seconds as a person says them, the same in both languages."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
