from __future__ import annotations

from pathlib import Path

import pytest

from evalib.errors import FaultyParams
from evalib.settings import read_params
from evalib.settings.production import NAME, ProductionParams

PARAMS = Path(__file__).parents[2] / "params"


def test_the_limits_are_read_in_seconds_and_bytes() -> None:
    limits = read_params(PARAMS / NAME, ProductionParams)
    assert limits.seconds >= 60
    assert limits.bytes == limits.megabytes * 1024 * 1024


@pytest.mark.parametrize("wrong", ["seconds: 0", "megabytes: 0", "megabytes: 1.5"])
def test_a_limit_that_no_report_could_keep_is_refused(wrong: str, tmp_path: Path) -> None:
    lines = (PARAMS / NAME).read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(wrong.split(":")[0])]
    (tmp_path / NAME).write_text("\n".join([*kept, wrong]), encoding="utf-8")
    with pytest.raises(FaultyParams, match=wrong.split(":")[0]):
        read_params(tmp_path / NAME, ProductionParams)
