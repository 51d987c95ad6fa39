"""What a person sees while a run goes on: stages, then count, rate, time left and failures."""

from __future__ import annotations

import io
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from evalib.errors import Fault
from evalib.messages import message

if TYPE_CHECKING:
    from evalib.press.ledger import Fate

SECONDS_BETWEEN_PLAIN_LINES = 10.0


class Progress:
    """One live line on a terminal, plain lines elsewhere; all of it on standard error.

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

    def stage(self, key: str) -> None:
        """Tell that a stage before the reports begins."""
        click.echo(message(key, self.lang), err=True)

    def warn(self, warnings: tuple[Fault, ...]) -> None:
        """Tell what the load noticed but did not stop for."""
        for fault in warnings:
            click.echo(message("warning", self.lang, text=fault.text(self.lang)), err=True)

    def start(self, count: int) -> None:
        """Begin to count reports."""
        self.told = time.monotonic()
        self.bar = tqdm(
            total=count,
            bar_format=message("progress", self.lang),
            unit=message("progress_unit", self.lang),
            file=sys.stderr if self.live else io.StringIO(),
            dynamic_ncols=self.live,
        )

    def step(self, fate: Fate) -> None:
        """Count one report."""
        if self.bar is None:
            return
        if not fate.made:
            self.failed += 1
            failed = message("progress_failed", self.lang, failed=self.failed)
            self.bar.set_postfix_str(failed, refresh=False)
        self.bar.update()
        now = time.monotonic()
        if not self.live and (now - self.told > SECONDS_BETWEEN_PLAIN_LINES or self.bar.n == self.bar.total):
            self.told = now
            click.echo(str(self.bar), err=True)

    def close(self) -> None:
        """End the line."""
        if self.bar is not None:
            self.bar.close()

    def failures(self, failed: tuple[Fate, ...], params: str) -> None:
        """Each cause once, with its number of reports and a command that makes one of them again."""
        for cause, count in Counter(fate.cause[self.lang] for fate in failed).most_common():
            one = next(fate.key for fate in failed if fate.cause[self.lang] == cause)
            again = f"evalib run {params} --school {one.code} --stage {one.stage} --year {one.year}"
            click.echo(message("failure", self.lang, cause=cause, count=count, command=again), err=True)
