"""`evalib run` and `evalib verify`: reports are made."""

from __future__ import annotations

import shlex
import signal
import sys
from typing import TYPE_CHECKING

import click

from evalib.cli.group import INTERRUPTED, REPORT_FAILED, main, settings_of
from evalib.cli.narrowing import narrowing, placed, request_of
from evalib.messages import message
from evalib.places import place
from evalib.press.asked import FORMATS
from evalib.progress import Events, Progress, Teller

if TYPE_CHECKING:
    from evalib.press.verify import Verdict


@main.command()
@click.argument("params")
@narrowing
@placed
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one a core when not given.")
@click.option(
    "--cluster",
    metavar="local|tcp://HOST:PORT",
    help="Make the reports on a Dask cluster: one started here, or the one of this scheduler.",
)
@click.option("--json", "as_json", is_flag=True, help="Events instead of messages, one JSON object a line.")
@click.pass_obj
def run(
    lang: str,
    /,
    params: str,
    workers: int | None,
    cluster: str | None,
    as_json: bool,
    output: str | None,
    **narrowed: str | None,
) -> None:
    """Make a district's reports, HTML and PDF, and the catalogue over them.

    Only what is stale is made: `evalib plan` tells what that is, `evalib explain` why.

    \b
    Example:
      evalib run params/sample.yaml --school 2150000001 --year 2024-2025
    """
    from evalib.press.standstill import standstill

    request = request_of(narrowed, workers)
    told: Teller = Events() if as_json else Progress(lang)
    standing = standstill(params, request.narrowing, place(output) if output else None)
    if standing is not None:
        told.end(made=0, reused=standing.reports, failed=0, pages=standing.pages)
        return
    from evalib import annual, making

    settings = settings_of(params, output)
    # A polite kill ends a run as Ctrl-C does: workers stopped, catalogue written.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        make = making.maker_of(settings, cluster) if cluster else None
        outcome = annual.run(settings, request, told, make)
    except KeyboardInterrupt:
        told.close()
        click.echo(message("interrupted", lang, params=_as_given(params, output, narrowed)), err=True)
        sys.exit(INTERRUPTED)
    finally:
        told.close()
    told.failures(outcome.failed, f"{params} --output {shlex.quote(output)}" if output else params)
    made = len(outcome.fates) - len(outcome.failed)
    told.end(made=made, reused=outcome.reused, failed=len(outcome.failed), pages=outcome.pages)
    if outcome.failed:
        sys.exit(REPORT_FAILED)


@main.command()
@click.argument("params")
@narrowing
@placed
@click.option("--all", "whole", is_flag=True, help="Every report, not a sample.")
@click.option(
    "--sample", "count", type=click.IntRange(min=1), default=5, show_default=True, help="How many reports."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one a core when not given.")
@click.pass_obj
def verify(
    lang: str,
    /,
    params: str,
    whole: bool,
    count: int,
    workers: int | None,
    output: str | None,
    **narrowed: str | None,
) -> None:
    """Make reports again aside and compare every byte with those in place.

    A sample, spread over all; the first difference of each is named. Ends with 4 if there is one.

    \b
    Example:
      evalib verify params/sample.yaml --all
    """
    from evalib import again

    settings = settings_of(params, output)
    request = request_of(narrowed, workers)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    compared = other = 0
    try:
        with again.made_again(settings, request, None if whole else count) as (
            orders,
            stale,
            behind,
            verdicts,
        ):
            if not orders:
                click.echo(message("verify_nothing", lang, params=params))
            else:
                click.echo(message("verify_stage", lang, count=len(orders)), err=True)
            for verdict in verdicts:
                compared += 1
                if not verdict.same:
                    other += 1
                    click.echo(_told_of(verdict, lang))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    if behind:
        click.echo(message("verify_behind", lang, params=params))
    if stale:
        click.echo(message("verify_stale", lang, count=stale, params=params))
    if other:
        click.echo(message("verify_other", lang, count=compared, other=other))
        sys.exit(REPORT_FAILED)
    if compared:
        click.echo(message("verify_same", lang, count=compared))


def _as_given(params: str, output: str | None, narrowed: dict[str, str | None]) -> str:
    """The params and the options that narrow a run, as they would be typed."""
    names = {"in_lang": "lang", "formats": "only"}
    given = {names.get(name, name): value for name, value in {**narrowed, "output": output}.items()}
    if given.get("only") == ",".join(FORMATS):
        del given["only"]
    parts = [params, *(part for name, value in given.items() if value for part in (f"--{name}", value))]
    return shlex.join(parts)


def _told_of(verdict: Verdict, lang: str) -> str:
    from evalib.press.ledger import told_name

    key, difference = verdict.key, verdict.difference
    report = f"{told_name(key, lang)}/{key.edition}/{key.lang}"
    if difference is None:
        cause = verdict.fate.cause[lang] if verdict.fate is not None else ""
        return message("differs_failed", lang, report=report, cause=cause)
    told = {"report": report, "name": difference.name, "place": difference.place}
    return message(f"differs_{difference.kind}", lang, **told)
