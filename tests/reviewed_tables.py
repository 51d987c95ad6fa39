"""An invented district's review, table by table: every verdict and every reason occurs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalib.page.district.view import DistrictView
from evalib.page.findings import Speaker
from evalib.settings import load_settings
from evalib.store import Store
from evalib.wording import wording_of

ROOT = Path(__file__).parents[1]
YEARS = ("2022-2023", "2023-2024", "2024-2025")
HOSTILE = '<script>alert(1)</script>"]#sys.version'
PRIMARY, JUNIOR = 9, 4
Tables = dict[tuple[str, str], pd.DataFrame]

# Verdicts other than "met", with what stands in the way.
NOT_MET = {"R3", "R6", "G4", "G11"}
SILENT: dict[str, list[dict[str, Any]]] = {
    "R5": [{"what": "no_column", "where": "resources.indoor_sports_m2"}],
    "G3": [{"what": "no_data", "where": "resources.music_rooms", "sections": 2}],
    "G8": [
        {
            "what": "wrong_unit",
            "where": "district.teacher_pay_yuan",
            "unit": "ten_thousand_yuan",
            "expected": "yuan",
        }
    ],
    "G12": [{"what": "no_table", "where": "teachers"}],
    "Q4": [
        {"what": "out_of_range", "where": "district.training_funds_share", "value": 5.4, "low": 0, "high": 1}
    ],
    "Q8": [{"what": "no_fact", "where": "district.no_overburden"}],
}


def sections() -> pd.DataFrame:
    """Sections with names; the first one's would do harm."""
    codes = [f"2150{k:06d}" for k in range(PRIMARY)] + [f"3150{k:06d}" for k in range(JUNIOR)]
    names = [HOSTILE, *(f"甲{k}小学" for k in range(1, PRIMARY)), *(f"乙{k}中学" for k in range(JUNIOR))]
    return pd.DataFrame(
        {
            "school_code": codes,
            "stage": ["primary"] * PRIMARY + ["junior"] * JUNIOR,
            "name": names,
            "kind": ["小学"] * PRIMARY + ["初级中学"] * JUNIOR,
            "area": "town",
            "pupils_on_roll": pd.array([300 + 7 * k for k in range(PRIMARY + JUNIOR)], dtype="Int64"),
            "pupils_on_roll_withheld": False,
        }
    )


def section_rows(settings: Any) -> pd.DataFrame:
    """R1–R7 of every section: the second is near once, the third under twice, the last primary silent."""
    rows = []
    for position, (code, stage) in enumerate(sections()[["school_code", "stage"]].itertuples(index=False)):
        for place, one in enumerate(settings.balance.resources):
            limit = one.limit(stage).value
            factor, verdict, reason = 1.02 + 0.05 * (position % 5), "met", ""
            if stage == "primary" and (position, place) == (1, 3):
                factor, verdict = 0.9, "near"
            if stage == "primary" and position == 2 and place in (2, 5):
                factor, verdict = 0.6, "under"
            if position == PRIMARY - 1 and place in (0, 4):
                factor, verdict, reason = np.nan, "not_reported", "resources.indoor_sports_m2"
            if position == PRIMARY + JUNIOR - 1:
                factor, verdict, reason = np.nan, "out_of_scope", "教学点"
            rows.append(
                {
                    "school_code": code,
                    "stage": stage,
                    "indicator": one.id,
                    "aspect": "",
                    "value": factor * limit,
                    "numerator": factor * limit * 3,
                    "pupils": 300.0,
                    "limit": limit,
                    "floor": 0.85 * limit,
                    "verdict": verdict,
                    "reason": reason,
                    "short_of_limit": np.nan if reason else max(0.0, np.ceil((1 - factor) * limit * 3)),
                    "short_of_floor": np.nan if reason else max(0.0, np.ceil((0.85 - factor) * limit * 3)),
                }
            )
    return pd.DataFrame(rows)


