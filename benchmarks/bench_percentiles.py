"""How long growth percentiles take: one grade beside statsmodels and HiGHS, and a whole district-year.

Run: python benchmarks/bench_percentiles.py --grade 6600 --district 40000
Seconds are processor time of this process (all its threads) and, in brackets, by the clock.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from collections.abc import Callable

import numpy as np
from scipy.optimize import linprog
from statsmodels.regression.quantile_regression import QuantReg

from evalib.measures.growth_percentiles import TAUS, growth_percentiles, percentile_design, prior_knots
from evalib.statistics.quantile_regression import check_loss, quantile_regressions

QUANTILES, BOUNDARY = np.array([0.2, 0.4, 0.6, 0.8]), 0.1


def scores(pupils: int, priors: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Normal scores of this year and of those before, correlated by about .8."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=pupils)
    start = 0.9 * ability[:, None] + 0.44 * rng.normal(size=(pupils, priors))
    return 0.9 * ability + 0.44 * rng.normal(size=pupils), start


def timed(action: Callable[[], np.ndarray]) -> tuple[np.ndarray, str]:
    clock, processor = time.perf_counter(), time.process_time()
    answer = action()
    return answer, f"{time.process_time() - processor:9.2f} ({time.perf_counter() - clock:8.2f}) s"


def losses(design: np.ndarray, outcome: np.ndarray, taus: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return np.array(
        [check_loss(outcome - design @ one, tau) for tau, one in zip(taus, coefficients, strict=True)]
    )


def by_statsmodels(design: np.ndarray, outcome: np.ndarray, taus: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = QuantReg(outcome, design)
        return np.array([model.fit(q=tau).params for tau in taus])


def by_highs(design: np.ndarray, outcome: np.ndarray, taus: np.ndarray) -> np.ndarray:
    """The dual programme, whose multipliers are the coefficients."""
    total = design.sum(axis=0)
    return np.array(
        [
            -linprog(
                -outcome, A_eq=design.T, b_eq=(1 - tau) * total, bounds=(0, 1), method="highs"
            ).eqlin.marginals
            for tau in taus
        ]
    )


def one_grade(pupils: int, priors: int, every: int, seed: int) -> None:
    outcome, start = scores(pupils, priors, seed)
    knots = prior_knots(start, np.full(pupils, 5), QUANTILES, BOUNDARY)
    design = percentile_design(start, [knots[5, back] for back in range(1, priors + 1)])
    print(f"one grade: {pupils:,} pupils, {priors} priors, {design.shape[1]} columns")
    fits, seconds = timed(lambda: quantile_regressions(design, outcome, TAUS))
    print(
        f"  evalib       100 quantiles {seconds}   largest gap {(fits.gap / fits.loss).max():.0e} of the loss"
    )
    some = TAUS[every // 2 :: every]
    own = fits.loss[every // 2 :: every]
    for name, solver in (("statsmodels", by_statsmodels), ("HiGHS", by_highs)):
        found, seconds = timed(lambda solver=solver: solver(design, outcome, some))
        excess = losses(design, outcome, some, found) / own - 1
        print(
            f"  {name:<12}{len(some):4d} quantiles {seconds}"
            f"   loss more than ours by {excess.min():.0e} to {excess.max():.0e}"
        )


def district_year(pupils: int, seed: int) -> None:
    """Grades 4 to 9; marks begin in grade 3, so grade 4 has one prior, grade 5 two, the others three."""
    outcome, priors = scores(pupils, 3, seed)
    grade = np.random.default_rng(seed).integers(4, 10, pupils)
    for back in (2, 3):
        priors[grade - back < 3, back - 1] = np.nan
    # One in thirty is new to the district each year.
    new = np.random.default_rng(seed + 1).random((pupils, 3)) < 1 / 30
    priors[np.logical_or.accumulate(new, axis=1)] = np.nan
    knots = prior_knots(priors, grade, QUANTILES, BOUNDARY)
    found, seconds = timed(
        lambda: growth_percentiles(outcome, priors, grade, knots, pupils_a_column=40, minimum_pupils=500)
    )
    counts = ", ".join(f"{int((found.order == one).sum()):,} on {one}" for one in (1, 2, 3))
    print(f"a district-year: {pupils:,} pupils of six grades; compared on priors: {counts}")
    print(f"  evalib       growth percentiles {seconds}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grade", type=int, default=6_600, help="pupils of the one grade")
    parser.add_argument("--district", type=int, default=40_000, help="pupils of the district-year")
    parser.add_argument("--every", type=int, default=1, help="of how many quantiles the others fit one")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}; BLAS threads {os.environ.get('OPENBLAS_NUM_THREADS', 'default')}"
    )
    for priors in (1, 3):
        one_grade(asked.grade, priors, asked.every, asked.seed)
    district_year(asked.district, asked.seed)


if __name__ == "__main__":
    main()
