"""Figures of the same sections over several years: what lasts, and what is a year's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RepeatedMeans:
    """Sections over years, y_jt = β_t + section + section × year + sampling error.

    Attributes
    ----------
    variance_section, variance_year
        REML estimates; 0 is a legal answer.
    year_means
        (Y,) β̂; NaN for a year in which no section was seen.
    figure, variance
        (J,) the section's mean over its years, years weighted by how sure they are, less
        the years' means; and its variance about the section's lasting effect. NaN for a
        section that was never seen.
    reliability
        (J,) share of the figure's variance that lasts.
    comparative_se
        (J,) error of reliability × figure against the lasting effect, the uncertainty of
        the years' means included.
    deviance
        The REML criterion.
    """

    variance_section: float
    variance_year: float
    year_means: Floats
    figure: Floats
    variance: Floats
    reliability: Floats
    comparative_se: Floats
    deviance: float


def repeated_means(figures: Floats, covariances: Floats) -> RepeatedMeans:
    """Separate what lasts from what is a year's own, where sampling errors are known.

    Parameters
    ----------
    figures
        (J, Y) figure of each section in each year; NaN where it was not seen.
    covariances
        (J, Y, Y) their sampling covariances, the same pupils in two years included;
        what belongs to an unseen figure is not read.

    Raises
    ------
    ValueError
        Shapes do not agree, fewer than two sections were seen in two years, or neither
        figures nor errors vary.

    Notes
    -----
    y_j ~ N(β, σ²_s 11ᵀ + σ²_sy I + V_j), σ²_s and σ²_sy by REML, both bounded at 0.
    With W_j = (σ²_sy I + V_j)⁻¹ and m_j = 1ᵀW_j1 the figure is 1ᵀW_j(y_j − β̂)/m_j, its
    variance 1/m_j and the reliability σ²_s m_j/(1 + σ²_s m_j). Tempting, and wrong: a
    correlation between years, which errors of sampling pull down and shared pupils push up.

    Examples
    --------
    >>> figures = np.array([[0.3, 0.2], [0.0, 0.1], [-0.3, -0.3]])
    >>> found = repeated_means(figures, np.array([np.eye(2)] * 3) * 0.0001)
    >>> round(found.variance_section, 3), round(found.variance_year, 4)
    (0.075, 0.0049)
    """
    if figures.ndim != 2 or covariances.shape != (*figures.shape, figures.shape[1]):
        raise ValueError("covariances must be (sections, years, years) for figures (sections, years)")
    seen = np.isfinite(figures)
    if (seen.sum(axis=1) >= 2).sum() < 2:
        raise ValueError("two sections must be seen in two years; what lasts is unknown otherwise")
    years = np.flatnonzero(seen.any(axis=0))
    model = _Model.of(figures[:, years], covariances[:, years][:, :, years])
    scale = float(np.nanvar(figures) + np.mean(np.diagonal(model.covariances, axis1=1, axis2=2)))
    if not scale > 0:
        raise ValueError("neither figures nor errors vary")
    # The criterion may have two valleys: one where the differences last, one where they do not.
    best = min(
        (
            minimize(
                lambda ratio: model.criterion(scale * ratio, scale),
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=[(0.0, None)] * 2,
                options={"ftol": 1e-15, "gtol": 1e-9},
            )
            for start in ([0.5, 0.1], [0.1, 0.5], [0.0, 0.3])
        ),
        key=lambda found: float(found.fun),
    )
    section, year = (float(scale * one) if one > 1e-7 else 0.0 for one in best.x)
    deviance, means, uncertainty = model.at(section, year)
    weight, variance = model.weights(year)
    figure = (weight * (model.figures - means * model.seen)).sum(axis=1)
    reliability = section / (section + variance)
    of_means = np.einsum("jy,yz,jz->j", weight, uncertainty, weight)
    year_means = np.full(figures.shape[1], np.nan)
    year_means[years] = means
    return RepeatedMeans(
        variance_section=section,
        variance_year=year,
        year_means=year_means,
        figure=figure,
        variance=variance,
        reliability=reliability,
        comparative_se=np.sqrt(section * (1.0 - reliability) + reliability**2 * of_means),
        deviance=deviance,
    )


@dataclass(frozen=True)
class _Model:
    """Figures with zeros, and covariances with nothing, where a year was not seen."""

    seen: Floats
    figures: Floats
    covariances: Floats

    @classmethod
    def of(cls, figures: Floats, covariances: Floats) -> _Model:
        seen = np.isfinite(figures).astype(float)
        both = seen[:, :, None] * seen[:, None, :]
        return cls(seen, np.where(seen > 0, figures, 0.0), np.where(both > 0, covariances, 0.0))

    def covariance(self, section: float, year: float) -> Floats:
        """(J, Y, Y); an unseen year is an independent one of variance 1, which changes nothing."""
        both = self.seen[:, :, None] * self.seen[:, None, :]
        diagonal = np.eye(self.seen.shape[1]) * (year * self.seen + (1.0 - self.seen))[:, :, None]
        whole: Floats = self.covariances + section * both + diagonal
        return whole

    def at(self, section: float, year: float) -> tuple[float, Floats, Floats]:
        """The REML criterion, the years' means and their covariance."""
        found = self._solved(section, year)
        return found[0], found[1], found[2]

    def criterion(self, variances: Floats, scale: float) -> tuple[float, Floats]:
        """The REML criterion and its derivative in both variances, each as a multiple of `scale`.

        The derivative is tr V⁻¹B − tr CXᵀV⁻¹BV⁻¹X − rᵀV⁻¹BV⁻¹r, C the covariance of the
        means, B a block of ones for the section and the identity for the year.
        """
        deviance, means, uncertainty, inverse = self._solved(*variances)
        if not np.isfinite(deviance):
            return deviance, np.zeros(2)
        row = inverse.sum(axis=2)
        left = np.einsum("jyz,jz->jy", inverse, self.figures - means * self.seen)
        of_section = inverse.sum() - ((row @ uncertainty) * row).sum() - (left.sum(axis=1) ** 2).sum()
        squared = np.einsum("jyz,jzt->yt", inverse, inverse)
        of_year = np.trace(inverse, axis1=1, axis2=2).sum() - (uncertainty * squared).sum() - (left**2).sum()
        return deviance, scale * np.array([of_section, of_year])

    def _solved(self, section: float, year: float) -> tuple[float, Floats, Floats, Floats]:
        """Criterion, means, their covariance, and (J, Y, Y) the inverse where a year was seen."""
        whole = self.covariance(section, year)
        both = self.seen[:, :, None] * self.seen[:, None, :]
        try:
            root = np.linalg.cholesky(whole)
            inverse = np.linalg.inv(whole) * both
        except np.linalg.LinAlgError:
            nothing = np.full((self.seen.shape[1],) * 2, np.nan)
            return np.inf, nothing[0], nothing, np.full_like(both, np.nan)
        information = inverse.sum(axis=0)
        right = np.einsum("jyz,jz->y", inverse, self.figures)
        uncertainty = np.linalg.inv(information)
        means = uncertainty @ right
        square = float(np.einsum("jy,jyz,jz->", self.figures, inverse, self.figures) - right @ means)
        volume = 2.0 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
        volume += float(np.linalg.slogdet(information)[1])
        freedom = float(self.seen.sum()) - len(means)
        return volume + square + freedom * float(np.log(2.0 * np.pi)), means, uncertainty, inverse

    def weights(self, year: float) -> tuple[Floats, Floats]:
        """(J, Y) W1/m and (J,) 1/m with W = (σ²_sy I + V)⁻¹; NaN for a section never seen."""
        weighted = np.linalg.solve(self.covariance(0.0, year), self.seen[:, :, None])[:, :, 0] * self.seen
        total = weighted.sum(axis=1)
        variance = np.divide(1.0, total, out=np.full(len(total), np.nan), where=total > 0)
        return weighted * variance[:, None], variance
