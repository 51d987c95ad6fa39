"""What a person or a program is told while a run goes on."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import click

from evalib.errors import Fault
from evalib.messages import message

if TYPE_CHECKING:
    from pathlib import Path

    from tqdm import tqdm

    from evalib.press.ledger import Fate
    from evalib.vocabulary import ReportKey

SECONDS_BETWEEN_PLAIN_LINES = 10.0


class Teller(Protocol):
    """Who tells of a whole run: of its stages, its reports, and how it ended."""

    def stage(self, key: str, **fields: Any) -> None:
        """A stage before the reports begins, or need not."""

    def warn(self, warnings: tuple[Fault, ...]) -> None:
        """What the load noticed but did not stop for."""

    def start(self, count: int, reused: int) -> None:
        """So many reports will be made, so many are as they should be."""

    def step(self, fate: Fate) -> None:
        """One report's fate is known."""

    def close(self) -> None:
        """No more reports come."""

    def failures(self, failed: Sequence[Fate], params: str) -> None:
        """Why reports failed."""

    def end(self, *, made: int, reused: int, failed: int, pages: Sequence[Path]) -> None:
        """What the run came to."""


class Progress:
    """One live line on a terminal, a plain line now and then elsewhere; all of it on standard error.

    Parameters
    ----------
    lang
        "zh" or "en".
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.live = sys.stderr.isatty()
        self.failed = 0
        self.told = 0.0
        self.bar: tqdm[None] | None = None

    def stage(self, key: str, **fields: Any) -> None:
        """Tell that a stage before the reports begins, or need not."""
        click.echo(message(key, self.lang, **fields), err=True)

    def warn(self, warnings: tuple[Fault, ...]) -> None:
        """Tell what the load noticed but did not stop for."""
        for fault in warnings:
            click.echo(message("warning", self.lang, text=fault.text(self.lang)), err=True)

    def start(self, count: int, reused: int) -> None:
        """Begin to count the reports that are made."""
        import io

        from tqdm import tqdm

        if not count:
            return
        self.told = time.monotonic()
        self.bar = tqdm(
            total=count,
            bar_format=message("progress", self.lang),
            unit=message("progress_unit", self.lang),
            file=sys.stderr if self.live else io.StringIO(),
            dynamic_ncols=self.live,
        )

    def step(self, fate: Fate) -> None:
        """Count one report; one that is not a school's is named."""
        if self.bar is None:
            return
        self.failed += not fate.made
        told = [message("progress_failed", self.lang, failed=self.failed)] if self.failed else []
        if fate.key.kind != "school":
            from evalib.press.ledger import short_name

            told.append(short_name(fate.key, self.lang))
        self.bar.set_postfix_str(" · ".join(told), refresh=False)
        self.bar.update()
        now = time.monotonic()
        if not self.live and (now - self.told > SECONDS_BETWEEN_PLAIN_LINES or self.bar.n == self.bar.total):
            self.told = now
            click.echo(str(self.bar), err=True)

    def close(self) -> None:
        """End the line."""
        if self.bar is not None:
            self.bar.close()

    def failures(self, failed: Sequence[Fate], params: str) -> None:
        """Each cause once, with its number of reports and a command that makes one of them again."""
        for one in causes(failed, params):
            shared = message("failure_all", self.lang, what=one["shared"]) if one["shared"] else ""
            if one["count"] == 1:
                shared = message("failure_one", self.lang, what=one["report"][self.lang])
            told = {"cause": one["cause"][self.lang], "count": one["count"], "command": one["command"]}
            click.echo(message("failure", self.lang, **told, shared=shared), err=True)

    def end(self, *, made: int, reused: int, failed: int, pages: Sequence[Path]) -> None:
        """How many were made, reused and failed, and what to open."""
        if made or failed:
            told = message("run_summary", self.lang, made=made, reused=reused, failed=failed)
        else:
            told = message("run_unchanged", self.lang, reused=reused)
        click.echo(told)
        for page in pages:
            click.echo(message("open_page", self.lang, path=page))