def verdict_rows() -> pd.DataFrame:
    rows = []
    for position, (code, stage) in enumerate(sections()[["school_code", "stage"]].itertuples(index=False)):
        row: dict[str, Any] = {
            "school_code": code,
            "stage": stage,
            "verdict": "met",
            "reason": "",
            "needed": "[]",
        }
        row |= {"met": 7, "near": 0, "under": 0, "missing": 0}
        if position == 1:
            row |= {"met": 6, "near": 1}
        if position == 2:
            needed = [{"indicator": "R3", "units": 2}, {"indicator": "R6", "units": 240_000}]
            row |= {"verdict": "not_met", "met": 5, "under": 2, "needed": json.dumps(needed)}
        if position == PRIMARY - 1:
            reason = "resources.indoor_sports_m2,teachers.degree"
            row |= {"verdict": "not_reported", "met": 5, "missing": 2, "reason": reason}
        if position == PRIMARY + JUNIOR - 1:
            row |= {"verdict": "out_of_scope", "met": 0, "reason": "教学点"}
        rows.append(row)
    return pd.DataFrame(rows)


def _finding(indicator: str, verdict: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "indicator": indicator,
        "aspect": "",
        "stage": "",
        "respondent": "",
        "verdict": verdict,
    }
    row |= dict.fromkeys(("value", "limit", "low", "high", "sections", "in_the_way"), np.nan)
    row |= {"unit": "", "needed": {}, "evidence": {}, "reason": []}
    row |= more
    return {
        **row,
        **{key: json.dumps(row[key], ensure_ascii=False) for key in ("needed", "evidence", "reason")},
    }


def indicator_rows(settings: Any, year: str) -> pd.DataFrame:
    """The 32, their parts, and the rule of six in seven."""
    rows = []
    for position, one in enumerate(settings.balance.indicators):
        reason = SILENT.get(one.id, [])
        verdict = "not_met" if one.id in NOT_MET else "not_reported" if reason else "met"
        if one.id == "S1":
            verdict = "met_low_response"
        more: dict[str, Any] = {"unit": one.unit, "reason": reason}
        if one.part == "resources":
            blocked = one.id in ("R3", "R6")
            more |= {"sections": 11, "in_the_way": int(blocked)}
            if blocked:
                more["needed"] = {"primary": {"teachers": 2} if one.id == "R3" else {"yuan": 240_000}}
        if one.id == "G7":
            more |= {
                "value": 10_000.0,
                "limit": 6000.0,
                "evidence": {"special_education_funds_yuan": 10_000.0},
            }
        if one.id == "Q2":
            more |= {"value": 0.94996, "limit": 0.95, "evidence": {"special_needs_enrolled_share": 0.94996}}
            verdict = "not_met"
        if one.id == "Q1":
            more |= {"value": 0.9871, "limit": 0.95, "evidence": {"entrants": 851, "graduated": 840}}
        rows.append(_finding(one.id, verdict, **more))
        rows += _parts(settings, one, position, year)
    for stage, counts in (("primary", (7, 1, 1)), ("junior", (3, 0, 0))):
        needed = {"primary": {"R3": 2, "R6": 240_000}} if counts[1] else {}
        evidence = dict(zip(("met", "not_met", "not_reported"), counts, strict=True))
        more = {
            "value": counts[0] / sum(counts[:2]),
            "unit": "share",
            "limit": 1.0,
            "sections": sum(counts[:2]),
        }
        verdict = "not_met" if counts[1] else "met"
        rows.append(
            _finding(
                "R",
                verdict,
                aspect="sections",
                stage=stage,
                in_the_way=counts[1],
                needed=needed,
                evidence=evidence,
                **more,
            )
        )
    return pd.DataFrame(rows)


