"""An invented district as it is published: three years, two stages, groups, pairs, both editions.

Sixteen primary sections A01…A16 (eight urban, six in towns, two rural) and four junior ones B01…B04.
A01 rises year by year and A16 falls; A15 has no score this year and no roll that may be shown; A14 is new.
The public figures are the published ones rounded to one decimal, so that it can be told which were read.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalib.disclosure import PUBLISHED
from evalib.settings import Settings, load_settings
from evalib.store import Store

ROOT = Path(__file__).parents[1]
YEARS = ("2022-2023", "2023-2024", "2024-2025")
NOW = YEARS[-1]
PRIMARY = [f"A{k:02d}" for k in range(1, 17)]
JUNIOR = [f"B{k:02d}" for k in range(1, 5)]
HOSTILE = '<script>alert(1)</script>"]#sys.version'
NAMES = {"A02": HOSTILE, **{code: f"示例{code}校" for code in (*PRIMARY, *JUNIOR) if code != "A02"}}
# JT01 has five primary sections, one of which joined later; JT02 two primary and one junior.
GROUPS = {"JT01": ["A01", "A02", "A03", "A04", "A14"], "JT02": ["A05", "A06", "B01"]}
# Three pairs of primary sections, and one across the stages that cannot be subtracted.
PAIRS = {"JD01": ("A07", "A08"), "JD02": ("A09", "A10"), "JD03": ("A11", "A12"), "JD04": ("A13", "B02")}
DIMENSIONS = ("academic", "competence", "talents", "articulation", "growth")
SUBJECTS = ("chinese", "mathematics")


def stage_of(code: str) -> str:
    return "primary" if code in PRIMARY else "junior"


def area_of(code: str) -> str:
    place = int(code[1:])
    if code in JUNIOR:
        return "urban"
    return "urban" if place <= 8 else "town" if place <= 14 else "rural"


def level(code: str, dimension: str, year: str) -> float:
    """A section's figure, in tens of T points: spread evenly, three of them moving with the years."""
    codes = PRIMARY if code in PRIMARY else JUNIOR
    place = (codes.index(code) * 7 + 3 * DIMENSIONS.index(dimension)) % len(codes)
    drift = {"A01": 0.6, "A16": -0.6}.get(code, 0.0) * YEARS.index(year)
    return 3.0 * (place / (len(codes) - 1) - 0.5) + drift


def rows_of(code: str, year: str) -> list[dict[str, Any]]:
    """Everything that is measured of a section in a year."""
    found = []
    for dimension in DIMENSIONS:
        if dimension == "growth" and year == YEARS[0]:
            continue
        z = level(code, dimension, year)
        lead = {
            "academic": ("standard_score", 0.2 * z, 0.07),
            "competence": ("fitness_good_rate", 0.5 + 0.1 * z, 0.03),
            "talents": ("activity_share", 0.4 + 0.1 * z, 0.03),
            "articulation": ("foundation_rate", 0.6 + 0.1 * z, 0.03),
            "growth": ("value_added", 0.1 * z, 0.06),
        }[dimension]
        made = [(dimension, "", z, 0.4), (lead[0], "", lead[1], lead[2])]
        if dimension in ("academic", "growth"):
            made += [(lead[0], subject, 1.1 * lead[1], 1.2 * lead[2]) for subject in SUBJECTS]
        found += [measured(code, year, dimension, *one) for one in made]
    return found


