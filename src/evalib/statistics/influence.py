"""Section means with their sampling variance: influence values, and classes as clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SectionMeans:
    """Means of K indicators in J sections, and how sure they are.

    Attributes
    ----------
    mean
        (J, K) mean over the pupils that count; NaN where none counts.
    n
        (J, K) pupils that count.
    variance0
        (J, K) sampling variance if pupils did not resemble their classmates; NaN
        where the pupils that count are no more than the grades they are in.
    design_effect
        (J, K) D = 1 + (m̃ − 1)ρ from the section's own class sizes; 1 where ρ is not
        known, NaN where no pupil counts.
    variance
        (J, K) variance0 · design_effect.
    class_correlation
        (K,) ρ, pooled over the sections; NaN where it cannot be known: no class is
        recorded, or no grade of any section has two classes. D is then 1 and the
        variance too small if classes do differ; a page must say so.
    classes_recorded
        Whether classes were given at all.
    """

    mean: Floats
    n: Codes
    variance0: Floats
    design_effect: Floats
    variance: Floats
    class_correlation: Floats
    classes_recorded: bool


def section_means(
    values: Floats,
    section: Codes,
    n_sections: int,
    *,
    class_: Codes | None = None,
    grade: Codes | None = None,
    known_correlation: Floats | None = None,
) -> SectionMeans:
    """Mean of each indicator in each section, with a variance that knows of classes.

    Parameters
    ----------
    values
        (N, K) each pupil's figure for each indicator, in the indicator's unit; NaN
        where the pupil does not count for it.
    section
        (N,) section of each pupil, 0 … n_sections − 1, all of one stage: the class
        correlation is pooled over them.
    n_sections
        J; a section may have nobody.
    class_
        (N,) class of each pupil, from 0, each in one section and one grade; None
        where no class is recorded.
    grade
        (N,) grade of each pupil; None takes a section for one grade.
    known_correlation
        (K,) class correlations known from elsewhere, such as a model that sees classes of
        different grades; NaN where it is to be pooled from the grades with two classes.

    Raises
    ------
    ValueError
        Shapes do not agree, a code is out of range, a figure is infinite, or a class
        lies in two sections or grades.

    Notes
    -----
    With n pupils counting in the section, a counting pupil of grade g has the
    influence value ψ = (x − x̄_g)/n, x̄_g the section's own mean in that grade, others
    0: how many pupils each grade has, and that grades differ, is no sampling error.

    A section has too few classes to be its own judge of how alike classmates are, so
    that is pooled. Let a grade of a section hold N counting pupils in classes of m,
    with within-class variance σ² and class variance ω². Then, s_c = Σψ over a class,

        E n²Σψ²   = σ²(N − 1) + ω²(N − Σm²/N)
        E n²Σs_c² = σ²(N − Σm²/N) + ω²(Σm² − 2Σm³/N + (Σm²)²/N²).

    Both are summed over all grades of all sections that have two or more classes and
    solved for σ², ω² ≥ 0 and the class correlation ρ = ω²/(σ² + ω²). Centring has
    taken part of the class variance out of Σψ², all of it in a grade of one class;
    what is left is the share h = Σ_g(N − Σm²/N)/(n − grades). Hence

        V⁰ = Σψ²·n/(n − grades) / (1 − ρ(1 − h)),   D = 1 + (Σm²/Σm − 1)ρ,   V = V⁰·D.

    Tempting, and wrong: Σ_g G/(G − 1)Σs_c² for the clustered variance, which takes
    classes to be of one size (of 20 and 50 pupils it finds half of ω²); Σψ² uncorrected
    for h (both together: means cover 92 to 94 %, not 95 %); one D for
    all sections; one n for all indicators.

    Examples
    --------
    >>> two = section_means(np.array([[1.0], [3.0], [5.0], [np.nan]]), np.array([0, 0, 0, 1]), 2)
    >>> two.mean.ravel(), two.variance.round(4).ravel()
    (array([ 3., nan]), array([1.3333,    nan]))
    """
    values, grade = _checked(values, section, n_sections, class_, grade)
    counts = np.isfinite(values)
    filled = np.where(counts, values, 0.0)
    # A cell is a grade of a section.
    cells, cell = np.unique(np.column_stack([section, grade]), axis=0, return_inverse=True)
    cell_section = _indicator(cells[:, 0].astype(np.int64), n_sections)
    in_cell = _indicator(cell, len(cells))
    size = in_cell @ counts.astype(float)
    cell_sum = in_cell @ filled
    n = cell_section @ size
    mean = _ratio(cell_section @ cell_sum, n)
    deviation = np.where(counts, filled - _ratio(cell_sum, size, 0.0)[cell], 0.0)
    square = in_cell @ deviation**2
    spare = n - cell_section @ (size > 0).astype(float)
    variance0 = _ratio(cell_section @ square, n * spare)
    design_effect = np.where(n > 0, 1.0, np.nan)
    correlation = np.full(values.shape[1], np.nan)
    if class_ is not None and len(values):
        classes = _Classes.of(class_, cell, size, counts, deviation)
        correlation = _class_correlation(classes, size, square)
        if known_correlation is not None:
            correlation = np.where(np.isfinite(known_correlation), known_correlation, correlation)
        known = np.nan_to_num(correlation)
        left = _ratio(cell_section @ classes.free, spare)
        variance0 = _ratio(variance0, 1.0 - known * (1.0 - left))
        design_effect = 1.0 + (_ratio(cell_section @ classes.square_size, n) - 1.0) * known
    return SectionMeans(
        mean=mean,
        n=np.rint(n).astype(np.int64),
        variance0=variance0,
        design_effect=design_effect,
        variance=variance0 * design_effect,
        class_correlation=correlation,
        classes_recorded=class_ is not None,
    )


@dataclass(frozen=True)
class _Classes:
    """Sums over the classes of each cell, by indicator, (cells, K).

    `several` two or more classes count; `square_size` Σm²; `free` N − Σm²/N; `apart`
    Σm² − 2Σm³/N + (Σm²)²/N²; `square_sum` Σ (n s_c)².
    """

    several: npt.NDArray[np.bool_]
    square_size: Floats
    free: Floats
    apart: Floats
    square_sum: Floats

    @classmethod
    def of(
        cls, class_: Codes, cell: Codes, cell_size: Floats, counts: npt.NDArray[np.bool_], deviation: Floats
    ) -> _Classes:
        n_classes = int(class_.max()) + 1
        class_cell = np.full(n_classes, -1, dtype=np.int64)
        class_cell[class_] = cell
        if np.any(class_cell[class_] != cell):
            raise ValueError("a class lies in two sections or grades; class codes must be unique across them")
        in_class = _indicator(class_, n_classes)
        seen = np.flatnonzero(class_cell >= 0)
        of_cell = _indicator(class_cell[seen], len(cell_size))
        size = (in_class @ counts.astype(float))[seen]
        square_size = of_cell @ size**2
        mean_square = _ratio(square_size, cell_size, 0.0)
        return cls(
            several=of_cell @ (size > 0).astype(float) >= 2,
            square_size=square_size,
            free=cell_size - mean_square,
            apart=square_size - 2.0 * _ratio(of_cell @ size**3, cell_size, 0.0) + mean_square**2,
            square_sum=of_cell @ (in_class @ deviation)[seen] ** 2,
        )


def _class_correlation(classes: _Classes, cell_size: Floats, cell_square: Floats) -> Floats:
    """(K,) ρ from the cells with two or more classes; NaN where there is none or nothing varies."""

    def total(of_cell: Floats) -> Floats:
        summed: Floats = np.where(classes.several, of_cell, 0.0).sum(axis=0)
        return summed

    pupils, free, apart = total(cell_size - 1.0), total(classes.free), total(classes.apart)
    simple, clustered = total(cell_square), total(classes.square_sum)
    determinant = pupils * apart - free**2
    # Classes of one pupil each tell nothing apart: the two equations are one.
    solvable = determinant > 1e-9 * pupils * apart
    within = np.where(solvable, np.maximum(simple * apart - clustered * free, 0.0), np.nan)
    between = np.where(solvable, np.maximum(clustered * pupils - simple * free, 0.0), np.nan)
    return _ratio(between, within + between)


def _ratio(over: Floats, under: Floats, otherwise: float = np.nan) -> Floats:
    ratio: Floats = np.divide(over, under, out=np.full(np.shape(over), otherwise), where=under > 0)
    return ratio


def _indicator(codes: Codes, groups: int) -> sparse.csr_array:
    members = len(codes)
    return sparse.csr_array((np.ones(members), (codes, np.arange(members))), shape=(groups, members))


def _checked(
    values: Floats, section: Codes, n_sections: int, class_: Codes | None, grade: Codes | None
) -> tuple[Floats, Codes]:
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise ValueError(f"values must be (pupils, indicators), not {values.shape}")
    if np.isinf(values).any():
        raise ValueError("values hold infinite figures")
    pupils = len(values)
    for codes, what in ((section, "section"), (class_, "class"), (grade, "grade")):
        if codes is not None and np.shape(codes) != (pupils,):
            raise ValueError(f"{what} must hold one code a pupil")
    if pupils and (section.min() < 0 or section.max() >= n_sections):
        raise ValueError("section codes must run from 0 to the number of sections less one")
    if pupils and class_ is not None and class_.min() < 0:
        raise ValueError("class codes must not be negative")
    return values, np.zeros(pupils, dtype=np.int64) if grade is None else np.asarray(grade)
