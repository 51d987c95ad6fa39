"""What a multilevel fit needs to know of the pupils: cross products and group sums, additive over chunks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
# Numbers of a block that both sums are made of: one megabyte.
_CACHED = 147_456


@dataclass(frozen=True)
class MultilevelSums:
    """Sufficient sums of Z = [1, X − origin, y − origin] for a multilevel model.

    Two of them, from different pupils, add with `+`, so that the rows of a large
    district never need to be in memory together.

    Attributes
    ----------
    cross
        (q, q) ZᵀZ with q = covariates + 2; `cross[0, 0]` is the number of pupils.
    group_sums
        (G, q) sum of Z over each class, or over each section where no class is
        recorded; column 0 is the number of pupils. A row of zeros: nobody.
    group_section
        (G,) section of each class, −1 for a class nobody was seen in; without classes 0 … G − 1.
    origin
        (q − 1,) what was taken off covariates and outcome before summing. Sums of
        squares far from the origin cancel, so it should lie near the means.
    n_sections
        Sections, with pupils or not.
    nested
        Whether the groups are classes within sections.
    """

    cross: Floats
    group_sums: Floats
    group_section: Codes
    origin: Floats
    n_sections: int
    nested: bool

    def __add__(self, other: MultilevelSums) -> MultilevelSums:
        """The sums of both sets of pupils.

        Raises
        ------
        ValueError
            They differ in covariates, sections, classes or kind, or a class lies
            in two sections.
        """
        same = (
            self.group_sums.shape == other.group_sums.shape
            and self.n_sections == other.n_sections
            and self.nested == other.nested
        )
        if not same:
            raise ValueError(
                "sums of different models cannot be added: covariates, sections or classes differ"
            )
        if np.any(
            (self.group_section != other.group_section)
            & (self.group_section >= 0)
            & (other.group_section >= 0)
        ):
            raise ValueError("a class lies in two sections; class codes must be unique across sections")
        moved = other.about(self.origin)
        return replace(
            self,
            cross=self.cross + moved.cross,
            group_sums=self.group_sums + moved.group_sums,
            group_section=np.maximum(self.group_section, other.group_section),
        )

    def about(self, origin: Floats) -> MultilevelSums:
        """The same sums about another origin: Z A with A = I less the shift in its first row."""
        shift = np.eye(len(self.cross))
        shift[0, 1:] = self.origin - origin
        return replace(
            self, cross=shift.T @ self.cross @ shift, group_sums=self.group_sums @ shift, origin=origin
        )

    def centred(self) -> MultilevelSums:
        """The same sums about the means, where the constant is orthogonal to every other column."""
        return self.about(self.origin + self.cross[0, 1:] / self.cross[0, 0])


def multilevel_sums(
    outcome: Floats,
    covariates: Floats,
    section: Codes,
    class_: Codes | None = None,
    *,
    n_sections: int | None = None,
    n_classes: int | None = None,
    origin: Floats | None = None,
) -> MultilevelSums:
    """Sum a chunk of pupils, ready for `fit_from_sums`.

    Parameters
    ----------
    outcome
        (N,) outcome of each pupil, no missing values.
    covariates
        (N, p) covariates without the constant; p may be 0.
    section
        (N,) section of each pupil, from 0.
    class_
        (N,) class of each pupil, from 0, unique across sections; None where no
        class is recorded.
    n_sections, n_classes
        How many there are, if this chunk may not hold the last of them.
    origin
        (p + 1,) near the means of covariates and outcome; by default the chunk's means.

    Raises
    ------
    ValueError
        Shapes do not agree, a value is missing or infinite, a code is out of
        range, there is no pupil, or a class lies in two sections.
    """
    outcome, covariates = _checked(outcome, covariates)
    pupils, width = covariates.shape
    sections = _count(section, pupils, n_sections, "section")
    if origin is None:
        start = np.append(covariates.mean(axis=0), outcome.mean())
    else:
        start = np.asarray(origin, dtype=float)
    if start.shape != (width + 1,):
        raise ValueError(f"origin must have {width + 1} values, not shape {start.shape}")
    if class_ is None:
        group, groups = section, sections
        group_section = np.arange(sections, dtype=np.int64)
    else:
        group, groups = class_, _count(class_, pupils, n_classes, "class")
        group_section = np.full(groups, -1, dtype=np.int64)
        group_section[class_] = section
        if np.any(group_section[class_] != section):
            raise ValueError("a class lies in two sections; class codes must be unique across sections")
    cross, group_sums = _sums(outcome, covariates, start, group, groups)
    return MultilevelSums(
        cross=cross,
        group_sums=group_sums,
        group_section=group_section,
        origin=start,
        n_sections=sections,
        nested=class_ is not None,
    )


def _sums(
    outcome: Floats, covariates: Floats, start: Floats, group: Codes, groups: int
) -> tuple[Floats, Floats]:
    """Cross products and group sums of [1, covariates, outcome] about `start`, a block at a time.

    A block fits the processor's cache, so that each column is fetched once for both sums.
    """
    pupils, width = covariates.shape
    rows = max(1024, min(pupils, _CACHED // (width + 2)))
    buffer = np.ones((min(rows, pupils), width + 2))
    ones, places = np.ones(len(buffer)), np.arange(len(buffer) + 1)
    cross, group_sums = np.zeros((width + 2, width + 2)), np.zeros((groups, width + 2))
    for begin in range(0, pupils, rows):
        block = slice(begin, min(begin + rows, pupils))
        count = block.stop - begin
        design = buffer[:count]
        np.subtract(covariates[block], start[:-1], out=design[:, 1:-1])
        np.subtract(outcome[block], start[-1], out=design[:, -1])
        cross += design.T @ design
        # A pupil is a column with one entry: nothing needs to be sorted.
        low, high = int(group[block].min()), int(group[block].max()) + 1
        parts = (ones[:count], group[block] - low, places[: count + 1])
        group_sums[low:high] += sparse.csc_array(parts, shape=(high - low, count)) @ design
    return cross, group_sums


def _checked(outcome: Floats, covariates: Floats) -> tuple[Floats, Floats]:
    outcome = np.asarray(outcome, dtype=float)
    covariates = np.asarray(covariates, dtype=float)
    if outcome.ndim != 1 or covariates.ndim != 2 or len(covariates) != len(outcome):
        raise ValueError(
            f"outcome must be (N,) and covariates (N, p), not {outcome.shape} and {covariates.shape}"
        )
    if not len(outcome):
        raise ValueError("there is no pupil to fit to")
    if not np.isfinite(outcome).all():
        raise ValueError("outcome holds missing or infinite values; leave those pupils out first")
    bad = np.flatnonzero(~np.isfinite(covariates).all(axis=0))
    if bad.size:
        raise ValueError(f"covariate column {bad[0]} holds missing or infinite values")
    return outcome, covariates


def _count(codes: Codes, pupils: int, given: int | None, what: str) -> int:
    if np.shape(codes) != (pupils,) or not np.issubdtype(np.asarray(codes).dtype, np.integer):
        raise ValueError(f"{what} must hold one whole-number code a pupil")
    last = int(codes.max())
    if codes.min() < 0 or (given is not None and last >= given):
        raise ValueError(f"{what} codes must run from 0 to the number of them less one")
    return last + 1 if given is None else given