def measured(
    code: str, year: str, dimension: str, indicator: str, subject: str, value: float, se: float
) -> dict[str, Any]:
    reference = {"fitness_good_rate": 0.5, "activity_share": 0.4, "foundation_rate": 0.6}.get(indicator, 0.0)
    difference = value - reference
    row: dict[str, Any] = {
        "school_code": code,
        "stage": stage_of(code),
        "dimension": dimension,
        "indicator": indicator,
        "subject": subject,
        "reason": "",
        "value": value,
        "se": se,
        "low": value - 1.96 * se,
        "high": value + 1.96 * se,
        "n": 100.0,
        "reference": reference,
        "difference": difference,
        "difference_low": difference - 1.96 * se,
        "difference_high": difference + 1.96 * se,
        "standing": standing(difference / se),
        "called_by_chance": 0.02,
    }
    if year != YEARS[0] and not (code == "A14" and year == NOW) and not subject:
        moved = {"A01": 1, "A16": -1}.get(code, 0)
        row |= {"change": 0.6 * moved, "change_se": 0.2, "change_probability": 0.97 if moved else 0.55}
    if code == "A15" and year == NOW:
        figures = [key for key, one in row.items() if isinstance(one, float)]
        row |= {"reason": "suppressed", "standing": "", **dict.fromkeys(figures, np.nan)}
    return row


def standing(ratio: float) -> str:
    side = "above" if ratio > 0 else "below"
    return (
        f"clearly_{side}"
        if abs(ratio) > 3
        else f"probably_{side}"
        if abs(ratio) > 2
        else "not_distinguishable"
    )


def published(year: str) -> pd.DataFrame:
    codes = [code for code in (*PRIMARY, *JUNIOR) if not (code == "A14" and year != NOW)]
    rows = [row for code in codes for row in rows_of(code, year)]
    return pd.DataFrame(rows).assign(year=year).reindex(columns=PUBLISHED)


def public(year: str) -> pd.DataFrame:
    shown = published(year)
    numbers = shown.select_dtypes("number").columns
    return shown.assign(
        called_by_chance=np.nan, **{one: shown[one].round(2) for one in numbers if one != "called_by_chance"}
    )


def sections(year: str) -> pd.DataFrame:
    codes = [code for code in (*PRIMARY, *JUNIOR) if not (code == "A14" and year != NOW)]
    return pd.DataFrame(
        {
            "year": year,
            "school_code": codes,
            "stage": [stage_of(code) for code in codes],
            "name": [NAMES[code] for code in codes],
            "area": [area_of(code) for code in codes],
            "side": ["east" if int(code[1:]) % 2 else "west" for code in codes],
            "pupils_on_roll": pd.array([None if code == "A15" else 200.0 for code in codes], "Float64"),
            "pupils_on_roll_withheld": [code == "A15" for code in codes],
        }
    )


def members(year: str) -> pd.DataFrame:
    found = sections(year)[["year", "school_code", "stage"]].assign(group_role="")
    group = {code: name for name, codes in GROUPS.items() for code in codes}
    pair = {code: name for name, codes in PAIRS.items() for code in codes}
    code = found["school_code"]
    found["group_code"] = code.map(group).fillna("")
    found["group"] = found["group_code"].map({"JT01": "示例一集团", "JT02": "", "": ""})
    found["group_role"] = code.map({"A01": "lead", "A02": "branch", "A05": "lead"}).fillna("")
    found["pair_code"] = code.map(pair).fillna("")
    return found


def shared_staff(year: str) -> pd.DataFrame:
    rows = [("JT01", "taught_in_two", 3.0), ("JT01", "moved_within", 2.0 if year != YEARS[0] else np.nan)]
    return pd.DataFrame(rows, columns=["group_code", "measure", "value"]).assign(year=year)


def lay(root: Path) -> Settings:
    """The district's params and store in a folder of its own."""
    shutil.copytree(ROOT / "params", root / "params")
    settings = load_settings(root / "params" / "sample.yaml")
    store = Store(settings.store)
    scale = {
        "indicator": "academic",
        "stage": "primary",
        "centre": 0.0,
        "spread": 1.0,
        "between_variance": 1.0,
    }
    tables = {}
    for year in YEARS:
        whole = sections(year)
        tables |= {
            ("schools", year): whole[["school_code", "stage"]],
            ("published", year): published(year),
            ("public", year): public(year),
            ("published_sections", year): whole,
            ("public_sections", year): whole,
            ("published_members", year): members(year),
            ("published_scale", year): pd.DataFrame([{**scale, "provisional": True, "base_years": YEARS[0]}]),
            ("balance_shared_staff", year): shared_staff(year),
        }
    store.write(tables)
    return settings
