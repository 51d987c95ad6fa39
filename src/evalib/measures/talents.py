"""特色特长: activities, awards and features, from pupils' and works' records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]

# As columns of the table of points; an award without a place is a merit.
PLACES = ("1", "2", "3", "merit")
_SEPARATORS = re.compile("[、，,；;]")
_NO_TITLE = ("", "无", "-", "—")


@dataclass(frozen=True)
class Shares:
    """What each holder has of each work: one entry a work and holder.

    Attributes
    ----------
    work, holder
        (S,) codes as they were given.
    points
        (S,) the holder's part of the work's points.
    """

    work: Codes
    holder: Codes
    points: Floats


@dataclass(frozen=True)
class SectionPoints:
    """Points a pupil in each section.

    Attributes
    ----------
    mean
        (J,) points ÷ pupils on the roll; NaN where nobody is on the roll.
    variance
        (J,) its sampling variance; NaN where too few pupils have an award.
    achievers
        (J,) pupils with points.
    """

    mean: Floats
    variance: Floats
    achievers: Codes


@dataclass(frozen=True)
class Breadth:
    """Over how many fields the pupils who take part are spread, by section.

    Attributes
    ----------
    value
        (J,) effective number of fields; NaN where nobody takes part.
    variance
        (J,) its sampling variance; NaN where fewer than two pupils take part.
    participants
        (J,) pupils who take part in a field.
    """

    value: Floats
    variance: Floats
    participants: Codes


def activity_reached(pupil: Codes, hours: Floats, cut: float, pupils: int) -> Floats:
    """Whether each pupil spent enough hours in one activity.

    Parameters
    ----------
    pupil
        (R,) pupil of each record of an activity, 0 … pupils − 1.
    hours
        (R,) hours of the year; 0 is a number of hours, NaN is none written down.
    cut
        The least that is enough, itself included. It is asked of one activity: an hour
        in each of twenty is not twenty hours of anything.

    Returns
    -------
    (pupils,) 1 with the cut reached in an activity; NaN with none reached and one whose
    hours are not known; else 0, so that a pupil without a record is a 0.

    Examples
    --------
    >>> activity_reached(np.array([0, 0, 1, 2]), np.array([20, np.nan, 19, np.nan]), 20, 4)
    array([ 1.,  0., nan,  0.])
    """
    reached, unknown = np.zeros(pupils, dtype=bool), np.zeros(pupils, dtype=bool)
    reached[pupil[hours >= cut - 1e-9]] = True
    unknown[pupil[np.isnan(hours)]] = True
    return np.where(reached, 1.0, np.where(unknown, np.nan, 0.0))


def award_points(level: Words, place: Words, points: Mapping[str, Sequence[float]]) -> Floats:
    """Points of each award by its level and place.

    Parameters
    ----------
    level
        (R,) a key of `points`.
    place
        (R,) "1", "2", "3" or "merit"; anything else is not known and counts as a merit,
        the least that an award can be.
    points
        By level the points of first, second, third place and merit.

    Returns
    -------
    (R,) points[level][place] of each award.

    Raises
    ------
    ValueError
        A level has no points.

    Examples
    --------
    >>> table = {"city": [8, 6, 4, 2], "school": [2, 1, 0.5, 0.25]}
    >>> award_points(np.array(["city", "school"], object), np.array(["1", None], object), table)
    array([8.  , 0.25])
    """
    found = np.full(len(level), np.nan)
    for name, row in points.items():
        here = level == name
        found[here] = row[PLACES.index("merit")]
        for position, word in enumerate(PLACES):
            found[here & (place == word)] = row[position]
    if np.isnan(found).any():
        raise ValueError("an award has a level without points")
    return found


def split_points(work: Codes, holder: Codes, named: Bools, points: Floats, team_size: Floats) -> Shares:
    """Each holder's part of each work's points: the best award alone, teams split.

    Parameters
    ----------
    work
        (R,) work that won each award.
    holder
        (R,) who holds it: a pupil of the team, or a section where no pupil is named; no
        pupil and section have the same code.
    named
        (R,) whether the holder is a pupil.
    points
        (R,) points of the award.
    team_size
        (R,) members of the team; NaN where not known.

    Returns
    -------
    A named member has the points of the best award of one's own with the work, divided
    by the team's size, which is at least the number of members named. A work that names
    nobody is divided among the sections that hold it; one that names somebody belongs to
    them alone. The tempting wrong formula gives every member the whole: a choir of forty
    would outweigh a school.

    Examples
    --------
    >>> duet, both, two = np.array([0, 0, 0]), np.ones(3, bool), np.full(3, 2)
    >>> split_points(duet, np.array([7, 7, 8]), both, np.array([4.0, 12, 4]), two).points
    array([6., 2.])
    """
    works = int(work.max()) + 1 if work.size else 0
    has_named = np.bincount(work[named], minlength=works) > 0
    kept = named | ~has_named[work]
    pairs, position = np.unique(np.column_stack([work, holder])[kept], axis=0, return_inverse=True)
    best = np.zeros(len(pairs))
    np.maximum.at(best, position, points[kept])
    holders = np.bincount(pairs[:, 0], minlength=works).astype(float)
    told = np.ones(works)
    known = named & np.isfinite(team_size)
    np.maximum.at(told, work[known], team_size[known])
    parts = np.maximum(holders, told)
    return Shares(pairs[:, 0], pairs[:, 1], best / parts[pairs[:, 0]])


def section_points(
    work: Codes,
    pupil: Codes,
    section: Codes,
    points: Floats,
    on_roll: Codes,
    *,
    cap: float,
    minimum_achievers: int,
) -> SectionPoints:
    """Points a pupil of each section, with a variance that knows of works.

    Parameters
    ----------
    work, pupil
        (S,) whose part of which work; pupil −1 where the section holds it and no pupil
        is named.
    section
        (S,) section of the holder.
    points
        (S,) the part.
    on_roll
        (J,) pupils on the roll, with an award or without.
    cap
        The most points that one pupil counts.
    minimum_achievers
        Pupils with points below which no variance is given: a few works say nothing of
        what other years' works would have been.

    Returns
    -------
    Mean, variance and pupils with points.

    Raises
    ------
    ValueError
        A section without a pupil on the roll has points.

    Notes
    -----
    Clusters are works, not classes: members of a team have their award together, and a
    pupil with two works joins the members of both. With x̄ = Σx/n, and for a cluster c of
    m_c pupils with x_c points s_c = (x_c − m_c x̄)/n, V = G/(G − 1) Σ s_c², a pupil without
    an award being a cluster of one. A work that names nobody is a cluster of no pupil.
    Points are few and skew: no coverage is claimed for mean ± 1.96 √V.

    Examples
    --------
    >>> one = np.zeros(1, int)
    >>> section_points(one, one, one, np.array([60.0]), np.array([96]), cap=48, minimum_achievers=15).mean
    array([0.5])
    """
    sections = len(on_roll)
    if np.any(on_roll[section] == 0):
        raise ValueError("a section without pupils on the roll has points")
    size = on_roll.astype(float)
    named = pupil >= 0
    people, person = np.unique(pupil[named], return_inverse=True)
    earned = np.minimum(np.bincount(person, weights=points[named], minlength=len(people)), cap)
    home = np.zeros(len(people), np.int64)
    home[person] = section[named]
    achievers = np.bincount(home[earned > 0], minlength=sections)
    teams, team = np.unique(np.column_stack([work, section]), axis=0, return_inverse=True)
    unnamed = np.bincount(team[~named], weights=points[~named], minlength=len(teams))
    cluster = _linked(person, team[named], len(people), len(teams))
    clusters = int(cluster.max()) + 1 if cluster.size else 0
    of_people, of_teams = cluster[: len(people)], cluster[len(people) :]
    of_pupils = np.bincount(of_people, weights=earned, minlength=clusters)
    total = of_pupils + np.bincount(of_teams, weights=unnamed, minlength=clusters)
    members = np.bincount(of_people, minlength=clusters).astype(float)
    where = np.zeros(clusters, np.int64)
    where[of_teams] = teams[:, 1]
    mean = _ratio(np.bincount(where, weights=total, minlength=sections), size)
    square = np.bincount(where, weights=(total - members * mean[where]) ** 2, minlength=sections)
    alone = size - np.bincount(where, weights=members, minlength=sections)
    several = np.bincount(where, minlength=sections) + alone
    variance = _ratio(several, several - 1.0) * _ratio(square + alone * mean**2, size**2)
    return SectionPoints(mean, np.where(achievers >= minimum_achievers, variance, np.nan), achievers)


def field_breadth(pupil: Codes, field: Codes, section: Codes, n_sections: int, n_fields: int) -> Breadth:
    """Effective number of fields that a section's pupils take part in.

    Parameters
    ----------
    pupil, field, section
        (R,) who takes part in which field, 0 … n_fields − 1, and where. A pupil counts
        once a field, in however many activities.
    n_sections, n_fields
        J, and how many fields there are.

    Returns
    -------
    Breadth, between 1 (all in one field) and n_fields (all alike); its variance; pupils.

    Notes
    -----
    exp(H), H = −Σ p_k ln p_k over the fields' shares of the participations: Hill (1973),
    Ecology 54, 427–432, order one. Counting the fields that occur is the tempting other
    choice: a single pupil who plays chess then weighs as much as the whole choir.

    Delta method with the pupil as the unit: ψ_i = Σ_k n_ik(−ln p_k − H)/N, N
    participations, V(H) = Σψ²·n/(n − 1) + (n_fields − 1)/2N², the second term because the
    first vanishes where all fields are alike. V = exp(2H)·V(H). H is small by about
    (fields − 1)/2N; this is not corrected, and no coverage is claimed.

    Examples
    --------
    >>> pupils = np.arange(4)
    >>> field_breadth(pupils, np.array([0, 0, 1, 1]), np.zeros(4, int), 2, 6).value.round(12)
    array([ 2., nan])
    """
    seen = np.unique(np.column_stack([section, pupil, field]), axis=0)
    section, pupil, field = seen[:, 0], seen[:, 1], seen[:, 2]
    many = np.zeros((n_sections, n_fields))
    np.add.at(many, (section, field), 1.0)
    total = many.sum(axis=1)
    share = _ratio(many, total[:, None])
    surprise = -np.log(share, out=np.zeros_like(share), where=share > 0)
    entropy = (share * surprise).sum(axis=1)
    people, person = np.unique(np.column_stack([section, pupil]), axis=0, return_inverse=True)
    influence = np.bincount(
        person, weights=surprise[section, field] - entropy[section], minlength=len(people)
    )
    participants = np.bincount(people[:, 0], minlength=n_sections)
    square = np.bincount(people[:, 0], weights=influence**2, minlength=n_sections)
    spread = _ratio(participants, participants - 1.0) * square + (n_fields - 1) / 2.0
    value = np.where(total > 0, np.exp(entropy), np.nan)
    return Breadth(value, value**2 * _ratio(spread, total**2), participants)


def title_counts(titles: Words) -> Floats:
    """How many recognised features each school has.

    Parameters
    ----------
    titles
        (J,) titles set apart by 、 ， , ； or ;. Empty, None, NaN or 无 is none.

    Returns
    -------
    (J,) a count of record; a title that stands twice counts once.

    Examples
    --------
    >>> title_counts(np.array(["足球特色学校、书法特色学校", "无", None], dtype=object))
    array([2., 0., 0.])
    """
    return np.array([float(len(_titles(one))) for one in titles])


def _titles(cell: object) -> set[str]:
    parts = _SEPARATORS.split(cell) if isinstance(cell, str) else []
    return {part.strip() for part in parts} - set(_NO_TITLE)


def _linked(person: Codes, team: Codes, people: int, teams: int) -> Codes:
    """(people + teams,) the connected component of each person and team."""
    nodes = people + teams
    links = sparse.csr_array((np.ones(len(person)), (person, people + team)), shape=(nodes, nodes))
    _, component = sparse.csgraph.connected_components(links, directed=False)
    labels: Codes = component.astype(np.int64)
    return labels


def _ratio(over: npt.ArrayLike, under: npt.ArrayLike) -> Floats:
    above, below = np.broadcast_arrays(np.asarray(over, dtype=float), np.asarray(under, dtype=float))
    ratio: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return ratio