def _parts(settings: Any, one: Any, position: int, year: str) -> list[dict[str, Any]]:
    found = []
    if one.part == "resources":
        for stage in ("primary", "junior"):
            limit = settings.balance.variation.limit(stage)
            value = 0.2 + 0.03 * position + 0.01 * YEARS.index(year) + 0.02 * (stage == "junior")
            value = 0.500004 if (one.id, stage) == ("R6", "primary") else value
            silent = one.id in SILENT
            verdict = "not_reported" if silent else "not_met" if value > limit else "met"
            fields: dict[str, Any] = {
                "aspect": "variation",
                "stage": stage,
                "unit": "coefficient",
                "limit": limit,
            }
            fields["reason"] = SILENT.get(one.id, [])
            if stage == "junior" and one.id == "R1":
                fields["reason"] = [{"what": "two_sections", "where": "schools", "stage": "junior"}]
            found.append(_finding(one.id, verdict, value=np.nan if silent else value, **fields))
            below = 2 if one.id in ("R3", "R6") and stage == "primary" else 0
            needed = {stage: {"teachers": 3} if one.id == "R3" else {"yuan": 700_000}} if below else {}
            fields = {
                "aspect": "sections",
                "stage": stage,
                "unit": "share",
                "sections": 8,
                "in_the_way": below,
            }
            found.append(_finding(one.id, "not_met" if below else "met", needed=needed, **fields))
    elif one.id == "G4":
        for stage, below in (("primary", 1), ("junior", 0)):
            fields = {"stage": stage, "unit": "share", "value": 1 - below / 9, "limit": 1.0, "sections": 9}
            found.append(_finding(one.id, "not_met" if below else "met", in_the_way=below, **fields))
    elif one.id == "G11":
        for aspect, value, limit in (("exchanged", 28 / 226, 0.10), ("backbone", 5 / 28, 0.20)):
            verdict = "met" if value >= limit else "not_met"
            evidence = {"exchanged": 28.0, "exchange_eligible": 226.0}
            found.append(
                _finding(
                    one.id, verdict, aspect=aspect, value=value, limit=limit, unit="share", evidence=evidence
                )
            )
    elif one.id == "G13":
        for stage, value, limit in (("primary", 1.0, 1.0), ("junior", 0.984, 0.95)):
            found.append(_finding(one.id, "met", stage=stage, value=value, limit=limit, unit="share"))
    elif one.id == "S1":
        for row in satisfaction_rows().itertuples():
            fields = {"value": row.share, "low": row.low, "high": row.high, "limit": 0.85, "unit": "share"}
            found.append(_finding(one.id, row.verdict, respondent=row.respondent, **fields))
    return found


def fact_rows(settings: Any, year: str) -> pd.DataFrame:
    """Every fact of the params: those of `SILENT` refused, some never told, a contradiction last year."""
    place = YEARS.index(year)
    told: dict[str, float] = {
        "departments_joined": 36, "education_budget_share": 0.252, "good_schools_planned": 19,
        "spending_per_pupil_yuan": 14_260 + 410 * place, "building_projects": 8,
        "places_added": 3_000 + place, "schools_repaired": 30, "repair_fund_yuan": 27_000_000,
        "studios": 25, "model_lessons": 18, "exchange_eligible": 226, "exchanged": 28,
        "exchanged_backbone": 5, "special_education_funds_yuan": 9_500 + 250 * place,
        "public_funds_rural_yuan": 1_260, "public_funds_urban_yuan": 1_080, "resource_rooms": 22,
        "counselling_sites": 39, "special_needs_enrolled_share": 0.97,
    }  # fmt: skip
    if year == YEARS[0]:
        del told["building_projects"]
    problems = {
        reason["where"].removeprefix("district."): [reason]
        for reasons in SILENT.values()
        for reason in reasons
        if reason["where"].startswith("district.")
    }
    if year == YEARS[1]:
        for less, more in (("exchanged", "exchange_eligible"), ("exchange_eligible", "exchanged")):
            problems[less] = [{"what": "contradiction", "where": f"district.{less}", "other": more}]
    rows = []
    for name, fact in settings.balance.facts.items():
        value = told.get(name, 12.6 if name in problems else np.nan)
        problem = problems.get(name) or (
            [] if value == value else [{"what": "no_fact", "where": f"district.{name}"}]
        )
        rows.append(
            {
                "fact": name,
                "value": value,
                "unit": fact.unit,
                "source": "区教育事业统计",
                "problem": json.dumps(problem) if problem else "",
            }
        )
    return pd.DataFrame(rows)


def staffing_rows(year: str) -> pd.DataFrame:
    place = YEARS.index(year)
    counts = {
        "teachers": 700, "tier:学科骨干": 44 + 2 * place, "tier:学科名师": 17, "tier:学科带头人": 9,
        "tier:区级名师": 2, "county_backbone": 80, "exchanged": 27, "exchanged_backbone": 6, "named": 72,
        "named_exchanged": 4, "certified": 690,
    }  # fmt: skip
    rows = [{"stage": "", "measure": name, "value": float(count)} for name, count in counts.items()]
    return pd.DataFrame([*rows, {"stage": "primary", "measure": "teachers", "value": 400.0}])


