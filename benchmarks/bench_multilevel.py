"""How long a two-level REML fit takes, here, in statsmodels and in lme4, on the same invented pupils.

Run: python benchmarks/bench_multilevel.py

From arrays in memory to estimates, in one run. lme4 is asked where `Rscript` is installed; its
seconds are those of `lmer` alone.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
from measured import keeper, machine, once, seconds, table, tell
from statsmodels.regression.mixed_linear_model import MixedLM

from evalib.statistics.multilevel import MultilevelFit, fit_from_sums, fit_multilevel

AIM = 100
# How far others may be from us: they stop at a tolerance of their own.
DEVIANCE_TOLERANCE, COEFFICIENT_TOLERANCE = 1e-3, 1e-6
LME4 = """
pupils <- read.csv("{csv}")
library(lme4)
begin <- proc.time()[["elapsed"]]
fit <- lmer(outcome ~ . - section + (1 | section), pupils, REML = TRUE)
cat(proc.time()[["elapsed"]] - begin, REMLcrit(fit), fixef(fit))
"""


def by_lme4(outcome: np.ndarray, covariates: np.ndarray, section: np.ndarray) -> np.ndarray | None:
    """Seconds, deviance and coefficients; None where R or lme4 is not installed."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / "pupils.csv"
        names = ["outcome", "section", *(f"x{n}" for n in range(covariates.shape[1]))]
        columns = np.column_stack([outcome, section, covariates])
        np.savetxt(csv, columns, fmt="%.17g", delimiter=",", header=",".join(names), comments="")
        done = subprocess.run([rscript, "-e", LME4.format(csv=csv)], capture_output=True, text=True)
    return np.array(done.stdout.split(), float) if done.returncode == 0 else None


def agreeing(fit: MultilevelFit, deviance: float, coefficients: np.ndarray) -> str:
    """How far another's estimates are from ours, after a check that they are the same."""
    apart = np.abs(fit.coefficients - coefficients).max()
    if abs(deviance - fit.deviance) > DEVIANCE_TOLERANCE or apart > COEFFICIENT_TOLERANCE:
        raise SystemExit(f"the estimates differ: −2 log L by {deviance - fit.deviance:.2e}, β by {apart:.1e}")
    return f"{apart:.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pupils", type=int, default=1_000_000)
    parser.add_argument("--sections", type=int, default=4_000)
    parser.add_argument("--columns", type=int, default=7, help="covariates, the constant not counted")
    parser.add_argument("--repeats", type=int, default=9, help="runs of ours; the median is printed")
    parser.add_argument("--seed", type=int, default=1)
    keeper(parser)
    asked = parser.parse_args()
    begun = machine()

    rng = np.random.default_rng(asked.seed)
    section = rng.integers(0, asked.sections, asked.pupils)
    covariates = rng.normal(size=(asked.pupils, asked.columns))
    outcome = covariates @ rng.normal(size=asked.columns) + rng.normal(size=asked.pupils)
    outcome += 0.3 * rng.normal(size=asked.sections)[section]

    fit = fit_multilevel(outcome, covariates, section)
    ours = seconds(lambda: fit_multilevel(outcome, covariates, section), asked.repeats)
    again = seconds(lambda: fit_from_sums(fit.sums), asked.repeats)
    design = np.column_stack([np.ones(asked.pupils), covariates])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other, theirs = once(lambda: MixedLM(outcome, design, groups=section).fit(reml=True))
    rows = [
        ["evalib", f"{ours:.3f} s", "", f"{fit.deviance:.6f}", ""],
        ["evalib, again from its sums", f"{again:.4f} s", "", f"{fit.deviance:.6f}", ""],
        [
            "statsmodels MixedLM",
            f"{theirs:.2f} s",
            f"{theirs / ours:.0f} ×",
            f"{-2 * other.llf:.6f}",
            agreeing(fit, -2 * other.llf, other.fe_params),
        ],
    ]
    lme4 = by_lme4(outcome, covariates, section)
    if lme4 is None:
        rows.append(["lme4", "not installed", "", "", ""])
    else:
        apart = agreeing(fit, lme4[1], lme4[2:])
        rows.append(["lme4", f"{lme4[0]:.2f} s", f"{lme4[0] / ours:.0f} ×", f"{lme4[1]:.6f}", apart])
    tell(
        "multilevel",
        "Seconds for a two-level model",
        [
            f"{asked.pupils:,} pupils, {asked.sections:,} sections, {asked.columns} columns and a constant, "
            f"REML, from arrays in memory to estimates. Ours: median of {asked.repeats} after runs that do "
            "not count; theirs: a single run.",
            table(["", "by the clock", "÷ ours", "−2 log L", "largest difference of β"], rows),
            f"Aim: ≥ {AIM} ×.",
        ],
        begun=begun,
        keep=asked.keep,
    )


if __name__ == "__main__":
    main()
