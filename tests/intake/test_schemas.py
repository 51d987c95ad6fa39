from __future__ import annotations

import pytest

from evalib.intake.schemas import SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_column_is_described_in_both_languages(name: str) -> None:
    for column in SCHEMAS[name].schema.columns.values():
        assert column.title
        assert column.description
        assert not column.title.isascii()
        assert column.description != column.title


@pytest.mark.parametrize("name", SCHEMAS)
def test_key_is_needed_and_years_come_first(name: str) -> None:
    table = SCHEMAS[name]
    assert table.columns[0] == table.key[0] == "year"
    needed = {column for column in table.key if table.schema.columns[column].required}
    assert needed == set(table.key) - set(table.open_key)
    assert len(needed) > 1
    assert set(table.open_key) <= {"pupil", "school_code", "stage"}
    assert not set(table.context) & (set(table.columns) - {"school_code"})
    assert set(table.derived) <= set(table.columns)
