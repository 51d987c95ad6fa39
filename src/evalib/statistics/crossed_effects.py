"""Fixed effects of two crossed factors, as of the school a pupil came from and the one the pupil went to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

# A covariate keeping less than this share of its sum of squares within both factors depends on them.
COLLINEAR = 1e-10


@dataclass(frozen=True)
class CrossedFit:
    """What each feeder adds, with the receivers held fixed.

    Attributes
    ----------
    effect
        (F,) effect of each feeder; Σ n·effect = 0 within its component. NaN for a
        feeder without pupils, or alone in its component: nothing to compare it with.
    covariance
        (F, F) of the effects, classes allowed for; NaN where the effect is.
    component
        (F,) connected component of the feeder–receiver graph, −1 without pupils.
    coefficients
        (p,) of the covariates.
    residual
        (N,) outcome less everything fitted.
    variance
        Variance of one pupil's error, class part included.
    class_correlation
        Share of it that classmates have in common; NaN where it cannot be known: no
        class is recorded, or every receiver has a single one.
    degrees
        Residual degrees of freedom.
    """

    effect: Floats
    covariance: Floats
    component: Codes
    coefficients: Floats
    residual: Floats
    variance: float
    class_correlation: float
    degrees: int

    @property
    def se(self) -> Floats:
        """(F,) standard errors of the effects."""
        return np.sqrt(np.diag(self.covariance))


def fit_crossed(
    outcome: Floats,
    covariates: Floats,
    feeder: Codes,
    receiver: Codes,
    class_: Codes | None = None,
    *,
    n_feeders: int | None = None,
) -> CrossedFit:
    """How far feeders' former pupils stand apart from others in the same receivers.

    Parameters
    ----------
    outcome
        (N,) outcome of each pupil, no missing values.
    covariates
        (N, p) covariates without a constant; p may be 0.
    feeder, receiver
        (N,) codes from 0 of where each pupil came from and went to.
    class_
        (N,) class of each pupil in the receiver, from 0; None where none is recorded.
    n_feeders
        How many feeders there are, if the last may have no pupil.

    Raises
    ------
    ValueError
        Shapes do not agree, a value is missing, a code is negative, no degree of
        freedom is left, or a covariate depends on the factors or on those before it
        (its column is named).

    Notes
    -----
    y = Xβ + feeder + receiver + e by least squares. The larger factor's cross products
    are diagonal and go in closed form; of what is left, the smaller factor with one level
    a component set to 0, a dense Cholesky is taken. The effects are then centred.

    Errors of classmates are alike: e has variance σ² + ω² and covariance ω² within a
    class of the receiver. With W all columns, P the reflexive inverse of WᵀW, M = I − WPWᵀ,
    G the pupils' classes and r = My,

        E rᵀr = σ² tr M + ω² tr(GᵀMG),   E |Gᵀr|² = σ² tr(GᵀMG) + ω² tr((GᵀMG)²),

    solved for σ², ω² ≥ 0, and covariance = σ² AWᵀWAᵀ + ω² A WᵀGGᵀW Aᵀ, A the effects' rows
    of P, centred (Moulton 1986, Journal of Econometrics 32, 385–397, without his simplification of
    one design effect for all: a feeder whose pupils all sit in one class has a larger one
    than a feeder whose pupils are scattered).

    Tempting, and wrong: to take the receivers' means off the outcome and average what is
    left by feeder. Where receivers draw on different feeders it gives a part of each
    effect back to the receivers.

    Examples
    --------
    >>> outcome = np.array([0.4, 0.4, 0.0, 0.0, 1.4, 1.0, 1.0, 1.0])
    >>> feeder, receiver = np.array([0, 0, 1, 1, 0, 1, 1, 1]), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> fit_crossed(outcome, np.zeros((8, 0)), feeder, receiver).effect.round(4)
    array([ 0.25, -0.15])
    """
    outcome, covariates = _checked(outcome, covariates, feeder, receiver, class_)
    feeders, from_ = np.unique(feeder, return_inverse=True)
    receivers, to = np.unique(receiver, return_inverse=True)
    factors = (_members(from_, len(feeders)), _members(to, len(receivers)))
    components, part = _components(factors[0] @ factors[1].T)
    # Levels take up any constant; small columns keep the cross products exact.
    columns, response = covariates - covariates.mean(axis=0), outcome - outcome.mean()
    inverse, solution = _solved(factors, part, columns, response)
    degrees = len(outcome) - (len(solution) - components)
    if degrees <= 0:
        raise ValueError("there are no more pupils than feeders, receivers and covariates together")
    count, levels = len(feeders), len(feeders) + len(receivers)
    fitted = factors[0].T @ solution[:count] + factors[1].T @ solution[count:levels]
    residual = response - fitted - columns @ solution[levels:]
    size = np.bincount(from_).astype(float)
    effect = _centred(solution[:count], part[0], size)
    rows = _centred(inverse[:count], part[0], size)
    within, between, correlation = float(residual @ residual) / degrees, 0.0, float("nan")
    if class_ is not None:
        alike = _Likeness.of(factors, columns, class_, inverse)
        if alike.solvable(degrees):
            within, between = alike.variances(residual, degrees)
            correlation = between / (within + between) if within + between > 0 else float("nan")
    covariance = within * _centred(rows[:, :count].T, part[0], size)
    if between > 0:
        covariance += between * (rows @ (alike.cross @ rows.T))
    alone = np.bincount(part[0])[part[0]] < 2
    effect[alone], covariance[alone, :], covariance[:, alone] = np.nan, np.nan, np.nan
    total = int(feeder.max()) + 1 if n_feeders is None else n_feeders
    fit = CrossedFit(
        effect=np.full(total, np.nan),
        covariance=np.full((total, total), np.nan),
        component=np.full(total, -1, dtype=np.int64),
        coefficients=solution[levels:],
        residual=residual,
        variance=within + between,
        class_correlation=correlation,
        degrees=degrees,
    )
    fit.effect[feeders], fit.component[feeders] = effect, part[0]
    fit.covariance[np.ix_(feeders, feeders)] = covariance
    return fit


def _solved(
    factors: tuple[sparse.csr_array, sparse.csr_array],
    part: tuple[Codes, Codes],
    columns: Floats,
    response: Floats,
) -> tuple[Floats, Floats]:
    """Reflexive inverse of the cross products and a solution: feeders, receivers, covariates."""
    larger = int(factors[1].shape[0] > factors[0].shape[0])
    swept, kept = factors[larger], factors[1 - larger]
    many, few, covariates = swept.shape[0], kept.shape[0], columns.shape[1]
    size = swept.sum(axis=1)
    # Means over the swept factor of the kept factor's columns and of the covariates.
    mean = np.hstack([(swept @ kept.T).toarray(), swept @ columns]) / size[:, None]
    own = np.zeros((few + covariates, few + covariates))
    own[:few, :few] = np.diag(kept.sum(axis=1))
    own[:few, few:] = kept @ columns
    own[few:, :few] = own[:few, few:].T
    own[few:, few:] = columns.T @ columns
    left = own - (mean.T * size) @ mean
    # The first level of each component is the one set to 0.
    free = np.ones(few + covariates, dtype=bool)
    free[np.unique(part[1 - larger], return_index=True)[1]] = False
    root = _root(left[np.ix_(free, free)], np.diag(own)[free], covariates)
    inverse_left = np.zeros_like(left)
    inverse_left[np.ix_(free, free)] = linalg.cho_solve((root, True), np.eye(len(root)))
    of_swept, of_left = swept @ response, np.concatenate([kept @ response, columns.T @ response])
    lower = inverse_left @ (of_left - mean.T @ of_swept)
    across = -mean @ inverse_left
    inverse = np.block([[np.diag(1.0 / size) - across @ mean.T, across], [across.T, inverse_left]])
    solution = np.concatenate([of_swept / size - mean @ lower, lower])
    if larger == 0:
        return inverse, solution
    feeders, receivers = many + np.arange(few), np.arange(many)
    order = np.concatenate([feeders, receivers, np.arange(many + few, len(solution))])
    return inverse[np.ix_(order, order)], solution[order]


def _root(left: Floats, scale: Floats, covariates: int) -> Floats:
    """Cholesky root of what the swept factor leaves; the covariates are its last rows."""
    for last in range(len(left) - covariates, len(left)):
        inside = slice(0, last + 1)
        try:
            pivot = linalg.cholesky(left[inside, inside], lower=True)[-1, -1]
        except linalg.LinAlgError:
            pivot = 0.0
        if pivot**2 <= COLLINEAR * scale[last]:
            column = last - len(left) + covariates
            raise ValueError(f"covariate column {column} depends on the schools or on the columns before it")
    root: Floats = linalg.cholesky(left, lower=True)
    return root


@dataclass(frozen=True)
class _Likeness:
    """What classes do to sums of squares: `cross` WᵀGGᵀW, `free` tr(GᵀMG), `apart` tr((GᵀMG)²)."""

    member: sparse.csr_array
    cross: sparse.csr_array
    free: float
    apart: float

    @classmethod
    def of(
        cls,
        factors: tuple[sparse.csr_array, sparse.csr_array],
        columns: Floats,
        class_: Codes,
        inverse: Floats,
    ) -> _Likeness:
        classes, position = np.unique(class_, return_inverse=True)
        member = _members(position, len(classes))
        sums = sparse.vstack([*(one @ member.T for one in factors), sparse.csr_array((member @ columns).T)])
        sums = sparse.csr_array(sums)
        size = member.sum(axis=1)
        cross = sums @ sums.T
        product = (cross @ inverse).T
        weighted = (sums * size) @ sums.T
        return cls(
            member=member,
            cross=cross,
            free=float(size.sum() - np.trace(product)),
            apart=float(
                size @ size - 2.0 * weighted.multiply(inverse).sum() + np.einsum("ij,ji->", product, product)
            ),
        )

    def solvable(self, degrees: int) -> bool:
        """Whether classes are told apart both from receivers and from single pupils."""
        return bool(degrees * self.apart - self.free**2 > 1e-9 * degrees * max(self.apart, 1e-9))

    def variances(self, residual: Floats, degrees: int) -> tuple[float, float]:
        """σ² and ω²; ω² = 0 where classes differ no more than by chance."""
        square = float(residual @ residual)
        of_classes = float(((self.member @ residual) ** 2).sum())
        determinant = degrees * self.apart - self.free**2
        within = (square * self.apart - of_classes * self.free) / determinant
        between = (of_classes * degrees - square * self.free) / determinant
        if between <= 0:
            return square / degrees, 0.0
        return max(within, 0.0), between


def _components(flow: sparse.csr_array) -> tuple[int, tuple[Codes, Codes]]:
    """Number of components, and the component of each feeder and receiver."""
    graph = sparse.block_array([[None, flow], [flow.T, None]])
    count, label = connected_components(graph, directed=False)
    label = label.astype(np.int64)
    return int(count), (label[: flow.shape[0]], label[flow.shape[0] :])


def _centred(rows: Floats, part: Codes, size: Floats) -> Floats:
    """Each feeder's row less the mean row over the pupils of its component."""
    one = _members(part, int(part.max()) + 1)
    total = one @ (rows.T * size).T
    centred: Floats = rows - (total.T / (one @ size)).T[part]
    return centred


