"""Exact linear quantile regressions of one outcome on one design, at many quantiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

# Of a column's length, what those before it must leave unexplained.
_INDEPENDENT = 1e-9
# Of the mean deviation from least squares: small beside what matters, large beside rounding.
_UNTIED = 1e-8
_PARTINGS = 5
_ROUNDING = 1e-9
_PIVOTS = 20_000
_ROUNDS = 40
# Of N pupils this many times N^(2/3) are near a fit, to begin with.
_NEAR = 3.0
# Largest gap between loss and lower bound, of the summed deviations from least squares.
_WIDEST_GAP = 1e-7


@dataclass(frozen=True)
class QuantileFits:
    """One regression a quantile, each with the proof that no other loses less.

    Attributes
    ----------
    taus
        (T,) the quantiles, increasing.
    coefficients
        (T, p) of the design's columns.
    loss
        (T,) summed check loss of each fit, in the outcome's unit.
    gap
        (T,) loss less the lower bound that linear duality puts on every fit's loss.
    pivots
        (T,) exchanges of one pupil for another that each fit took.
    """

    taus: Floats
    coefficients: Floats
    loss: Floats
    gap: Floats
    pivots: Codes


def check_loss(residual: Floats, tau: float) -> float:
    """What a fit of quantile `tau` loses: tau for each unit above it, 1 − tau for each below.

    Parameters
    ----------
    residual
        (N,) outcome less fit, no missing values.
    tau
        Quantile, strictly between 0 and 1.

    Examples
    --------
    >>> check_loss(np.array([2.0, -1.0]), 0.75)
    1.75
    """
    return float(residual @ np.where(residual < 0, tau - 1.0, tau))


def independent_columns(design: Floats) -> Codes:
    """Positions of the columns that are no combination of those before them.

    Parameters
    ----------
    design
        (N, p), no missing values.

    Examples
    --------
    >>> independent_columns(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 2.0]]))
    array([0, 2])
    """
    return _orthonormal(np.asarray(design, dtype=float))[1]


def quantile_regressions(design: Floats, outcome: Floats, taus: Floats) -> QuantileFits:
    """Fit the quantiles `taus` of an outcome as linear functions of a design, exactly.

    Parameters
    ----------
    design
        (N, p) columns of full rank, no missing values; a constant is one of them if
        wanted, none is added.
    outcome
        (N,) no missing values.
    taus
        (T,) quantiles, increasing, strictly between 0 and 1.

    Raises
    ------
    ValueError
        Shapes do not agree, a value is missing or infinite, quantiles are out of range
        or order, there are no more pupils than columns, a column depends on those
        before it (it is named), or a fit does not settle (its quantile is named).

    Notes
    -----
    The smallest summed check loss is reached at a vertex, a fit that passes through p
    pupils. From the median outwards each quantile starts at the vertex of the one
    before and goes down from vertex to vertex by the simplex method with the long steps
    of Barrodale and Roberts (1973, SIAM Journal on Numerical Analysis 10, 839–848): an
    exchange passes all pupils between which the loss still falls. Pupils far from the
    fit only lend the direction of their side (Portnoy and Koenker 1997, Statistical
    Science 12, 279–300); whether one of them changed sides is tested and the step then
    repeated with more pupils taken as near. The columns are orthogonalised first.

    Ties are parted by a hundred-millionth of the mean deviation, without which exchanges may go
    round in circles; coefficients and loss are those of the outcome as given. With ψ the
    multipliers of a vertex, tau − 1 ≤ ψ ≤ tau and Xᵀψ = 0, no fit loses less than ψᵀy:
    `gap` is what is left between, and a fit with a gap that counts is refused.

    The vertex is as good as any: where several fits lose the same, one is given.

    Examples
    --------
    >>> marks = np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    >>> quantile_regressions(np.ones((5, 1)), marks, np.array([0.1, 0.5, 0.9])).coefficients.ravel()
    array([ 1.,  3., 10.])
    """
    design, orthonormal, outcome, taus = _checked(design, outcome, taus)
    # Rows of length about √p, whatever the number of pupils.
    rows = orthonormal * np.sqrt(len(design))
    # From the least-squares fit upwards: rounding is then small beside the deviations.
    centre = rows.T @ outcome / len(rows)
    outcome = outcome - rows @ centre
    spread = float(np.abs(outcome).mean()) or 1.0
    fits = np.empty((len(taus), len(centre)))
    losses, gaps = np.empty(len(taus)), np.empty(len(taus))
    found = _lowest_vertices(rows, outcome, taus, _UNTIED * spread)
    for position, (tau, vertex) in enumerate(zip(taus, found, strict=True)):
        fits[position] = np.linalg.solve(rows[vertex.basis], outcome[vertex.basis])
        losses[position] = check_loss(outcome - rows @ fits[position], tau)
        gaps[position] = losses[position] - _lower_bound(rows, outcome, tau, vertex)
        if not gaps[position] <= _WIDEST_GAP * spread * len(outcome):
            raise ValueError(f"the regression of quantile {tau:.3f} did not settle")
    coefficients = np.linalg.solve(rows.T @ design, len(rows) * (fits + centre).T).T
    return QuantileFits(taus, coefficients, losses, gaps, np.array([one.exchanges for one in found]))


def _orthonormal(design: Floats) -> tuple[Floats, Codes]:
    """The columns' part that those before them leave, at length 1, and which columns have such a part.

    Gram and Schmidt's way: a factorisation by LAPACK would spread the work over threads
    that wait for each other longer than they work.
    """
    found = np.empty(design.shape)
    kept: list[int] = []
    for position, column in enumerate(design.T):
        before = found[:, : len(kept)]
        # Twice, for once leaves rounding of the size of what was taken away.
        left = column - before @ (column @ before)
        left -= before @ (left @ before)
        length = float(np.linalg.norm(left))
        if length > _INDEPENDENT * float(np.linalg.norm(column)):
            found[:, len(kept)] = left / length
            kept.append(position)
    return found[:, : len(kept)], np.array(kept, dtype=np.int64)


def _checked(design: Floats, outcome: Floats, taus: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    design, outcome, taus = (np.asarray(one, dtype=float) for one in (design, outcome, taus))
    if design.ndim != 2 or outcome.shape != design.shape[:1]:
        raise ValueError(f"design must be (N, p) and outcome (N,), not {design.shape} and {outcome.shape}")
    if not (np.isfinite(design).all() and np.isfinite(outcome).all()):
        raise ValueError("design or outcome holds missing or infinite values; leave those pupils out first")
    if taus.ndim != 1 or not taus.size or taus.min() <= 0 or taus.max() >= 1:
        raise ValueError("quantiles must lie strictly between 0 and 1")
    if (np.diff(taus) <= 0).any():
        raise ValueError("quantiles must increase")
    pupils, columns = design.shape
    if not 0 < columns < pupils:
        raise ValueError(f"{pupils} pupils are too few for {columns} columns")
    orthonormal, kept = _orthonormal(design)
    lost = np.setdiff1d(np.arange(columns), kept)
    if lost.size:
        raise ValueError(f"column {lost[0]} of the design depends on those before it")
    return design, orthonormal, outcome, taus


@dataclass(frozen=True)
class _Vertex:
    """A fit through p pupils, `basis`; who lies `below` it; how many `exchanges` led to it."""

    basis: Codes
    below: npt.NDArray[np.bool_]
    exchanges: int


def _lowest_vertices(rows: Floats, outcome: Floats, taus: Floats, apart: float) -> list[_Vertex]:
    """The lowest vertex of each quantile, ties parted by up to `apart`, the same way every time."""
    for seed in range(_PARTINGS):
        parted = outcome + apart * (np.random.default_rng(seed).random(len(outcome)) - 0.5)
        try:
            return _from_the_median_outwards(rows, parted, taus)
        except ValueError as error:
            # Two pupils may be parted by so little that it is lost in rounding.
            unsettled = error
    raise unsettled


def _from_the_median_outwards(rows: Floats, parted: Floats, taus: Floats) -> list[_Vertex]:
    """The lowest vertex of each quantile of an outcome without ties, in the order of `taus`."""
    centre = int(np.abs(taus - 0.5).argmin())
    middle = _descent(rows, parted, taus[centre], _first_basis(rows, parted, taus[centre]))
    found = {centre: middle}
    for path in (range(centre + 1, len(taus)), range(centre - 1, -1, -1)):
        before = middle
        for position in path:
            before = found[position] = _descent(rows, parted, taus[position], before.basis)
    return [found[position] for position in range(len(taus))]


def _first_basis(rows: Floats, outcome: Floats, tau: float) -> Codes:
    """p pupils with independent rows, preferably near the least-squares fit moved to the quantile."""
    distance = np.abs(outcome - np.quantile(outcome, tau))
    nearness = 1.0 / (distance + 0.01 * distance.mean() + np.finfo(float).tiny)
    left = rows * (nearness / nearness.max())[:, None]
    basis: list[int] = []
    for _ in range(rows.shape[1]):
        length2 = np.einsum("ij,ij->i", left, left)
        basis.append(int(length2.argmax()))
        direction = left[basis[-1]] / np.sqrt(length2[basis[-1]])
        left -= np.outer(left @ direction, direction)
    return np.array(basis, dtype=np.int64)


def _descent(rows: Floats, outcome: Floats, tau: float, basis: Codes) -> _Vertex:
    """From a vertex to the lowest one, most exchanges among the pupils near the fit."""
    pupils, columns = rows.shape
    near_count = max(int(_NEAR * pupils ** (2 / 3)), 5 * columns)
    exchanges = 0
    residual = _residual(rows, outcome, basis)
    for _ in range(_ROUNDS):
        below = residual < 0
        near = _smallest(np.abs(residual), near_count)
        far = np.ones(pupils, dtype=bool)
        far[near] = False
        pull = np.where(far, np.where(below, tau - 1.0, tau), 0.0) @ rows
        place = np.empty(pupils, dtype=np.int64)
        place[near] = np.arange(len(near))
        among, settled, count = _exchanges(rows[near], outcome[near], tau, place[basis], pull)
        # A vertex is the lowest only when reckoned afresh: rounding adds up from exchange to exchange.
        if settled and not count:
            return _Vertex(basis, below, exchanges)
        basis, exchanges = near[among], exchanges + count
        residual = _residual(rows, outcome, basis)
        if not settled or ((residual < 0) != below)[far].any():
            near_count = min(2 * near_count, pupils)
    raise ValueError(f"the regression of quantile {tau:.3f} did not settle")


def _smallest(figure: Floats, count: int) -> Codes:
    """Positions of the `count` smallest, or of all."""
    return np.argpartition(figure, count - 1)[:count] if count < len(figure) else np.arange(len(figure))


def _residual(rows: Floats, outcome: Floats, basis: Codes) -> Floats:
    residual: Floats = outcome - rows @ np.linalg.solve(rows[basis], outcome[basis])
    residual[basis] = 0.0
    return residual


def _exchanges(
    rows: Floats, outcome: Floats, tau: float, basis: Codes, pull: Floats
) -> tuple[Codes, bool, int]:
    """The simplex method among the near pupils.

    `pull` is what the far ones add to Σψx. Answers the vertex, whether it is the
    lowest (False: the way down leads out of the near pupils), and the exchanges made.
    """
    basis = basis.copy()
    residual = _residual(rows, outcome, basis)
    inverse = np.linalg.inv(rows[basis])
    for count in range(_PIVOTS):
        side = np.where(residual < 0, tau - 1.0, tau)
        side[basis] = 0.0
        multiplier = -(pull + side @ rows) @ inverse
        excess = np.abs(multiplier - (tau - 0.5)) - 0.5
        leaving = int(excess.argmax())
        if excess[leaving] <= _ROUNDING:
            return basis, True, count
        # The leaving pupil comes to lie above the fit, or below it.
        above = 1.0 if multiplier[leaving] > tau else -1.0
        speed = rows @ (-above * inverse[:, leaving])
        speed[basis] = 0.0
        falls = (speed > _ROUNDING) & (residual >= 0)
        rises = (speed < -_ROUNDING) & (residual < 0)
        crossing = np.flatnonzero(falls | rises)
        when = residual[crossing] / speed[crossing]
        order = when.argsort()
        # Each pupil passed takes its speed off the slope of the loss.
        last = np.searchsorted(np.abs(speed[crossing[order]]).cumsum(), excess[leaving])
        if last == len(order):
            return basis, False, count
        entering, step = crossing[order[last]], when[order[last]]
        residual -= step * speed
        residual[basis[leaving]] = above * step
        change = rows[entering] @ inverse
        pivot = change[leaving]
        change[leaving] -= 1.0
        inverse -= np.outer(inverse[:, leaving], change / pivot)
        basis[leaving] = entering
        residual[entering] = 0.0
    return basis, False, _PIVOTS


def _lower_bound(rows: Floats, outcome: Floats, tau: float, vertex: _Vertex) -> float:
    """ψᵀy of the vertex's multipliers ψ, less what those out of their bounds may be worth."""
    multiplier = np.where(vertex.below, tau - 1.0, tau)
    multiplier[vertex.basis] = 0.0
    inner = np.linalg.solve(rows[vertex.basis].T, -(multiplier @ rows))
    multiplier[vertex.basis] = inner
    excess = np.maximum(np.abs(inner - (tau - 0.5)) - 0.5, 0.0).sum()
    return float(multiplier @ outcome - excess * np.ptp(outcome))
