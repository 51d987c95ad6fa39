"""A docstring as Markdown: what it says, what it returns, and its formula."""

from __future__ import annotations

import inspect
import re
from itertools import pairwise

# What a reader of formulas wants of a docstring, in this order: symbols, then what is made of them.
# Errors and examples are for those who call the function.
READ = ("Parameters", "Attributes", "Returns", "Notes")
_MARKED = re.compile(r"([\\*<\[$~|]|(?<![^\W_])(?<![\u0300-\u036f])_|_(?![^\W_]))")
_LIST = re.compile(r"^(\d+)([.)])(?= )|^([-+#=>])(?=[ =-])")


def sections(documented: object) -> dict[str, str]:
    """The sections of a numpydoc docstring, what stands before the first one under "".

    Examples
    --------
    >>> list(sections(sections))
    ['', 'Examples']
    """
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line, below in pairwise([*(inspect.getdoc(documented) or "").splitlines(), "", ""]):
        if below and below == "-" * len(line):
            name = line
            found[name] = []
        elif not (line and line == "-" * len(name)):
            found[name].append(line)
    return {key: "\n".join(lines).strip("\n") for key, lines in found.items()}


def formula(documented: object) -> str:
    """Where a docstring has its formula: its Notes, without Notes what it returns.

    Examples
    --------
    >>> formula(sections)
    ''
    """
    said = sections(documented)
    return said.get("Notes") or said.get("Returns", "")


def quoted(documented: object) -> list[str]:
    """A docstring as a Markdown quotation: summary, what is given, what is returned, notes."""
    said = sections(documented)
    lines = markdown(said[""])
    for name in READ:
        if said.get(name):
            lines += ["", f"**{name}.**", "", *markdown(said[name])]
    return [f"> {line}".rstrip() for line in lines]


def markdown(text: str) -> list[str]:
    """The lines of a docstring's section as Markdown.

    A term with its description indented below becomes an entry of a list; a block that
    stands apart and is indented stays as it is, which Markdown shows as code.

    Examples
    --------
    >>> markdown("low, high\\n    Within 0 and 1.\\n\\nV = a*b")
    ['- `low, high`: Within 0 and 1.', '', 'V = a\\\\*b']
    """
    written: list[str] = []
    of_term = False
    for line, below in pairwise([*text.splitlines(), ""]):
        indented = line.startswith("    ")
        if indented and of_term:
            glue = " " if written[-1].endswith("`:") else "\n  "
            written[-1] += glue + escaped(line.strip())
            continue
        of_term = bool(line) and not indented and below.startswith("    ")
        if of_term:
            written.append(f"- `{line}`:")
        else:
            written.append(line if indented else escaped(line))
    return "\n".join(written).splitlines()


def escaped(text: str) -> str:
    """A line of text that Markdown shows as it is; what stands in backticks stays code.

    Examples
    --------
    >>> print(escaped("Σ_k x_k * `a*b` (x)_j"))
    Σ_k x_k \\* `a*b` (x)\\_j
    """
    parts = re.split(r"(`[^`]*`)", text)
    return _LIST.sub(
        lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}",
        "".join(part if part.startswith("`") else _MARKED.sub(r"\\\1", part) for part in parts),
    )
