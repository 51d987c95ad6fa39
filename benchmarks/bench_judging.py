"""Seconds for scores and standings of 4,000 sections, and for 2,000 other sets of weights of 100.

Run: python benchmarks/bench_judging.py

The figures are those of a reviewed district of 100 sections, repeated: each copy's sections are
drawn anew around the figures of the original, as far as its own variances say.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from bench_review import SECTIONS, large_district
from measured import keeper, machine, seconds, table, tell

from evalib.dimensions import add_dimensions
from evalib.review.yearly import review_year
from evalib.scales import scale_of
from evalib.scoring.standings import add_standings
from evalib.sensitivity import Weighing, weight_effects
from evalib.store import Store
from evalib.vocabulary import DIMENSIONS

AIM_SENSITIVITY = 1.0
WEIGHED_SECTIONS = 100


def repeated(measurements: pd.DataFrame, copies: int) -> pd.DataFrame:
    """The sections again and again, under other codes and with other luck."""
    rng = np.random.default_rng(1)
    frames = []
    for copy in range(copies):
        luck = np.sqrt(measurements["variance"]) * rng.standard_normal(len(measurements))
        moved = measurements.assign(school_code=measurements["school_code"] + f"-{copy:02d}")
        luck = luck.where(luck.notna(), 0.0)
        moved["difference"] += luck
        # Points and shares stay on their side of 0.
        moved["value"] = (moved["value"] + luck).where(
            lambda value: value.mul(measurements["value"]) > 0, 0.0
        )
        frames.append(moved)
    return pd.concat(frames, ignore_index=True)


def recoded(influences: pd.DataFrame, copies: int) -> pd.DataFrame:
    """What their scores need of the pupils, under the same codes."""
    return pd.concat(
        [influences.assign(school_code=influences["school_code"] + f"-{copy:02d}") for copy in range(copies)],
        ignore_index=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", type=int, default=4_000)
    parser.add_argument("--repeats", type=int, default=5)
    keeper(parser)
    asked = parser.parse_args()
    begun, copies = machine(), asked.sections // SECTIONS
    with tempfile.TemporaryDirectory() as folder:
        settings = large_district(Path(folder), 2)
        store = Store(settings.store)
        year = store.years()[-1]
        review = review_year(store, settings, year)
    scale = scale_of(settings, {year: review.measurements})
    measured, influences = repeated(review.measurements, copies), recoded(review.influences, copies)
    scored = add_dimensions(measured, influences, scale, settings)
    judged = add_standings({year: scored}, year, settings)
    standings = int(judged["standing"].isin(["", "none"]).eq(False).sum())
    scoring = seconds(lambda: add_dimensions(measured, influences, scale, settings), asked.repeats)
    judging = seconds(lambda: add_standings({year: scored}, year, settings), asked.repeats)

    few = measured.loc[measured["stage"].eq("primary"), "school_code"].drop_duplicates()[:WEIGHED_SECTIONS]
    some = measured[measured["stage"].eq("primary") & measured["school_code"].isin(few)]
    of_some = influences[influences["stage"].eq("primary") & influences["school_code"].isin(few)]
    rows = [
        [f"scores, {copies * SECTIONS:,} sections, {len(measured):,} rows", f"{scoring:.2f} s", ""],
        [f"standings, {len(scored):,} rows, {standings:,} judged", f"{judging:.2f} s", ""],
    ]
    draws = settings.measures.sensitivity.draws
    for dimension in DIMENSIONS:

        def effects(dimension: str = dimension) -> None:
            weighing = Weighing({year: some}, {year: of_some}, scale, settings, year, "primary", dimension)
            weight_effects(weighing)

        took = seconds(effects, asked.repeats)
        name = f"{draws:,} sets of weights, {len(few)} sections, {dimension}"
        rows.append([name, f"{took:.2f} s", f"< {AIM_SENSITIVITY:.0f} s"])
    tell(
        "judging",
        "Seconds for scores, standings and their sensitivity",
        [
            f"The figures of {SECTIONS} reviewed sections, repeated {copies} times with other luck. "
            f"Medians of {asked.repeats} after one run that does not count.",
            table(["step", "by the clock", "aim"], rows),
        ],
        begun=begun,
        keep=asked.keep,
    )


if __name__ == "__main__":
    main()
