from __future__ import annotations

from pathlib import Path
from string import Formatter

import pytest

from evalib.messages import MESSAGES, of_intake, of_runs
from evalib.settings import load_settings
from evalib.vocabulary import STAGES, STANDINGS, Reason
from evalib.wording import wording_of

PARAMS = Path(__file__).parents[1] / "params"
SETTINGS = load_settings(PARAMS / "sample.yaml")
ZH, EN = wording_of(SETTINGS, "zh"), wording_of(SETTINGS, "en")


def fields_of(text: str) -> set[str]:
    """A table's Chinese name and its name in the store are the same field, each in its language."""
    named = {name.split(":")[0] for _, name, _, _ in Formatter().parse(text) if name}
    return {"table" if name == "names" else name for name in named}


def leaves(catalogue: dict) -> list[dict]:
    found = []
    for entry in catalogue.values():
        if set(entry) == {"zh", "en"}:
            found.append(entry)
        else:
            found += leaves(entry)
    return found


def test_every_label_exists_in_both_languages_with_the_same_fields() -> None:
    entries = leaves(SETTINGS.wording)
    assert len(entries) > 100
    for entry in entries:
        assert entry["zh"]
        assert entry["en"]
        assert fields_of(entry["zh"]) == fields_of(entry["en"])


def test_every_message_exists_in_both_languages_with_the_same_fields() -> None:
    for key, (zh, en) in MESSAGES.items():
        assert zh, key
        assert en, key
        assert fields_of(zh) == fields_of(en), key


def test_every_sentence_has_the_same_fields_in_both_languages() -> None:
    for sentence in load_settings(PARAMS / "sample.yaml").sentences:
        assert fields_of(sentence.zh) == fields_of(sentence.en), sentence.id


@pytest.mark.parametrize("words", [ZH, EN], ids=["zh", "en"])
def test_every_reason_stage_and_standing_has_words(words) -> None:
    assert all(words.reason(reason.value) for reason in Reason)
    assert all(words.label(stage, "stages") for stage in STAGES)
    for direction in ("higher", "lower"):
        assert len({words.standing(one, direction) for one in STANDINGS}) == len(STANDINGS)


@pytest.mark.parametrize(
    ("unit", "value", "se", "printed"),
    [
        ("t_score", 0.26, 0.05, "52.6"),
        ("t_score", 0.26, 0.5, "53"),  # five T points of error bear no decimal
        ("rate", 0.381, 0.02, "38%"),
        ("rate", 0.0412, 0.004, "4.1%"),
        ("rate", 0.0, None, "0%"),
        ("sd", -0.123, 0.04, "−0.12"),
        ("sd", -0.001, 0.04, "0.00"),
        ("sd", 0.3, 0.04, "+0.30"),
    ],
)
def test_figures_carry_no_more_digits_than_their_error_supports(unit, value, se, printed) -> None:
    assert ZH.value(unit, value, se) == printed
    assert EN.value(unit, value, se) == printed


def test_better_is_up_where_lower_is_better() -> None:
    assert ZH.standing("clearly_above", "lower") == "▲ 明确好于"
    assert EN.standing("clearly_below", "lower") == "▼ clearly worse"


def test_differences_are_signed() -> None:
    assert ZH.difference("rate", -0.03) == "−3 个百分点"
    assert EN.difference("t_score", 0.12) == "+1.2"


def test_no_message_key_stands_in_two_catalogues() -> None:
    assert not set(of_intake.TEXTS) & set(of_runs.TEXTS)
