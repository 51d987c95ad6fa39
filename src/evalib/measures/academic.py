"""学业质量: what one paper says of each pupil, as arrays over score records."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def standard_score(score: Floats, paper: Codes) -> Floats:
    """How far each score stands from its paper's mean, in the paper's standard deviations.

    Parameters
    ----------
    score
        (R,) marks of the pupils who sat; NaN for a record without a mark (absent,
        exempt, voided). An absent pupil is not a zero.
    paper
        (R,) paper of each record, 0 … P − 1.

    Returns
    -------
    (R,) z = (score − mean) / sd over the marks of the same paper, sd with n − 1;
    NaN where there is no mark, or the paper has fewer than two marks or no variance.

    Examples
    --------
    >>> standard_score(np.array([60.0, 80.0, np.nan]), np.array([0, 0, 0])).round(4)
    array([-0.7071,  0.7071,     nan])
    """
    sat = np.isfinite(score)
    papers = int(paper.max()) + 1 if paper.size else 0
    count = np.bincount(paper[sat], minlength=papers).astype(float)
    total = np.bincount(paper[sat], weights=score[sat], minlength=papers)
    mean = np.divide(total, count, out=np.full(papers, np.nan), where=count > 0)
    centred = score - mean[paper] if papers else score
    square = np.bincount(paper[sat], weights=centred[sat] ** 2, minlength=papers)
    variance = np.divide(square, count - 1, out=np.full(papers, np.nan), where=count > 1)
    # Equal marks leave rounding noise of the mean behind; that is no spread.
    sd = np.sqrt(np.where(variance > (1e-9 * np.maximum(1.0, np.abs(mean))) ** 2, variance, np.nan))
    result: Floats = centred / sd[paper] if papers else centred
    return result


def cut_reached(
    score: Floats, counted_absent: npt.NDArray[np.bool_], full_mark: Floats, cut: Floats, *, low: bool
) -> Floats:
    """Whether each record reaches a cut (or, for `low`, stays below it).

    Parameters
    ----------
    score
        (R,) marks, NaN for a record without one.
    counted_absent
        (R,) records without a mark that count all the same: as not reaching the
        cut, and as low. Under the denominator "entered" these are the absent and
        the voided; the exempt never count.
    full_mark
        (R,) full mark of the record's paper; NaN for scale scores, which have no cut.
    cut
        (R,) share of the full mark, 0 to 1.
    low
        True for the low-score rate: strictly below the cut.

    Returns
    -------
    (R,) 1 where score ≥ cut · full mark (`low`: where score < cut · full mark), else 0;
    NaN for a record that does not count. Compared with a tolerance of a billionth of
    the full mark, so that 0.6 × 120 is 72.

    Examples
    --------
    >>> full, cut = np.full(4, 100.0), np.full(4, 0.6)
    >>> cut_reached(np.array([60, 59.5, np.nan, np.nan]), np.array([0, 0, 1, 0], bool), full, cut, low=False)
    array([ 1.,  0.,  0., nan])
    """
    limit = full_mark * cut - 1e-9 * full_mark
    reached = score < limit if low else score >= limit
    result: Floats = np.where(np.isfinite(score), reached, np.where(counted_absent, float(low), np.nan))
    result[~np.isfinite(full_mark)] = np.nan
    return result


def took_part(score: Floats, exempt: npt.NDArray[np.bool_]) -> Floats:
    """Whether each pupil entered for a paper has a mark that counts.

    Parameters
    ----------
    score
        (R,) marks, NaN for the absent, the voided and the exempt.
    exempt
        (R,) the exempt, who leave the count.

    Returns
    -------
    (R,) 1 sat, 0 absent or voided, NaN exempt.

    Examples
    --------
    >>> took_part(np.array([60.0, np.nan, np.nan]), np.array([False, False, True]))
    array([ 1.,  0., nan])
    """
    return np.where(exempt, np.nan, np.isfinite(score).astype(float))


def pupil_mean(value: Floats, pupil: Codes, pupils: int) -> Floats:
    """Each pupil's mean over the records that count.

    Parameters
    ----------
    value
        (R,) a figure a record; NaN does not count.
    pupil
        (R,) pupil of each record, 0 … pupils − 1.

    Returns
    -------
    (pupils,) Σ value / number of records, over the pupil's records that count; NaN for a
    pupil with none.

    Examples
    --------
    >>> pupil_mean(np.array([1.0, 0.0, np.nan]), np.array([0, 0, 1]), 2)
    array([0.5, nan])
    """
    counts = np.isfinite(value)
    count = np.bincount(pupil[counts], minlength=pupils)
    total = np.bincount(pupil[counts], weights=value[counts], minlength=pupils)
    mean: Floats = np.divide(total, count, out=np.full(pupils, np.nan), where=count > 0)
    return mean
