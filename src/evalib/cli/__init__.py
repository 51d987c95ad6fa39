"""The command line: parse, call, print, exit code."""

from evalib.cli import files, fixing, previews, running
from evalib.cli.group import main

__all__ = ["files", "fixing", "main", "previews", "running"]
