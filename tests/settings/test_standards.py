from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from evalib.settings import read_params
from evalib.settings.standards import FitnessParams

FILE = Path(__file__).parents[2] / "params" / "standards" / "fitness_2014.yaml"
CONTENT: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))


def test_shipped_standard_is_whole_dated_and_sourced() -> None:
    params = read_params(FILE, FitnessParams)
    assert params.dated.year == 2014
    assert "国家学生体质健康标准" in params.source
    assert len(params.items) == 10
    assert params.weights_of("male", 9)["pull_ups"] == 10
    assert "pull_ups" not in params.weights_of("female", 9)


def _weights_short(content: dict[str, Any]) -> None:
    content["weights"][0]["items"]["rope_jumps"] = 19


def _grade_twice(content: dict[str, Any]) -> None:
    content["weights"][1]["grades"] = [2, 3, 4]


def _grade_forgotten(content: dict[str, Any]) -> None:
    content["weights"][1]["grades"] = [3]


def _steps_unordered(content: dict[str, Any]) -> None:
    content["items"]["run_50m_s"]["male"][3][4] = 9.3


def _step_forgotten(content: dict[str, Any]) -> None:
    content["items"]["sit_ups"]["female"][5].pop()


def _grade_without_steps(content: dict[str, Any]) -> None:
    del content["items"]["lung_capacity_ml"]["male"][6]


def _scores_unordered(content: dict[str, Any]) -> None:
    content["items"]["rope_jumps"]["scores"][0] = 90


def _bands_unordered(content: dict[str, Any]) -> None:
    content["body_mass_index"]["female"][2] = [13.5, 20.3, 17.8]


def _band_forgotten(content: dict[str, Any]) -> None:
    del content["body_mass_index"]["male"][9]


def _bonus_of_nothing(content: dict[str, Any]) -> None:
    content["bonus"]["items"]["push_ups"] = content["bonus"]["items"]["pull_ups"]


def _bonus_uneven(content: dict[str, Any]) -> None:
    content["bonus"]["items"]["sit_ups"]["points"].pop()


def _key_of_no_meaning(content: dict[str, Any]) -> None:
    content["version"] = 2


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_weights_short, "do not sum to 100"),
        (_grade_twice, "once for either sex"),
        (_grade_forgotten, "once for either sex"),
        (_steps_unordered, "from the best to the worst"),
        (_step_forgotten, "one value a score"),
        (_grade_without_steps, "lung_capacity_ml has a weight and no steps"),
        (_scores_unordered, "scores must fall"),
        (_bands_unordered, "normal from, normal to, obese from"),
        (_band_forgotten, "one row for each of grades 1 to 9"),
        (_bonus_of_nothing, "bonus for unknown items: push_ups"),
        (_bonus_uneven, "must rise together"),
        (_key_of_no_meaning, "Extra inputs"),
    ],
)
def test_each_fault_of_the_standard_is_named(spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    content = copy.deepcopy(CONTENT)
    spoil(content)
    with pytest.raises(ValidationError, match=said):
        FitnessParams.model_validate(content)
