"""What `params/production.yaml` holds: how long and how large one report may be."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import Field

from evalib.settings import Settings, read_params
from evalib.settings.models import Strict

NAME = "production.yaml"


class ProductionParams(Strict):
    """The limits of one report; a process beyond one of them is ended, and the others go on.

    `seconds` is wall-clock time from the start of a report to its last page, `megabytes`
    (2²⁰ bytes) the memory of its own beside the libraries that all reports share.
    `lock_seconds` is after how long without a sign of life a run that holds an output in an
    object store is taken for dead; `cluster_seconds`, how long a cluster may take to answer
    and may be without a worker.
    """

    dated: datetime.date
    seconds: Annotated[float, Field(gt=0)]
    megabytes: Annotated[int, Field(gt=0)]
    lock_seconds: Annotated[float, Field(ge=5)]
    cluster_seconds: Annotated[float, Field(gt=0)]
    source: str = Field(min_length=1)

    @property
    def bytes(self) -> int:
        """The memory in bytes."""
        return self.megabytes << 20


def production_of(settings: Settings) -> ProductionParams:
    """The limits that stand beside a district's params.

    Raises
    ------
    ParameterError
        They are missing or faulty.
    """
    return read_params(settings.path.with_name(NAME), ProductionParams)
