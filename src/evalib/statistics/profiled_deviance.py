"""The profiled deviance of a multilevel model as a function of its variance ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from evalib.statistics.sufficient_sums import MultilevelSums

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

SECTION, CLASS = 0, 1
# Numbers kept for the products of groups by size: 160 MB.
_MOST_PRODUCTS = 20_000_000
_NO_SQUARES: tuple[Codes, Floats] = (np.zeros(0, dtype=np.int64), np.zeros((0, 0, 0)))


@dataclass(frozen=True)
class Elimination:
    """Everything the fit needs at one pair of variance ratios, in standardised columns.

    Attributes
    ----------
    deviance
        Up to the standardisation of the columns, which adds a constant.
    gradient
        (2,) its derivative in λ_section and λ_class.
    root
        (q, q) lower Cholesky root of ZᵀΩ⁻¹Z; its last diagonal entry squared is the RSS.
    class_shrink
        (G,) 1 / (1 + n_c λ_c).
    section_sums
        (J, q) H_j = Σ_c S_c / d_c of the sections with pupils; column 0 is m_j.
    section_spread
        (J,) e_j = 1 + λ_s m_j.
    """

    deviance: float
    gradient: Floats
    root: Floats
    class_shrink: Floats
    section_sums: Floats
    section_spread: Floats


class ProfiledDeviance:
    """−2 log likelihood of a nested random-intercept model as a function of (λ_s, λ_c).

    Coefficients and the residual variance are profiled out; one evaluation costs
    O(groups · q²), however many pupils there are.

    Parameters
    ----------
    sums
        Centred sums. Columns are standardised here, so that units do not matter.
    reml
        REML (True) or ML (False).

    Attributes
    ----------
    scale
        (q,) what the columns were divided by; 1 for the constant.
    groups, sections
        Positions, in the sums, of the groups and sections that have pupils; groups in
        the order of their sections.
    section_of
        (G,) for each group, the position of its section in `sections`.
    degrees
        k: pupils less columns (REML), pupils (ML).

    Raises
    ------
    ValueError
        A covariate is constant or depends on those before it (the message names its
        column), the outcome does not vary, or there are not enough pupils or sections.
    """

    def __init__(self, sums: MultilevelSums, *, reml: bool) -> None:
        seen = np.flatnonzero(sums.group_sums[:, 0] > 0)
        self.groups: Codes = seen[np.argsort(sums.group_section[seen], kind="stable")]
        self.sections, start, self.section_of = _runs(sums.group_section[self.groups])
        self._start = start
        self.nested = sums.nested
        self.reml = reml
        self.scale = _scale(sums)
        self.cross = sums.cross / np.outer(self.scale, self.scale)
        self.group_sums = sums.group_sums[self.groups] / self.scale
        self.group_size: Floats = self.group_sums[:, 0]
        pupils, columns = float(sums.cross[0, 0]), len(self.scale) - 1
        self.degrees = pupils - columns if reml else pupils
        if pupils <= columns:
            raise ValueError(f"{pupils:.0f} pupils are too few for {columns} coefficients")
        self._squares = self._squares_by_size()
        self._check_levels()
        if not self.at(0.0, 0.0).root[-1, -1] ** 2 > 1e-12 * pupils:
            raise ValueError("the covariates explain the outcome completely; nothing is left to vary")

    def with_outcome(self, cross: Floats, group_sums: Floats) -> ProfiledDeviance:
        """The same design with another outcome, given in standardised columns.

        Parameters
        ----------
        cross
            (q,) products of the new outcome with the q − 1 covariate columns and with itself.
        group_sums
            (G,) its sum in each group.
        """
        other = object.__new__(ProfiledDeviance)
        other.__dict__.update(self.__dict__)
        other.cross = self.cross.copy()
        other.cross[-1, :] = other.cross[:, -1] = cross
        other.group_sums = self.group_sums.copy()
        other.group_sums[:, -1] = group_sums
        # Of use to a search; another outcome is looked at once or twice.
        other._squares = _NO_SQUARES
        return other

    def deviances(
        self, section_ratios: Floats, class_ratio: float, cross: Floats, group_sums: Floats
    ) -> Floats:
        """The deviance of many outcomes of this design at some λ_s and one λ_c.

        Parameters
        ----------
        section_ratios, class_ratio
            (S,) λ_s, and λ_c.
        cross, group_sums
            (R, q) and (R, G) outcomes, one a row, as `with_outcome` takes one.

        Returns
        -------
        (R, S) `Elimination.deviance` of each; infinite where nothing is left to vary.
        """
        shrink = 1.0 / (1.0 + self.group_size * class_ratio)
        weight = class_ratio * shrink
        design = self.group_sums[:, :-1]
        design_sums = np.add.reduceat(design * shrink[:, None], self._start, axis=0)
        sums = np.add.reduceat(group_sums * shrink, self._start, axis=1)
        square = self.cross[:-1, :-1] - (design * weight[:, None]).T @ design
        mixed = cross[:, :-1] - (group_sums * weight) @ design
        own = cross[:, -1] - group_sums**2 @ weight
        sums2 = sums**2
        deviance = np.full((len(cross), len(section_ratios)), math.inf)
        for place, ratio in enumerate(section_ratios):
            spread = 1.0 + ratio * design_sums[:, 0]
            weighted = design_sums * (ratio / spread)[:, None]
            root = np.linalg.cholesky(square - weighted.T @ design_sums)
            explained = solve_triangular(root, (mixed - sums @ weighted).T, lower=True, check_finite=False)
            rss = own - sums2 @ (ratio / spread) - (explained**2).sum(axis=0)
            log_volume = float(np.log(spread).sum() - np.log(shrink).sum())
            if self.reml:
                log_volume += 2.0 * float(np.log(np.diag(root)).sum())
            left = rss > 0
            varied = self.degrees * (1.0 + np.log(2.0 * math.pi * rss[left] / self.degrees))
            deviance[left, place] = log_volume + varied
        return deviance

    def _squares_by_size(self) -> tuple[Codes, Floats]:
        """Groups with the first of each size, and Σ S_cS_cᵀ of all that are of its size.

        Whatever weighs a group's products depends on its size alone; where sizes repeat, an
        evaluation then costs a sum over sizes in place of one over groups.
        """
        size, first, place = np.unique(self.group_size, return_index=True, return_inverse=True)
        if 3 * len(size) > len(self.group_size) or len(size) * self.cross.size > _MOST_PRODUCTS:
            return _NO_SQUARES
        order = np.argsort(place, kind="stable")
        parts = np.split(self.group_sums[order], np.cumsum(np.bincount(place))[:-1])
        return first, np.array([part.T @ part for part in parts])

    def _squares_weighted(self, weight: Floats) -> Floats:
        """Σ weight_c S_cS_cᵀ, for a weight (G,) that depends on a group's size alone."""
        first, squares = self._squares
        if len(first):
            summed: Floats = np.tensordot(weight[first], squares, axes=1)
            return summed
        return (self.group_sums * weight[:, None]).T @ self.group_sums

    def at(self, section_ratio: float, class_ratio: float) -> Elimination:
        """Eliminate classes, then sections, at λ_s = σ²_s/σ²_e and λ_c = σ²_c/σ²_e."""
        size, sums = self.group_size, self.group_sums
        shrink = 1.0 / (1.0 + size * class_ratio)
        shrunk = sums * shrink[:, None]
        section_sums = np.add.reduceat(shrunk, self._start, axis=0)
        spread = 1.0 + section_ratio * section_sums[:, 0]
        remaining = self.cross - self._squares_weighted(class_ratio * shrink)
        remaining -= (section_sums * (section_ratio / spread)[:, None]).T @ section_sums
        try:
            root = np.linalg.cholesky(remaining).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:
            root = np.full_like(remaining, np.nan)
        rss = float(root[-1, -1] ** 2)
        log_volume = float(np.log(spread).sum() - np.log(shrink).sum())
        if self.reml:
            log_volume += 2.0 * float(np.log(np.diag(root)[:-1]).sum())
        deviance = math.inf
        if rss > 0:
            deviance = log_volume + self.degrees * (1.0 + math.log(2.0 * math.pi * rss / self.degrees))
        gradient = self._gradient(section_ratio, shrink, shrunk, section_sums, spread, root)
        return Elimination(deviance, gradient, root, shrink, section_sums, spread)

    def _gradient(
        self,
        section_ratio: float,
        shrink: Floats,
        shrunk: Floats,
        section_sums: Floats,
        spread: Floats,
        root: Floats,
    ) -> Floats:
        """∂/∂λ = tr Ω⁻¹B − [tr (XᵀΩ⁻¹X)⁻¹XᵀΩ⁻¹BΩ⁻¹X]_REML − k rᵀΩ⁻¹BΩ⁻¹r / RSS, B = blocks of ones."""
        if not root[-1, -1] > 0:
            return np.full(2, np.nan)
        inverse_root: Floats = np.linalg.inv(root).astype(np.float64, copy=False)
        by_section = section_sums / spread[:, None]
        square = by_section.T @ by_section
        slope = [float((section_sums[:, 0] / spread).sum()) - self._quadratic(square, inverse_root), 0.0]
        if self.nested:
            weight = self.group_size * shrink
            trace = weight - section_ratio * weight**2 / spread[self.section_of]
            # Of a class, BΩ⁻¹Z is S_c/d_c − λ_s m_c H_j/e_j with m_c = n_c/d_c; squared and summed.
            mixed = np.add.reduceat(shrunk * weight[:, None], self._start, axis=0).T @ by_section
            weights = np.add.reduceat(weight**2, self._start)
            square = self._squares_weighted(shrink**2) - section_ratio * (mixed + mixed.T)
            square += section_ratio**2 * (by_section * weights[:, None]).T @ by_section
            slope[CLASS] = float(trace.sum()) - self._quadratic(square, inverse_root)
        return np.array(slope)

    def _quadratic(self, square: Floats, inverse_root: Floats) -> float:
        """Of QᵀQ with Q = BΩ⁻¹Z: the squares of Q L⁻ᵀ, whose last column belongs to the outcome."""
        square = ((inverse_root @ square) * inverse_root).sum(axis=1)
        return float(self.degrees * square[-1] + (square[:-1].sum() if self.reml else 0.0))

    def _check_levels(self) -> None:
        if len(self.sections) < 2:
            raise ValueError("a multilevel model needs at least two sections with pupils")
        if self.group_size.max() < 2:
            raise ValueError(
                "every group has a single pupil: its variance and the residual one cannot be told apart"
            )
        if self.nested and len(self.groups) == len(self.sections):
            raise ValueError(
                "every section has a single class: section and class variance cannot be told apart; "
                "fit without classes"
            )


def _runs(ordered: Codes) -> tuple[Codes, Codes, Codes]:
    """Distinct values of a sorted array, where each begins, and each entry's position among them."""
    distinct, start, position = np.unique(ordered, return_index=True, return_inverse=True)
    return distinct, start, position


def _scale(sums: MultilevelSums) -> Floats:
    """Standard deviations of the columns, after checking that covariates are independent."""
    pupils = sums.cross[0, 0]
    spread = np.sqrt(np.diag(sums.cross)[1:] / pupils)
    flat = np.flatnonzero(~(spread > 1e-10 * np.abs(sums.origin)))
    if flat.size and flat[0] < len(spread) - 1:
        raise ValueError(f"covariate column {flat[0]} is constant; the model has its own constant")
    if flat.size:
        raise ValueError("the outcome does not vary")
    correlation = sums.cross[1:-1, 1:-1] / np.outer(spread[:-1], spread[:-1]) / pupils
    residual = correlation.copy()
    for column in range(len(residual)):
        if residual[column, column] < 1e-10:
            raise ValueError(f"covariate column {column} depends linearly on the columns before it")
        part = residual[column] / residual[column, column]
        residual = residual - np.outer(residual[:, column], part)
    return np.concatenate([[1.0], spread])
