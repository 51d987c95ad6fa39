"""The command line: parse, call, print, exit code."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from evalib import __version__
from evalib.errors import EvalError
from evalib.messages import message
from evalib.progress import Progress
from evalib.settings import load_settings

NOT_WRITABLE = 1
FILES_FAULTY = 3
REPORT_FAILED = 4
INTERRUPTED = 130


class Command(click.Group):
    """A group whose faults are told once, in the user's language, with their exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand; an `EvalError` becomes its message and exit code."""
        try:
            return super().invoke(ctx)
        except EvalError as error:
            click.echo(error.text(ctx.params.get("messages") or "zh"), err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            told = {"path": error.filename or "?", "cause": error.strerror or type(error).__name__}
            click.echo(message("output_not_writable", ctx.params.get("messages") or "zh", **told), err=True)
            ctx.exit(NOT_WRITABLE)


@click.group(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--messages", type=click.Choice(["zh", "en"]), default="zh", help="Language of messages.")
@click.version_option(__version__, prog_name="evalib")
@click.pass_context
def main(context: click.Context, messages: str) -> None:
    """A district's files become one page per school.

    \b
    Example:
      evalib run params/sample.yaml
    """
    context.obj = messages


@main.command()
@click.argument("params")
@click.option("--year", help="Only this school year, such as 2024-2025.")
@click.option("--school", help="Only this school's sections, by 学校标识码.")
@click.option("--stage", help="Only this stage: primary or junior.")
@click.option("--only", "formats", default="html,pdf", show_default=True, help="Only these: html, pdf.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one a core when not given.")
@click.pass_obj
def run(
    lang: str,
    params: str,
    year: str | None,
    school: str | None,
    stage: str | None,
    formats: str,
    workers: int | None,
) -> None:
    """Make a district's reports, HTML and PDF, and the catalogue over them.

    \b
    Example:
      evalib run params/sample.yaml --school 2150000001 --year 2024-2025
    """
    from evalib import annual

    settings = load_settings(params)
    progress = Progress(lang)
    request = annual.Request(year, school, stage, _formats(formats), workers)
    # A polite kill ends a run as Ctrl-C does: workers stopped, catalogue written.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        outcome = annual.run(settings, request, progress)
    except KeyboardInterrupt:
        progress.close()
        click.echo(message("interrupted", lang, params=params), err=True)
        sys.exit(INTERRUPTED)
    progress.close()
    progress.failures(outcome.failed, params)
    made = len(outcome.fates) - len(outcome.failed)
    click.echo(message("run_summary", lang, made=made, failed=len(outcome.failed)))
    for page in outcome.pages:
        click.echo(message("open_page", lang, path=page))
    if outcome.failed:
        sys.exit(REPORT_FAILED)


@main.command()
@click.argument("params")
@click.pass_obj
def load(lang: str, params: str) -> None:
    """Check a district's files and load them into its store, whole or not at all.

    \b
    Example:
      evalib load params/sample.yaml
    """
    from evalib import annual
    from evalib.press.ledger import only_run

    settings = load_settings(params)
    with only_run(settings.output):
        Progress(lang).warn(annual.load_files(settings))
    click.echo(message("loaded", lang, path=settings.store))


@main.command()
@click.argument("params")
@click.option("--folder", type=click.Path(path_type=Path, exists=True), help="These files instead.")
@click.option("--annotate", type=click.Path(path_type=Path), help="Where annotated copies go.")
@click.option("--no-annotate", is_flag=True, help="Write no annotated copies.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document; copies only with --annotate.")
@click.pass_obj
def check(
    lang: str, params: str, folder: Path | None, annotate: Path | None, no_annotate: bool, as_json: bool
) -> None:
    """Find every fault of a district's files and write copies to mend; nothing is loaded.

    The copies have the faulty cells coloured and noted. They hold pupils' data and lie
    beside the files, in a folder with 批注 in its name, unless --annotate says otherwise.
    Ends with 3 if a fault would stop a load.

    \b
    Example:
      evalib check params/sample.yaml
    """
    from evalib.intake import grouping
    from evalib.intake.check import check as look

    wanted = not no_annotate and (not as_json or annotate is not None)
    checked = look(load_settings(params), folder, copies=wanted, copies_folder=annotate, lang=lang)
    if as_json:
        click.echo(grouping.as_json(checked.faults))
    else:
        if checked.faults:
            click.echo(grouping.grouped(checked.faults, lang))
        click.echo(grouping.summary(checked.faults, params, lang))
        if checked.copies:
            click.echo(message("copies_written", lang, path=checked.copies))
    if checked.errors:
        sys.exit(FILES_FAULTY)


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
    from evalib.press.ledger import only_run

    settings = load_settings(params)
    with only_run(settings.output):
        frozen = measuring.freeze(settings, years)
    said = {"path": settings.frozen_path, "years": ", ".join(frozen.base_years)}
    click.echo(message("scale_frozen", lang, **said))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--sections", type=click.IntRange(min=10), default=40, show_default=True, help="How many sections."
)
@click.option(
    "--years", type=click.IntRange(min=1), default=3, show_default=True, help="How many school years."
)
@click.option("--seed", type=int, default=20260901, show_default=True, help="Another seed, another district.")
@click.pass_obj
def sample(lang: str, folder: Path, sections: int, years: int, seed: int) -> None:
    """Write the invented district's workbooks to a folder.

    \b
    Example:
      evalib sample data/sample
    """
    from evalib.sampling import invent_district, write_workbooks

    write_workbooks(invent_district(sections=sections, years=years, seed=seed), folder)
    click.echo(message("sample_written", lang, path=folder))


def _formats(given: str) -> tuple[str, ...]:
    from evalib.errors import ParameterError
    from evalib.press.production import FORMATS

    formats = tuple(part.strip() for part in given.split(",") if part.strip())
    for one in formats:
        if one not in FORMATS:
            raise ParameterError("not_allowed", name="--only", value=one, allowed=", ".join(FORMATS))
    return formats or FORMATS
