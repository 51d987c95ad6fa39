"""How much memory the review of a whole province-sized year takes, and how its cost grows with the data.

Run: python benchmarks/bench_memory.py --pupils 300000 3000000

Stores of invented pupils, three papers each a year and the fitness test, two years. Making a
store and reviewing it are processes of their own: the peak told is that of the review alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from measured import ROOT, keeper, machine, once, table, tell

from evalib.review.yearly import review_year
from evalib.settings import load_settings
from evalib.store import Store

YEARS = ("2023-2024", "2024-2025")
SUBJECTS = ("chinese", "math", "english")
GRADES, LAST_PRIMARY = 9, 6
PUPILS_A_SECTION, PUPILS_A_CLASS = 400, 42
PRIMARY_SHARE = 0.7
AIM_GIGABYTES = 8.0
MODELS = {"value_added", "value_added_intake", "low_start_growth", "value_added_3y", "onward_progress"}
KIBI, GIGA = 1024, 1e9
# Typical value and spread of what is measured at a grade in the middle.
BODY = {
    "height_cm": (140.0, 9.0, 1),
    "weight_kg": (35.0, 7.0, 1),
    "lung_capacity_ml": (2000.0, 450.0, 0),
    "run_50m_s": (10.0, 1.0, 1),
    "sit_and_reach_cm": (8.0, 6.0, 1),
}


def make_store(folder: Path, pupils: int) -> None:
    """Two years of pupils who move up by a grade, one year written after the other."""
    rng = np.random.default_rng(1)
    sections = max(40, pupils // PUPILS_A_SECTION)
    primaries = round(PRIMARY_SHARE * sections)
    codes = np.array([f"21{n:08d}" for n in range(sections)])
    stages = np.where(np.arange(sections) < primaries, "primary", "junior")
    # Everybody who is in one of the two years: ten cohorts, the last enters in the second year.
    cohort = np.repeat(np.arange(GRADES + 1), pupils // GRADES)
    primary = rng.integers(0, primaries, len(cohort))
    # Nine in ten go to the junior section of their neighbourhood.
    junior = primaries + primary % (sections - primaries)
    moved = rng.random(len(cohort)) < 0.1
    junior[moved] = rng.integers(primaries, sections, int(moved.sum()))
    everybody = {
        "key": pd.Series([f"{n:020x}" for n in rng.permutation(len(cohort)).tolist()], dtype="str"),
        "ability": rng.standard_normal(len(cohort)),
        "male": rng.random(len(cohort)) < 0.52,
        "migrant": rng.random(len(cohort)) < 0.15,
    }
    level = 0.2 * rng.standard_normal(sections)
    store = Store(folder)
    for position, year in enumerate(YEARS):
        grade = GRADES + position - cohort
        here = np.flatnonzero((grade >= 1) & (grade <= GRADES))
        here = here[np.argsort(np.where(grade <= LAST_PRIMARY, primary, junior)[here], kind="stable")]
        grade = grade[here]
        section = np.where(grade <= LAST_PRIMARY, primary[here], junior[here])
        key = everybody["key"].take(here).reset_index(drop=True)
        male = everybody["male"][here]
        rooms = np.maximum(
            1, pupils // GRADES // np.where(grade <= LAST_PRIMARY, primaries, sections - primaries)
        )
        room = rng.integers(0, np.maximum(1, rooms // PUPILS_A_CLASS))
        roll = pd.DataFrame(
            {
                "pupil": key,
                "school_code": _taken(codes, section),
                "stage": _taken(stages, section),
                "grade": grade,
                "class": _taken(np.array([f"{n + 1}班" for n in range(int(room.max()) + 1)]), room),
                "sex": _taken(np.array(["female", "male"]), male.astype(int)),
                "migrant": pd.array(everybody["migrant"][here], dtype="boolean"),
                "status": _taken(np.array(["enrolled"]), np.zeros(len(here), int)),
            }
        )
        store.write({("schools", year): _schools(codes, stages), ("pupils", year): roll})
        papers = _papers(position)
        store.write(
            {
                ("papers", year): papers,
                ("scores", year): _scores(rng, roll, everybody["ability"][here] + level[section], papers),
            }
        )
        store.write({("fitness", year): _fitness(rng, key, grade, male)})


def _taken(words: np.ndarray, number: np.ndarray) -> pd.Series:
    return pd.Series(words, dtype="str").take(number).reset_index(drop=True)


def _schools(codes: np.ndarray, stages: np.ndarray) -> pd.DataFrame:
    table = {"school_code": codes, "stage": stages, "name": codes, "area": "urban"}
    return pd.DataFrame(table).astype("str")


def _papers(position: int) -> pd.DataFrame:
    rows = [
        (f"{2024 + position}-{g}-{s}", "second", g, s, 100.0) for g in range(1, GRADES + 1) for s in SUBJECTS
    ]
    papers = pd.DataFrame(rows, columns=["paper", "term", "grade", "subject", "full_mark"])
    papers = papers.astype({"paper": "str", "term": "str", "subject": "str"})
    return papers.assign(comparable=pd.array([True] * len(papers), dtype="boolean"))


def _scores(
    rng: np.random.Generator, roll: pd.DataFrame, ability: np.ndarray, papers: pd.DataFrame
) -> pd.DataFrame:
    papers_each = len(SUBJECTS)
    row = np.repeat(np.arange(len(roll)), papers_each)
    paper = (roll["grade"].to_numpy()[row] - 1) * papers_each + np.tile(np.arange(papers_each), len(roll))
    latent = 0.85 * ability[row] + 0.5 * rng.standard_normal(len(row))
    present = rng.random(len(row)) > 0.01
    return pd.DataFrame(
        {
            "paper": papers["paper"].take(paper).reset_index(drop=True),
            "pupil": roll["pupil"].take(row).reset_index(drop=True),
            "school_code": roll["school_code"].take(row).reset_index(drop=True),
            "score": np.where(present, np.clip(np.round(2 * (72 + 14 * latent)) / 2, 0, 100), np.nan),
            "sat": _taken(np.array(["absent", "present"]), present.astype(int)),
        }
    )


def _fitness(rng: np.random.Generator, key: pd.Series, grade: np.ndarray, male: np.ndarray) -> pd.DataFrame:
    count = len(key)
    columns = {
        name: np.round(typical + spread * np.clip(rng.standard_normal(count), -3, 3), decimals)
        for name, (typical, spread, decimals) in BODY.items()
    }
    young, junior = grade <= LAST_PRIMARY, grade > LAST_PRIMARY

    def of_some(some: np.ndarray, typical: float, spread: float) -> np.ndarray:
        values = np.round(np.maximum(typical + spread * rng.standard_normal(count), 1.0))
        return np.where(some, values, np.nan)

    columns["rope_jumps"] = of_some(young, 100, 25)
    columns["sit_ups"] = of_some((young & (grade >= 3)) | (junior & ~male), 30, 9)
    columns["shuttle_run_s"] = of_some(young & (grade >= 5), 110, 12)
    columns["standing_jump_cm"] = of_some(junior, 185, 22)
    columns["pull_ups"] = of_some(junior & male, 4, 3)
    columns["run_800m_s"] = of_some(junior & ~male, 250, 25)
    columns["run_1000m_s"] = of_some(junior & male, 265, 28)
    exempt = pd.array(rng.random(count) < 0.01, dtype="boolean")
    return pd.DataFrame({"pupil": key, **columns}).assign(exempt=exempt)


def review(folder: Path, limit: int, without: set[str]) -> dict[str, float]:
    """Seconds and peak memory of reviewing the later year, in this very process; empty if over the limit."""
    resource.setrlimit(resource.RLIMIT_AS, (limit * int(GIGA), limit * int(GIGA)))
    settings = load_settings(ROOT / "params" / "sample.yaml")
    kept = [one for one in settings.measures.indicators if one.measure not in without]
    settings = replace(settings, measures=settings.measures.model_copy(update={"indicators": kept}))
    try:
        found, took = once(lambda: review_year(Store(folder), settings, YEARS[-1]))
    except MemoryError:
        return {}
    return {
        "seconds": took,
        "peak": _peak(),
        "rows": len(found.measurements),
        "figures": int(found.measurements["reason"].eq("").sum()),
        "sections": len(found.sections),
    }


def _peak() -> float:
    """Gigabytes: the most that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBI / GIGA