def satisfaction_rows() -> pd.DataFrame:
    """Five of six groups: one below the limit by a hair, one with few answers, one banded, one too small."""
    groups: list[tuple[Any, ...]] = [
        ("pupil", "met", 0.912, 0.90, 0.924, 9000, 9000, 8100, 7400, "", 0.90, "census"),
        ("parent", "not_met", 0.84996, 0.84, 0.86, 9000, 3000, 2200, 1870, "", 0.733, "sample"),
        ("teacher", "met_low_response", 0.93, 0.90, 0.96, 700, 700, 310, 288, "", 0.443, "census"),
        ("head", "met", 0.97, np.nan, np.nan, 40, 40, 40, np.nan, "high", 1.0, "census"),
        ("deputy", "not_reported", np.nan, np.nan, np.nan, 30, 30, 4, np.nan, "", 0.133, "sample"),
    ]
    names = [
        "respondent",
        "verdict",
        "share",
        "low",
        "high",
        "population",
        "invited",
        "answered",
        "satisfied",
    ]
    return pd.DataFrame(groups, columns=[*names, "band", "response", "design"])


def own_share_rows() -> pd.DataFrame:
    rows = [
        ("primary", "mathematics", 0.112, 0.06, 0.19, 9.0),
        ("primary", "", 0.098, 0.05, 0.17, 9.0),
        ("junior", "mathematics", np.nan, np.nan, np.nan, 3.0),
    ]
    return pd.DataFrame(rows, columns=["stage", "subject", "share", "low", "high", "sections"])


def member_rows() -> pd.DataFrame:
    keys = sections()[["school_code", "stage"]]
    groups = ["JT01", "JT01", "JT02", "JT02"] + [""] * (len(keys) - 4)
    return keys.assign(
        group_code=groups, group=groups, group_role="", pair_code=["D1", "", "D1", *[""] * (len(keys) - 3)]
    )


def tables(settings: Any) -> Tables:
    """Every table of the review by name and year."""
    found: Tables = {}
    for year in YEARS:
        shown: dict[str, pd.DataFrame] = {
            "published_sections": sections(),
            "public_sections": sections(),
            "published_members": member_rows(),
            "balance_sections": section_rows(settings),
            "balance_verdicts": verdict_rows(),
            "balance_indicators": indicator_rows(settings, year),
            "balance_facts": fact_rows(settings, year),
            "balance_staffing": staffing_rows(year),
            "balance_satisfaction": satisfaction_rows(),
            "balance_own_share": own_share_rows(),
        }
        found |= {(name, year): table.assign(year=year) for name, table in shown.items()}
    return found


def reviewed(folder: Path, without: tuple[str, ...] = ()) -> Path:
    """A project in a folder of its own whose store holds the review, but for some tables."""
    shutil.copytree(ROOT / "params", folder / "params")
    settings = load_settings(folder / "params" / "sample.yaml")
    Store(settings.store).write(
        {key: table for key, table in tables(settings).items() if key[0] not in without}
    )
    return folder


def view_of(
    folder: Path, lang: str = "zh", edition: str = "restricted", year: str = YEARS[-1]
) -> DistrictView:
    """The district as a page sees it."""
    settings = load_settings(folder / "params" / "sample.yaml")
    words = wording_of(settings, lang)
    years = tuple(one for one in YEARS if one <= year)
    return DistrictView(
        settings, Store(settings.store), words, Speaker(settings.sentences, words), year, years, edition
    )


def changed(root: Path, folder: Path, change: Callable[[str, pd.DataFrame], pd.DataFrame]) -> Path:
    """The same district with this year's tables changed."""
    shutil.copytree(root, folder)
    settings = load_settings(folder / "params" / "sample.yaml")
    now = {key: table for key, table in tables(settings).items() if key[1] == YEARS[-1]}
    Store(settings.store).write({key: change(key[0], table.copy()) for key, table in now.items()})
    return folder
