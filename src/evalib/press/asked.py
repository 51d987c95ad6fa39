"""What is asked for: which of a district's reports, in which formats."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

FORMATS = ("html", "pdf")


@dataclass(frozen=True)
class Request:
    """Which of a district's reports are wanted.

    Attributes
    ----------
    year, school, stage
        Only these, where given; a year replaces the params file's entry. With a school or a
        stage only reports of schools are meant.
    kind, group
        Only reports of this kind, or of this education group, where given.
    formats
        Which of "html", "pdf".
    workers
        Processes; one a core when not given.
    lang, edition
        In place of the params file's entries, where given.
    """

    year: str | None = None
    school: str | None = None
    stage: str | None = None
    formats: tuple[str, ...] = FORMATS
    workers: int | None = None
    lang: str | None = None
    edition: str | None = None
    kind: str | None = None
    group: str | None = None

    @property
    def subject(self) -> dict[str, str | None]:
        """What reports are about, as `evalib.press.plan` narrows by it."""
        return {"school": self.school, "stage": self.stage, "kind": self.kind, "group": self.group}

    @property
    def narrowing(self) -> dict[str, Any]:
        """What tells this request from others; how many processes meet it does not."""
        return {name: one for name, one in asdict(self).items() if name != "workers"}
