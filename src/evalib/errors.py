"""What can go wrong, told once: a key into the message catalogue and the fields it needs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from evalib.messages import message

# Characters of a name that are shown.
LONGEST_NAME = 60

# Far more than is shown, so that a masked number is masked whole.
_ENOUGH = 10_000
# Controls, format characters (bidirectional ones among them), separators of lines, and what is no character.
_NOT_SHOWN = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])
_OF_A_PERSON = re.compile(r"(?<![A-Za-z_])\d[\d.,:/-]*[Xx]?|[^\W\d]*[^\x00-\x7f][^\s\x00-\x2f]*")
_LONG_NUMBER = re.compile("(?:\\d\ufffd*){11,}[Xx]?")


class EvalError(Exception):
    """A fault that a person can mend.

    Parameters
    ----------
    key
        Key of the text in `evalib.messages`.
    fields
        Values for that text. Never a pupil's name, id or score.
    """

    exit_code = 1

    def __init__(self, key: str, **fields: Any) -> None:
        super().__init__(key)
        self.key = key
        self.fields = fields

    def text(self, lang: str) -> str:
        """The message in `lang` ("zh" or "en"): what, where, what to do next."""
        return message(self.key, lang, **self.fields)

    def __str__(self) -> str:
        return self.text("zh")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.key, self.fields)


def _rebuild(kind: type[EvalError], key: str, fields: dict[str, Any]) -> EvalError:
    return kind(key, **fields)


class ParameterError(EvalError):
    """A parameter or a params file is wrong; nothing was run."""

    exit_code = 2


class FaultyParams(ParameterError):
    """Every fault of one params file.

    Parameters
    ----------
    path
        The file.
    faults
        Message key and fields of each.
    """

    def __init__(self, path: str, faults: tuple[tuple[str, dict[str, Any]], ...]) -> None:
        super().__init__("faulty_params", path=path, count=len(faults))
        self.path, self.faults = path, faults

    def text(self, lang: str) -> str:
        """The file and each fault on a line, then what to do."""
        lines = [f"{self.path}: {message(key, lang, **fields)}" for key, fields in self.faults]
        return "\n".join([*lines, super().text(lang)])

    def __reduce__(self) -> tuple[Any, ...]:
        return FaultyParams, (self.path, self.faults)


class DataError(EvalError):
    """The district's files or tables are wrong; the store stays as it was."""

    exit_code = 3


class ReportError(EvalError):
    """One report failed; the others go on."""

    exit_code = 4


class RenderError(EvalError):
    """An executed notebook cannot become HTML or PDF."""

    exit_code = 5


def shown(name: str) -> str:
    r"""A file's, sheet's or column's name, fit for a terminal and for other eyes.

    Runs of 11 digits or more (with an X behind them) are masked: people name files
    after identity and telephone numbers. What steers a terminal or the direction
    of writing becomes U+FFFD, and what is longer than `LONGEST_NAME` is cut.

    Examples
    --------
    >>> shown("张11010519491231002X的成绩.xlsx"), shown("2024-2025\u202e.csv")
    ('张***的成绩.xlsx', '2024-2025\ufffd.csv')
    """
    visible = "".join("\ufffd" if unicodedata.category(one) in _NOT_SHOWN else one for one in name[:_ENOUGH])
    masked = _LONG_NUMBER.sub("***", visible)
    return masked if len(masked) <= LONGEST_NAME else masked[: LONGEST_NAME - 1] + "…"


def told(text: str) -> str:
    """What somebody else's error says, without what may be of a person: digits, and words not in ASCII.

    Examples
    --------
    >>> told("could not convert 110105194912310021 张三 86.5"), told("'pass_rate'")
    ('could not convert … … …', "'pass_rate'")
    """
    return _OF_A_PERSON.sub("…", text[:_ENOUGH]).replace("\n", " ")[:300]


@dataclass(frozen=True)
class Fault:
    """One kind of fault at one place of one file, with every row that has it.

    `rows` are sheet rows counted from 1, as a spreadsheet shows them.
    """

    file: str
    key: str
    sheet: str = ""
    column: str = ""
    rows: tuple[int, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    warning: bool = False

    def text(self, lang: str) -> str:
        """The fault as one line: where, what, what to do."""
        sheet = [message("place_sheet", lang, sheet=shown(self.sheet))] if self.sheet else []
        return self._told([shown(self.file), *sheet], lang)

    def inside(self, lang: str) -> str:
        """The same without file and sheet, for a list that is grouped by them."""
        return self._told([], lang)

    def _told(self, place: list[str], lang: str) -> str:
        if self.column:
            place.append(message("place_column", lang, column=shown(self.column)))
        numbers = ", ".join(str(row) for row in self.rows[:8])
        if len(self.rows) > 8:
            numbers += message("place_more", lang)
        rows = message("place_rows", lang, rows=numbers) if self.rows else ""
        joint = "，" if lang == "zh" else ", "
        where = f"{joint.join(place)}{rows}".strip()
        return f"{where}{'：' if lang == 'zh' else ': '}{self.what(lang)}" if where else self.what(lang)

    def what(self, lang: str) -> str:
        """What is wrong and what to do, without the place."""
        return message(self.key, lang, **{"count": len(self.rows), **self.fields})


class FaultyFiles(DataError):
    """Every fault of a load, gathered before anything was written.

    Parameters
    ----------
    faults
        The faults that stop the load, in the order of files, sheets and rows.
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("faulty_files", count=len(faults))
        self.faults = faults

    def text(self, lang: str) -> str:
        """Every fault on its line, then their number and what to do."""
        lines = [fault.text(lang) for fault in self.faults]
        return "\n".join([*lines, super().text(lang)])

    def __reduce__(self) -> tuple[Any, ...]:
        return FaultyFiles, (self.faults,)
