"""How long a two-level REML fit takes, here and in statsmodels, on the same invented pupils.

Run: python benchmarks/bench_multilevel.py --pupils 200000 --sections 1000 --columns 7
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM

from evalib.statistics.multilevel import fit_from_sums, fit_multilevel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pupils", type=int, default=200_000)
    parser.add_argument("--sections", type=int, default=1_000)
    parser.add_argument("--columns", type=int, default=7, help="covariates, the constant not counted")
    parser.add_argument("--repeats", type=int, default=5, help="runs of ours; the median is printed")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()

    rng = np.random.default_rng(asked.seed)
    section = rng.integers(0, asked.sections, asked.pupils)
    covariates = rng.normal(size=(asked.pupils, asked.columns))
    outcome = covariates @ rng.normal(size=asked.columns) + rng.normal(size=asked.pupils)
    outcome += 0.3 * rng.normal(size=asked.sections)[section]

    ours = []
    for _ in range(asked.repeats):
        begin = time.perf_counter()
        fit = fit_multilevel(outcome, covariates, section)
        ours.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    fit_from_sums(fit.sums)
    again = time.perf_counter() - begin

    design = np.column_stack([np.ones(asked.pupils), covariates])
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = MixedLM(outcome, design, groups=section).fit(reml=True)
    theirs = time.perf_counter() - begin

    print(f"{asked.pupils:,} pupils, {asked.sections:,} sections, {asked.columns} columns, REML")
    print(f"evalib       {np.median(ours):9.3f} s   −2 log L {fit.deviance:.6f}   (from sums {again:.4f} s)")
    print(f"statsmodels  {theirs:9.3f} s   −2 log L {-2 * other.llf:.6f}")
    print(f"ratio        {theirs / np.median(ours):9.1f}")
    print(f"largest difference of coefficients {np.abs(fit.coefficients - other.fe_params).max():.1e}")


if __name__ == "__main__":
    main()
