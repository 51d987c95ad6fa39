"""The README: its commands exist as they are written, and what it points at is there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from evalib.cli import main
from evalib.settings import load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def shell_lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = (line.partition("# ")[0].strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line]


COMMANDS = sorted({line for line in shell_lines() if line.startswith("evalib ")})


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_line_can_be_run_as_it_is_written(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    command = main.commands[name]
    with click.Context(main) as context:
        made = command.make_context(name, arguments, parent=context)
    assert made.command is command


def test_every_command_is_shown_once_at_least() -> None:
    assert {shlex.split(line)[1] for line in COMMANDS} == set(main.commands)


def test_every_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", README)) | {
        word for line in shell_lines() for word in re.findall(r"\bmake ([a-z]+)", line)
    }
    assert named
    assert named <= targets


def test_every_file_that_is_linked_is_there() -> None:
    linked = {one for one in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in one}
    assert {"docs/measures.md", "docs/data.md"} <= linked
    assert not [one for one in linked if not (ROOT / one).exists()]


def test_the_district_of_the_readme_is_made_by_its_own_line(tmp_path: Path) -> None:
    (line,) = [one for one in shell_lines() if one.startswith("sed ")]
    shutil.copytree(ROOT / "params", tmp_path / "params")
    subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True, timeout=20)
    district = load_settings(tmp_path / "params" / "本区.yaml").district
    assert (district.files, district.identities) == ("data/raw", "real")
    assert district.district.zh != "示例区"
    assert district.stated == {}  # what the sample district has published is not this one's
