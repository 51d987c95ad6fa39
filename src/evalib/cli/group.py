"""The command itself: faults told once, in the user's language, with their exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evalib import __version__
from evalib.errors import EvalError
from evalib.messages import message

if TYPE_CHECKING:
    from evalib.settings import Settings

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
        except BrokenPipeError:
            raise  # whoever read what is told has heard enough
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


def settings_of(params: str, outputs: str | None = None) -> Settings:
    """A district's settings; what reads them is imported only once a command needs them."""
    from evalib.settings import load_settings

    return load_settings(params, outputs)
