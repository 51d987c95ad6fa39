from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from evalib.errors import FaultyParams, ParameterError
from evalib.intake.columns import FILE, load_columns, plain
from evalib.intake.schemas import SCHEMAS

PARAMS = Path(__file__).parents[2] / "params"


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    content = yaml.safe_load((PARAMS / FILE).read_text("utf-8"))
    change(content)
    (folder / FILE).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def test_canonical_headers_and_words_lead_back_to_their_columns() -> None:
    columns = load_columns(PARAMS)
    for name, table in SCHEMAS.items():
        for column in (*table.columns, *table.context):
            for header in (columns.header(name, column), column):
                match = columns.match(name, header)
                assert match is not None
                assert match.column == column
    for vocabulary, words in columns.params.values.items():
        for clean in words:
            assert columns.spellings[vocabulary][plain(columns.word(vocabulary, clean))] == clean


@pytest.mark.parametrize("header", ["学籍号", " 学 籍 号 ", "学籍号＊", "*全国学籍号", "PUPIL"])
def test_header_is_known_whatever_its_dress(header: str) -> None:
    match = load_columns(PARAMS).match("pupils", header)
    assert match is not None
    assert match.column == "pupil"


def test_unit_behind_a_header_is_passed_over_but_ten_thousand_yuan_are_not() -> None:
    columns = load_columns(PARAMS)
    weight, yuan, ten_thousand = (
        columns.match("fitness", "体重(kg)"),
        columns.match("resources", "教学仪器设备值(元)"),
        columns.match("resources", "教学仪器设备值（万元）"),
    )
    assert weight is not None
    assert yuan is not None
    assert ten_thousand is not None
    assert (weight.factor, yuan.factor, ten_thousand.factor) == (1, 1, 10000)
    assert columns.match("resources", "教学仪器设备值") is None


def test_subject_is_a_header_of_score_sheets_alone() -> None:
    columns = load_columns(PARAMS)
    match = columns.match("scores", "语文成绩")
    assert match is not None
    assert (match.column, match.subject) == ("chinese", True)
    assert columns.match("teachers", "语文") is None


def test_no_identity_is_a_column() -> None:
    columns = load_columns(PARAMS)
    for identity in columns.params.identities:
        assert columns.passed_over(identity)
        assert not [name for name in SCHEMAS if columns.match(name, identity)]


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        (lambda c: c.update(identites=[]), "unknown_params_key", "identities"),
        (lambda c: c.pop("unused"), "missing_params_key", "unused"),
        (lambda c: c["tables"].pop("papers"), "params_invalid", "papers"),
        (lambda c: c["tables"]["pupils"]["columns"].pop("sex"), "params_invalid", "sex"),
        (
            lambda c: c["tables"]["pupils"]["columns"]["sex"]["headers"].append("年级"),
            "params_invalid",
            "年级",
        ),
        (
            lambda c: c["tables"]["pupils"]["columns"]["sex"].update(values="gender"),
            "params_invalid",
            "gender",
        ),
        (lambda c: c["tables"]["pupils"]["columns"]["sex"].pop("values"), "params_invalid", "pupils.sex"),
        (lambda c: c["values"]["sat"]["absent"].append("免考"), "params_invalid", "免考"),
        (lambda c: c["values"]["area"].update(suburb=["城郊"]), "params_invalid", "suburb"),
        (lambda c: c["values"]["grade"].update({"10": ["高一"]}), "params_invalid", "10"),
    ],
)
def test_wrong_columns_file_is_told_with_its_place(tmp_path: Path, change: Any, key: str, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        load_columns(changed(tmp_path, change))
    assert isinstance(caught.value, FaultyParams)
    assert caught.value.faults[0][0] == key
    assert said in caught.value.text("en")
    assert FILE in caught.value.text("en")


def test_missing_columns_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        load_columns(tmp_path)
    assert caught.value.key == "no_params_file"
