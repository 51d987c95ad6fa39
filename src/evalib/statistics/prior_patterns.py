"""Covariates of a growth model: what pupils' earlier scores predict, whichever of them a pupil has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import BSpline

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# A line of its own needs so many pupils; fewer would be predicted from themselves alone.
LINE_MINIMUM = 10
# A pattern too small for itself, joined with the others of its grade.
_REST = (-1, 0)
# What is left of a column's variance, given those before it, when it adds nothing.
_NOTHING_NEW = 1e-8


@dataclass(frozen=True)
class PriorDesign:
    """Columns that predict this year's score from earlier ones.

    Attributes
    ----------
    columns
        (N, p) without the overall constant, full rank; zeros for a pupil left out.
    counted
        (N,) pupils who have a pattern of their own or share one.
    patterns
        How many grades × patterns have an intercept and slopes of their own.
    """

    columns: Floats
    counted: Bools
    patterns: int


def prior_design(
    main: Floats,
    others: Floats,
    kind: Codes,
    grade: Codes,
    *,
    knots: Floats,
    pattern_minimum: int,
) -> PriorDesign:
    """Columns that predict a score from earlier ones: each pattern of priors has its own.

    A pattern is a grade and which priors its pupils have. It has one intercept, a cubic
    spline of the main prior and a slope for each other prior.

    Parameters
    ----------
    main
        (N,) main prior of each pupil; NaN where the pupil has no prior at all.
    others
        (N, Q) further priors, NaN where the pupil lacks one; Q may be 0.
    kind
        (N,) what the main prior is made of, from 0: pupils of different kinds share no slope.
    grade
        (N,) grade, or whatever else never shares a slope, such as the year of a cohort.
    knots
        (K,) inner knots of the spline, as quantiles of the pattern's main priors.
    pattern_minimum
        A pattern with fewer pupils gives up the prior that is least available in its
        grade, and another, until it is large enough or only its main prior is left.
        What is still too small then is joined, over all kinds of a grade, to one
        straight line; fewer than `LINE_MINIMUM` pupils of a grade are left out.

    Raises
    ------
    ValueError
        Shapes do not agree, or a kind is negative.

    Notes
    -----
    Tempting, and wrong: one slope for all, a missing prior filled with 0 and marked by
    an indicator. A pupil without one of the priors is predicted as if the others said
    as much as they do beside it, and weak pupils come out too low.

    Examples
    --------
    >>> prior = np.arange(12.0)
    >>> zeros = np.zeros(12, np.int64)
    >>> design = prior_design(
    ...     prior, np.zeros((12, 0)), zeros, zeros, knots=np.array([0.5]), pattern_minimum=200
    ... )
    >>> design.columns.shape, design.patterns
    ((12, 1), 1)
    """
    pupils = len(main)
    if others.ndim != 2 or not len(others) == len(kind) == len(grade) == pupils:
        raise ValueError("priors, kinds and grades must hold one row a pupil")
    if pupils and kind.min() < 0:
        raise ValueError("kinds must not be negative")
    having = np.isfinite(main)
    counted = np.zeros(pupils, dtype=bool)
    blocks: list[tuple[Codes, Floats]] = []
    for one in np.unique(grade[having]):
        for pattern, inside in _patterns(
            np.flatnonzero(having & (grade == one)), others, kind, pattern_minimum
        ):
            spline = len(inside) >= pattern_minimum
            block = np.column_stack(
                [
                    np.ones(len(inside)),
                    _curve(main[inside], knots, spline),
                    others[inside][:, _members(pattern[1], others.shape[1])],
                ]
            )
            counted[inside] = True
            blocks.append((inside, block[:, independent_columns(block)]))
    widths = [block.shape[1] for _, block in blocks]
    columns = np.zeros((pupils, sum(widths)))
    for (inside, block), end, width in zip(blocks, np.cumsum(widths), widths, strict=True):
        columns[inside, end - width : end] = block
    # The intercept of the first pattern is what the model's own constant leaves over.
    return PriorDesign(columns[:, 1:], counted, len(blocks))


def independent_columns(columns: Floats, after: Floats | None = None) -> Codes:
    """Positions of the columns that say something those before them do not.

    Parameters
    ----------
    columns
        (N, p), in order of precedence.
    after
        (N, q) columns that come before all of them and are taken as they are.

    Returns
    -------
    (≤ p,) positions, ascending. A column of zeros is never among them.

    Examples
    --------
    >>> independent_columns(np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0], [1.0, 2.0, 3.0]]))
    array([0, 2])
    """
    first = 0 if after is None else after.shape[1]
    whole = columns if after is None else np.hstack([after, columns])
    cross = whole.T @ whole
    size = np.sqrt(np.diag(cross))
    size = np.where(size > 0, size, 1.0)
    left = cross / np.outer(size, size)
    kept = []
    for position in range(whole.shape[1]):
        if left[position, position] > _NOTHING_NEW:
            left = left - np.outer(left[:, position], left[position]) / left[position, position]
            if position >= first:
                kept.append(position - first)
    return np.array(kept, dtype=np.int64)


def _patterns(
    pupils: Codes, others: Floats, kind: Codes, minimum: int
) -> list[tuple[tuple[int, int], Codes]]:
    """Patterns of one grade's pupils, (kind, set of further priors as bits), and who belongs to each."""
    available = np.isfinite(others[pupils])
    bits = available @ (1 << np.arange(others.shape[1], dtype=np.int64))
    # Least available first: what is given up first.
    rarest = [1 << int(place) for place in np.argsort(available.sum(axis=0), kind="stable")]
    members: dict[tuple[int, int], list[Codes]] = {}
    keys, place = np.unique(np.column_stack([kind[pupils], bits]), axis=0, return_inverse=True)
    order = np.argsort(place, kind="stable")
    for key, some in zip(keys, np.split(pupils[order], np.cumsum(np.bincount(place))[:-1]), strict=True):
        members[int(key[0]), int(key[1])] = [some]
    for size in range(others.shape[1], -1, -1):
        for key in sorted(members):
            if key[1].bit_count() == size and sum(map(len, members[key])) < minimum:
                smaller = (key[0], key[1] - next(bit for bit in rarest if key[1] & bit)) if size else _REST
                members.setdefault(smaller, []).extend(members.pop(key))
    found = {key: np.sort(np.concatenate(some)) for key, some in sorted(members.items())}
    return [(key, some) for key, some in found.items() if len(some) >= LINE_MINIMUM]


def _members(bits: int, size: int) -> Codes:
    return np.array([place for place in range(size) if bits >> place & 1], dtype=np.int64)


def _curve(prior: Floats, knots: Floats, spline: bool) -> Floats:
    """A basis of the curves of one prior without its constant: cubic B-splines, or the prior itself."""
    low, high = float(prior.min()), float(prior.max())
    inner = np.unique(np.quantile(prior, knots)) if spline else np.empty(0)
    inner = inner[(inner > low) & (inner < high)]
    if not spline or len(np.unique(prior)) < 5 + len(inner):
        return prior[:, None] if low < high else np.zeros((prior.size, 0))
    edges = np.concatenate([[low] * 4, inner, [high] * 4])
    basis: Floats = BSpline.design_matrix(prior, edges, 3).toarray()
    # The basis sums to one, the pattern's constant: the middle column goes.
    return np.delete(basis, basis.shape[1] // 2, axis=1)
