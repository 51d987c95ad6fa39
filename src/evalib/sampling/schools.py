"""The invented district's schools: names, places, groups, sizes and who feeds whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Random = np.random.Generator

PROVINCE = "50"
FEWEST_SECTIONS = 10
TINY_PUPILS = 8
LARGEST_CLASS = 44
FEEDER_SHARES = (0.74, 0.17, 0.09)
OWN_JUNIOR_SHARE = 0.90
PRIMARY_SHARE = 0.7
SECTIONS_A_THROUGH_SCHOOL = 40
SECTIONS_A_GROUP = 13
SECTIONS_A_PAIR = 10
AREA_SHARES = {"urban": 0.55, "town": 0.25, "rural": 0.20}
TITLES = ("艺术特色学校", "体育传统特色学校", "科技特色学校", "劳动教育特色学校")
# How places differ, roughly as in a western Chinese city: class size, classes a grade
# (chances of 1, 2, 3), level in pupil sd, shares of migrants and left-behind children.
PLACES: dict[str, dict[str, Any]] = {
    "urban": {
        "size": (34, 42),
        "classes": (0.62, 0.33, 0.05),
        "level": 0.06,
        "migrant": 0.28,
        "left_behind": 0.02,
    },
    "town": {
        "size": (32, 40),
        "classes": (0.82, 0.18, 0.00),
        "level": -0.02,
        "migrant": 0.14,
        "left_behind": 0.07,
    },
    "rural": {
        "size": (31, 36),
        "classes": (1.00, 0.00, 0.00),
        "level": -0.15,
        "migrant": 0.05,
        "left_behind": 0.20,
    },
}


@dataclass(frozen=True)
class Sections:
    """Every section of the district, one row each; positions serve as its number.

    Attributes
    ----------
    table
        school_code, stage and the descriptive columns of `schools`.
    classes, class_size
        (S,) classes a grade and pupils a class of a primary section; a junior section
        takes what its feeders send.
    level
        (S,) true level at entry, pupil standard deviations, district mean 0.
    migrant, left_behind
        (S,) expected share of pupils.
    receivers, shares
        (S, 3) junior sections that a primary section's leavers go to, and how they divide.
    too_small, new, no_scores, no_fitness, no_records, over_quota
        Positions of the peculiar sections.
    """

    table: pd.DataFrame
    classes: Codes
    class_size: Codes
    level: Floats
    migrant: Floats
    left_behind: Floats
    receivers: Codes
    shares: Floats
    too_small: int
    new: int
    no_scores: int
    no_fitness: int
    no_records: int
    over_quota: int

    def __len__(self) -> int:
        return len(self.table)

    @property
    def primary(self) -> npt.NDArray[np.bool_]:
        """(S,) whether the section is a primary one."""
        return self.table["stage"].eq("primary").to_numpy()


def invent_sections(rng: Random, sections: int, opening: int, level_sd: float) -> Sections:
    """Invent the schools of a district.

    Parameters
    ----------
    rng
        Source of randomness.
    sections
        How many, both stages together; seven in ten are primary.
    opening
        Calendar year in which the new school opens.
    level_sd
        Standard deviation of the true levels; 0 makes all sections alike.

    Raises
    ------
    ValueError
        Fewer than ten sections.
    """
    if sections < FEWEST_SECTIONS:
        raise ValueError(f"sections must be at least {FEWEST_SECTIONS}")
    table = _table(sections)
    primary = table["stage"].eq("primary").to_numpy()
    # Peculiar sections stand at fixed places, so that a reader finds them again.
    alone = np.flatnonzero(primary & table["kind"].eq("小学").to_numpy())
    too_small, new, no_scores = int(alone[-1]), int(alone[-2]), int(alone[-3])
    no_records = int(alone[-4])
    juniors = np.flatnonzero(~primary & table["kind"].eq("初中").to_numpy())
    no_fitness, over_quota = int(juniors[-1]), int(juniors[0])
    area = rng.choice(list(AREA_SHARES), size=sections, p=list(AREA_SHARES.values()))
    # The first schools, which will lead groups, and the new one are urban; the teaching point is rural.
    area[[0, 1, 2, new, no_fitness]] = "urban"
    area[too_small] = "rural"
    # Both sections of a through-school stand in one place and opened in one year.
    first = _first_of_school(table)
    area = area[first]
    table["area"] = area
    table["opened"] = rng.integers(1951, 2016, sections)[first]
    table.loc[new, "opened"] = opening
    table.loc[too_small, ["name", "kind"]] = ["示例教学点", "教学点"]
    _join_groups(rng, table, new)
    places = pd.DataFrame(PLACES).T.loc[area]
    spread = rng.standard_normal(sections) * 0.22 + places["level"].to_numpy(float)
    classes = np.array([rng.choice([1, 2, 3], p=chances) for chances in places["classes"]])
    classes[[too_small, new]] = 1
    size = np.array([rng.integers(low, high + 1) for low, high in places["size"]])
    shape = 12.0
    migrant = places["migrant"].to_numpy(float)
    left_behind = places["left_behind"].to_numpy(float)
    plan = Sections(
        table=table,
        classes=classes.astype(np.int64),
        class_size=size.astype(np.int64),
        level=level_sd * (spread - spread.mean()) / spread.std(),
        migrant=rng.beta(migrant * shape, (1 - migrant) * shape),
        left_behind=rng.beta(left_behind * shape, (1 - left_behind) * shape),
        receivers=np.zeros((sections, len(FEEDER_SHARES)), np.int64),
        shares=np.tile(np.array(FEEDER_SHARES), (sections, 1)),
        too_small=too_small,
        new=new,
        no_scores=no_scores,
        no_fitness=no_fitness,
        no_records=no_records,
        over_quota=over_quota,
    )
    return _with_feeders(rng, plan)


def school_rows(plan: Sections, year: str, position: int, opening_position: int) -> pd.DataFrame:
    """The `schools` rows of one year; the new school is missing until it opens."""
    rows = plan.table if position >= opening_position else plan.table.drop(index=plan.new)
    rows = rows.copy()
    rows.insert(0, "year", year)
    return rows


def _table(sections: int) -> pd.DataFrame:
    through = max(1, sections // SECTIONS_A_THROUGH_SCHOOL)
    primary = round(PRIMARY_SHARE * sections) - through
    junior = sections - primary - 2 * through
    rows = [
        (f"21{PROVINCE}{i:06d}", "primary", f"示例{chinese_number(i)}小", "小学")
        for i in range(1, primary + 1)
    ]
    rows += [
        (f"31{PROVINCE}{i:06d}", "junior", f"示例{chinese_number(i)}中", "初中") for i in range(1, junior + 1)
    ]
    for i in range(1, through + 1):
        code = f"31{PROVINCE}{junior + i:06d}"
        name = "示例九年一贯制学校" if through == 1 else f"示例第{chinese_number(i)}九年一贯制学校"
        rows += [(code, stage, name, "九年一贯制") for stage in ("primary", "junior")]
    return pd.DataFrame(rows, columns=["school_code", "stage", "name", "kind"])


def _first_of_school(table: pd.DataFrame) -> Codes:
    """(S,) for each section the position of its school's first section."""
    number = pd.factorize(table["school_code"])[0]
    first = np.flatnonzero(~table["school_code"].duplicated())
    return first[number].astype(np.int64)