def _child(*words: str) -> str:
    """What this script prints when told so; this process stays small, for a child starts with its peak."""
    done = subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _row(pupils: int, what: str, one: dict[str, float], limit: int) -> list[str]:
    if not one:
        return [f"{pupils:,}", what, "", "", "stopped", f"more than {limit} GB"]
    return [
        f"{pupils:,}",
        what,
        f"{one['sections']:,}",
        f"{one['figures']:,} of {one['rows']:,}",
        f"{one['seconds']:.1f} s",
        f"{one['peak']:.2f} GB",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pupils", type=int, nargs="+", default=[300_000])
    parser.add_argument("--folder", type=Path, help="where the stores lie; kept, and used again")
    parser.add_argument("--limit", type=int, default=16, help="gigabytes of addresses a review may take")
    parser.add_argument("--without-models", action="store_true", help="only without the growth models")
    parser.add_argument("--make", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--review", type=Path, help=argparse.SUPPRESS)
    keeper(parser)
    asked = parser.parse_args()
    if asked.make:
        make_store(asked.folder, asked.make)
        return
    if asked.review:
        without = MODELS if asked.without_models else set()
        print(json.dumps(review(asked.review, asked.limit, without)))
        return
    begun, rows = machine(), []
    with tempfile.TemporaryDirectory() as elsewhere:
        for pupils in asked.pupils:
            folder = (asked.folder or Path(elsewhere)) / str(pupils)
            if len(Store(folder).years("fitness")) < len(YEARS):
                _child("--make", str(pupils), "--folder", str(folder))
            for what, more in (("every measure", []), ("without the growth models", ["--without-models"])):
                if asked.without_models and not more:
                    continue
                told = _child("--review", str(folder), "--limit", str(asked.limit), *more)
                rows.append(_row(pupils, what, json.loads(told), asked.limit))
    tell(
        "memory",
        "Memory and seconds of the review of a very large year",
        [
            "`review_year` in a process of its own: every measure the tables allow (pupils, papers, scores "
            "and fitness of two years, three papers a pupil and year).",
            table(["pupils", "measures", "sections", "rows with a figure", "review", "peak memory"], rows),
            f"Aim: {AIM_GIGABYTES:.0f} GB at the largest. The peak is the process's `ru_maxrss`; a review "
            f"that asked for more than {asked.limit} GB was stopped.",
        ],
        begun=begun,
        keep=asked.keep,
    )


if __name__ == "__main__":
    main()