class Events:
    """The same as one JSON object a line, on standard output.

    Every object has `event`: "stage", "warning", "start", "report", "failure", "end". Texts
    for people come in both languages.
    """

    def __init__(self) -> None:
        self.begun = 0.0
        self.count = self.done = 0

    def stage(self, key: str, **fields: Any) -> None:
        """A stage before the reports begins, or need not."""
        _told("stage", stage=key.removeprefix("stage_"), **fields)

    def warn(self, warnings: tuple[Fault, ...]) -> None:
        """What the load noticed but did not stop for."""
        for fault in warnings:
            _told("warning", file=fault.file, text={lang: fault.text(lang) for lang in ("zh", "en")})

    def start(self, count: int, reused: int) -> None:
        """Begin to count the reports that are made."""
        self.begun, self.count = time.monotonic(), count
        _told("start", due=count, reused=reused)

    def step(self, fate: Fate) -> None:
        """One report, with the rate so far (reports a second) and the seconds left at that rate."""
        self.done += 1
        seconds = max(time.monotonic() - self.begun, 1e-6)
        rate = self.done / seconds
        _told(
            "report",
            **_named(fate),
            fate="made" if fate.made else "failed",
            cause=fate.cause,
            seconds=fate.seconds,
            done=self.done,
            due=self.count,
            rate=round(rate, 3),
            left=round((self.count - self.done) / rate, 1),
        )

    def close(self) -> None:
        """Nothing to end."""

    def failures(self, failed: Sequence[Fate], params: str) -> None:
        """Each cause once."""
        for one in causes(failed, params):
            _told("failure", **one)

    def end(self, *, made: int, reused: int, failed: int, pages: Sequence[Path]) -> None:
        """What the run came to."""
        _told("end", made=made, reused=reused, failed=failed, pages=[str(page) for page in pages])


def causes(failed: Sequence[Fate], params: str) -> list[dict[str, Any]]:
    """The causes of failed reports, the most frequent first.

    Returns
    -------
    Of each: `cause` in both languages; `count`; `shared`, what all of its reports and not all
    others have in common (a kind that is not a school's, a year, a stage, an edition, a
    language), may be empty; `command`, which makes one of them again, and `report`, which that
    is, in both languages.
    """
    from evalib.press.ledger import told_name

    counted = Counter(fate.cause["zh"] for fate in failed)
    found = []
    for text, count in counted.most_common():
        fates = [fate for fate in failed if fate.cause["zh"] == text]
        one = fates[0].key
        command = (
            f"evalib run {params} {_options(one)} --year {one.year} --edition {one.edition} --lang {one.lang}"
        )
        shared = " ".join(_shared(fates)) if count > 1 else ""
        told = {"report": {lang: told_name(one, lang) for lang in ("zh", "en")}, "command": command}
        found.append({"cause": fates[0].cause, "count": count, "shared": shared, **told})
    return found


def _options(key: ReportKey) -> str:
    """What narrows a run to the reports about the same."""
    if key.kind == "school":
        return f"--school {shlex.quote(key.code)} --stage {key.stage}"
    return f"--group {shlex.quote(key.code)}" if key.kind == "group" else f"--kind {key.kind}"


def _shared(fates: Sequence[Fate]) -> list[str]:
    names = ("kind", "year", "stage", "edition", "lang")
    values = [{getattr(fate.key, name) for fate in fates} for name in names]
    return [next(iter(one)) for one in values if len(one) == 1 and not one <= {"school", ""}]


def _named(fate: Fate) -> dict[str, str]:
    key = fate.key
    return {
        "kind": key.kind,
        "school": key.code if key.kind == "school" else "",
        "group": key.code if key.kind == "group" else "",
        "stage_of_school": key.stage,
        "year": key.year,
        "edition": key.edition,
        "lang": key.lang,
    }


def _told(event: str, **fields: Any) -> None:
    click.echo(json.dumps({"event": event, **fields}, ensure_ascii=False))