def _join_groups(rng: Random, table: pd.DataFrame, new: int) -> None:
    """Sides, education groups, pairs and titles; by school, so a through-school has one of each."""
    schools = table.drop_duplicates("school_code")
    codes = schools["school_code"].to_numpy(str)
    side = dict(zip(codes, np.where(rng.random(len(codes)) < 0.5, "east", "west"), strict=True))
    newcomer = str(table["school_code"].iloc[new])
    ordinary = schools["kind"].isin(["小学", "初中"]).to_numpy()
    free = [str(code) for code in codes[ordinary] if code != newcomer]
    names = dict(zip(codes.tolist(), schools["name"].tolist(), strict=True))
    member: dict[str, tuple[str, str, str]] = {}
    # No group may take the last of the schools: some stand alone.
    groups = min(max(3, len(table) // SECTIONS_A_GROUP), (len(free) - 2) // 3)
    leads, others = free[:groups], [str(code) for code in rng.permutation(free[groups:])]
    for number, lead in enumerate(leads, 1):
        code, name = f"JT{number:02d}", f"{names[lead]}教育集团"
        member[lead] = (code, name, "lead")
        member[others.pop()] = (code, name, "branch")
        member[others.pop()] = (code, name, "ally")
    member[newcomer] = (*member[leads[0]][:2], "new")
    pair: dict[str, str] = {}
    east = [code for code in others if side[code] == "east"]
    west = [code for code in others if side[code] == "west"]
    pairs = max(1, len(table) // SECTIONS_A_PAIR)
    for number, (one, other) in enumerate(zip(east[:pairs], west[:pairs], strict=False), 1):
        pair[one] = pair[other] = f"JD{number:02d}"
    titled = rng.choice(codes, size=max(2, len(codes) // 5), replace=False)
    title = dict(zip(titled, rng.choice(TITLES, size=len(titled)), strict=True))
    table["side"] = table["school_code"].map(side)
    for place, column in enumerate(("group_code", "group", "group_role")):
        table[column] = table["school_code"].map({code: entry[place] for code, entry in member.items()})
    table["pair_code"] = table["school_code"].map(pair)
    table["titles"] = table["school_code"].map(title)


def _with_feeders(rng: Random, plan: Sections) -> Sections:
    """Give every primary section three receivers; a through-school sends its own upwards."""
    primary, junior = np.flatnonzero(plan.primary), np.flatnonzero(~plan.primary)
    receivers, shares = plan.receivers.copy(), plan.shares.copy()
    # Largest first in turn, so that every junior section is the first choice of several.
    by_size = primary[np.argsort(-(plan.classes * plan.class_size)[primary], kind="stable")]
    order = rng.permutation(junior)
    turn = np.arange(len(by_size))
    for choice in range(len(FEEDER_SHARES)):
        receivers[by_size, choice] = order[(turn + choice * (1 + turn // len(order))) % len(order)]
    # Two choices may fall on one junior section; its shares then add up.
    codes = plan.table["school_code"]
    for position in primary[plan.table["kind"].eq("九年一贯制").to_numpy()[primary]]:
        own = int(np.flatnonzero(codes.eq(codes[position]).to_numpy() & ~plan.primary)[0])
        receivers[position, 0] = own
        shares[position] = [OWN_JUNIOR_SHARE, (1 - OWN_JUNIOR_SHARE) / 2, (1 - OWN_JUNIOR_SHARE) / 2]
    return replace(plan, receivers=receivers, shares=shares)


def chinese_number(number: int) -> str:
    """A whole number from 1 to 9,999 in Chinese numerals.

    Examples
    --------
    >>> [chinese_number(n) for n in (2, 10, 12, 20, 105, 2800)]
    ['二', '十', '十二', '二十', '一百零五', '二千八百']
    """
    digits = "零一二三四五六七八九"
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if gap and text else "") + digits[digit] + name
        gap = not digit
    return text.removeprefix("一") if text.startswith("一十") else text