def _members(codes: Codes, groups: int) -> sparse.csr_array:
    count = len(codes)
    return sparse.csr_array((np.ones(count), (codes, np.arange(count))), shape=(groups, count))


def _checked(
    outcome: Floats, covariates: Floats, feeder: Codes, receiver: Codes, class_: Codes | None
) -> tuple[Floats, Floats]:
    outcome, covariates = np.asarray(outcome, dtype=float), np.asarray(covariates, dtype=float)
    if outcome.ndim != 1 or covariates.ndim != 2 or len(covariates) != len(outcome):
        raise ValueError(
            f"outcome must be (N,) and covariates (N, p), not {outcome.shape} and {covariates.shape}"
        )
    if not len(outcome):
        raise ValueError("there is no pupil to fit to")
    if not (np.isfinite(outcome).all() and np.isfinite(covariates).all()):
        raise ValueError(
            "outcome or covariates hold missing or infinite values; leave those pupils out first"
        )
    for codes, what in ((feeder, "feeder"), (receiver, "receiver"), (class_, "class")):
        if codes is None:
            continue
        if np.shape(codes) != outcome.shape or not np.issubdtype(np.asarray(codes).dtype, np.integer):
            raise ValueError(f"{what} must hold one whole-number code a pupil")
        if np.min(codes) < 0:
            raise ValueError(f"{what} codes must not be negative")
    return outcome, covariates
