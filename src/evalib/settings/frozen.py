"""What `params/frozen/<district>.yaml` holds: the scale on which scores of dimensions stand still."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from evalib.settings.models import Strict


class FrozenIndicator(Strict):
    """One indicator of one stage in the base years, in its own unit (log for points per 100).

    `centre` is the pupil-weighted mean, `spread` the larger of the between-section sd
    and the smallest difference that matters, `between_variance` the pooled τ².
    """

    centre: float
    spread: float = Field(gt=0)
    between_variance: float = Field(ge=0)


class FrozenParams(Strict):
    """The base years and what was found in them, by stage."""

    dated: datetime.date
    base_years: list[str] = Field(min_length=1)
    stages: dict[Literal["primary", "junior"], dict[str, FrozenIndicator]]
    source: str
