"""The review's tables as `results.json` has them: unrounded, or in the public edition as printed."""

from __future__ import annotations

from typing import Any

from evalib.page.district.terms import printed
from evalib.page.district.view import DistrictView
from evalib.settings.balance import SatisfactionRule

Row = dict[str, Any]

PUBLIC = (
    "balance_indicators",
    "balance_facts",
    "balance_staffing",
    "balance_satisfaction",
    "balance_own_share",
)
RESTRICTED = ("balance_sections", "balance_verdicts")
SHARES = ("share", "low", "high", "response")


def review_rows(view: DistrictView) -> dict[str, list[Row]]:
    """Every row that the pages of the national indicators and the initiatives are drawn from.

    Returns
    -------
    Rows by table, of all years shown; tables that the store lacks are left out. The public
    edition has no table of sections, and its floats are rounded as the page prints them.
    """
    tables = PUBLIC if not view.names_sections else PUBLIC + RESTRICTED
    found = {table: [row for year in view.years for row in view.of_review(table, year)] for table in tables}
    if not view.names_sections:
        asked = view.settings.balance.satisfaction
        found = {table: [_as_printed(table, row, asked) for row in rows] for table, rows in found.items()}
    return {table: rows for table, rows in found.items() if rows}


def _as_printed(table: str, row: Row, asked: SatisfactionRule) -> Row:
    if table == "balance_indicators":
        unit, limit = str(row["unit"] or ""), row["limit"]
        ends = {key: _rounded(unit, row[key], None) for key in ("low", "high")}
        evidence = row["evidence"]
        if isinstance(evidence, dict):
            evidence = {key: _of_evidence(value) for key, value in evidence.items()}
        return {**row, **ends, "value": _rounded(unit, row["value"], limit), "evidence": evidence}
    if table in ("balance_satisfaction", "balance_own_share"):
        judged = table == "balance_satisfaction"
        limits = {"share": asked.limit, "response": asked.response_minimum} if judged else {}
        shares = {key: _rounded("share", row[key], limits.get(key)) for key in SHARES if key in row}
        return {**row, **shares}
    return row


def _rounded(unit: str, value: float | None, limit: float | None) -> float | None:
    return None if value is None else printed(unit, float(value), limit)


def _of_evidence(value: Any) -> Any:
    """A share of the evidence as printed, other fractions with two decimals."""
    if isinstance(value, float) and not value.is_integer():
        return printed("share" if 0 <= value <= 1 else "per_100", value)
    return value
