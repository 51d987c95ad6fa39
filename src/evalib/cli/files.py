"""Commands on a district's files: load, check, template, forget, sample."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalib.cli.group import FILES_FAULTY, INTERRUPTED, main, settings_of
from evalib.messages import message
from evalib.progress import Progress

if TYPE_CHECKING:
    from evalib.forgetting import Forgetting
    from evalib.settings import Settings


@main.command()
@click.argument("params")
@click.pass_obj
def load(lang: str, params: str) -> None:
    """Check a district's files and load them into its store, whole or not at all.

    Tables and years that the files do not have stay as they were. What came from which
    file is told, and kept in loads.jsonl in the store's folder.

    \b
    Example:
      evalib load params/sample.yaml
    """
    from evalib import annual
    from evalib.intake import loadlog
    from evalib.intake.absent import absent_told
    from evalib.intake.columns import load_columns
    from evalib.making import held
    from evalib.store import Store

    settings = settings_of(params)
    with held(settings):
        loaded = annual.load_files(settings)
    Progress(lang).warn(loaded.warnings)
    columns = load_columns(settings.path.parent)
    for line in loadlog.told(loaded.sources, loaded.rows, loaded.changes, columns, lang):
        click.echo(line)
    for line in absent_told(loaded.tables, Store(settings.store), columns, lang):
        click.echo(line)
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
    from evalib.errors import ParameterError
    from evalib.intake import grouping
    from evalib.intake.absent import absent_told
    from evalib.intake.check import check as look
    from evalib.intake.check import open_copies, write_copies
    from evalib.intake.columns import load_columns
    from evalib.store import Store

    if no_annotate and annotate is not None:
        raise ParameterError("annotate_or_not")
    settings = settings_of(params)
    wanted = not no_annotate and (not as_json or annotate is not None)
    copies = open_copies(settings, folder, annotate) if wanted else None
    looked = look(settings, folder)
    if not as_json:
        if looked.faults:
            click.echo(grouping.grouped(looked.faults, lang))
        click.echo(grouping.summary(looked.faults, params, lang))
        columns = load_columns(settings.path.parent)
        for line in absent_told(looked.tables, Store(settings.store), columns, lang):
            click.echo(line)
    if copies is not None:
        try:
            write_copies(looked, copies, lang)
        except OSError as error:
            told = {"path": copies.folder, "cause": error.strerror or type(error).__name__}
            click.echo(message("copies_not_written", lang, **told), err=True)
    written = copies is not None and bool(copies.kept)
    if as_json:
        click.echo(
            grouping.as_json(looked.faults, looked.spots, copies.folder if copies and written else None)
        )
    elif copies is not None and (written or copies.left):
        click.echo(message("copies_written" if written else "copies_left", lang, path=copies.folder))
    if looked.errors:
        sys.exit(FILES_FAULTY)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--year", default="", help="For this school year, such as 2025-2026; else a column asks for it."
)
@click.option("--params", default="params/sample.yaml", show_default=True, help="The district's params file.")
@click.pass_obj
def template(lang: str, folder: Path, year: str, params: str) -> None:
    """Write an empty workbook of every table to a folder, for staff to fill in.

    Headers are locked and have a note each; words are chosen from lists. Nothing that
    is there is overwritten.

    \b
    Example:
      evalib template 空白表 --year 2025-2026
    """
    from evalib.intake.templates import write_templates

    settings = settings_of(params)
    national = settings.district.school_codes == "national"
    paths = write_templates(folder, settings.path.parent, year=year, national=national)
    files = "、".join(path.name for path in paths)
    told = {"count": len(paths), "folder": folder, "files": files, "received": settings.district.files}
    click.echo(message("templates_written", lang, params=params, **told))
    if settings.district.identities == "invented":
        click.echo(message("templates_of_sample", lang, received=settings.district.files))


@main.command()
@click.argument("params")
@click.option("--year", "years", multiple=True, help="A school year; repeat it for several.")
@click.option("--all-years", is_flag=True, help="Every year of the store.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget(lang: str, params: str, years: tuple[str, ...], all_years: bool, yes: bool) -> None:
    """Delete rows about pupils and teachers from the store; figures and reports stay.

    The figures of these years are not computed again. The files as received are left
    alone; loading them brings the rows back.

    \b
    Example:
      evalib forget params/sample.yaml --year 2022-2023
    """
    from evalib import forgetting
    from evalib.making import held
    from evalib.store import Store

    settings = settings_of(params)
    store = Store(settings.store)
    plan = forgetting.plan_forgetting(store, params, years, all_years=all_years)
    named = {"years": _listed(plan.years, lang), "params": params}
    if plan.rows and not yes and not _confirmed(_told_of(plan, settings, named, lang), lang):
        click.echo(message("forget_not_done", lang), err=True)
        sys.exit(INTERRUPTED)
    with held(settings):
        # The store may have changed while the question stood.
        plan = forgetting.plan_forgetting(store, params, years, all_years=all_years)
        forgetting.forget(store, plan)
    done = "forgotten" if plan.rows else "forget_nothing"
    click.echo(message(done, lang, rows=sum(plan.rows.values()), **named))
    measured = [one for one in plan.years if one not in plan.unmeasured]
    if plan.rows and measured:
        click.echo(message("forget_stands", lang, years=_listed(measured, lang)))
    click.echo(message("forget_files", lang, path=settings.district.files))
    copies = forgetting.copies_left(settings)
    if copies is not None:
        click.echo(message("forget_copies", lang, path=copies))


def _told_of(plan: Forgetting, settings: Settings, named: dict[str, str], lang: str) -> list[str]:
    """What would be deleted, a line a table and year, and what that costs."""
    from evalib.intake.columns import load_columns

    tables = load_columns(settings.path.parent).params.tables
    lines = [message("forget_these", lang, path=settings.store)]
    for (table, year), rows in sorted(plan.rows.items(), key=lambda one: (one[0][1], one[0][0])):
        told = {"names": tables[table].names[0] if lang == "zh" else table, "year": year, "rows": rows}
        lines.append(message("forget_slice", lang, **told))
    if plan.unmeasured:
        unmeasured = {**named, "years": _listed(plan.unmeasured, lang)}
        lines.append(message("forget_unmeasured", lang, **unmeasured))
    return lines


def _listed(years: Sequence[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(years)


def _confirmed(lines: list[str], lang: str) -> bool:
    """Whether the person says yes; no answer is no."""
    for line in lines:
        click.echo(line)
    try:
        return click.confirm(message("forget_confirm", lang))
    except click.Abort:
        click.echo("")
        return False


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
