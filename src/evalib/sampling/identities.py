"""Invented names and numbers, so that intake has identities to drop and none is anybody's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.sampling.pupils import People
from evalib.sampling.schools import Random

Text = npt.NDArray[np.str_]

# No region has this code, so that no person has such a number.
REGION = "999999"
SEQUENCES = 500
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋"
    "蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏付方邹熊白孟秦"
)
GIVEN = (
    "子梓宇浩雨欣佳思嘉雅诗晨睿博文俊明轩泽一涵昊天琪瑶怡悦可心语桐婷雪静芸芷若曦"
    "彤萱妍辰逸铭航宸皓骏霖韬诚毅恒远志强伟杰鹏飞翔宁安乐康华清源溪林"
)
CHECK_CHARACTERS = "10X98765432"
CHECK_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))


def pupil_identities(rng: Random, people: People) -> pd.DataFrame:
    """A name, a birth date and a 学籍号 for every pupil, in the order of their numbers.

    Returns
    -------
    name; born (as 2015-03-09); national_number: G, region 999999, birth date, a
    sequence number that is odd for boys, and the check character.

    Raises
    ------
    ValueError
        More than 500 boys or girls share a birth date: the district is too large for
        the form of the number.
    """
    count = len(people.entry)
    # Grade 1 in autumn of a year: born from September seven years before to August six years before.
    september = ((people.entry - 7 - 1970) * 12 + 8).astype("datetime64[M]").astype("datetime64[D]")
    born = september + rng.integers(0, 365, count).astype("timedelta64[D]")
    group = pd.DataFrame({"born": born, "male": people.male}).groupby(["born", "male"])
    order = group.cumcount().to_numpy()
    if count and order.max() >= SEQUENCES:
        raise ValueError("too many pupils for one birth date: use fewer sections or years")
    sequence = 2 * order + people.male
    dates = pd.Series(born).dt.strftime("%Y%m%d").to_numpy(str)
    body = np.char.add(np.char.add(REGION, dates), np.char.zfill(sequence.astype(str), 3))
    numbers = np.char.add(np.char.add("G", body), check_characters(body))
    return pd.DataFrame(
        {
            "name": _names(rng, count),
            "born": pd.Series(born).dt.strftime("%Y-%m-%d"),
            "national_number": numbers,
        }
    )


def teacher_identities(rng: Random, count: int) -> pd.DataFrame:
    """A name and a staff number for every teacher, in the order of their numbers."""
    number = np.char.add("JS", np.char.zfill((np.arange(count) + 100001).astype(str), 7))
    return pd.DataFrame({"name": _names(rng, count), "staff_number": number})


def check_characters(body: Text) -> Text:
    """The eighteenth character of numbers of seventeen digits (ISO 7064 MOD 11-2, GB 11643).

    Examples
    --------
    >>> check_characters(np.array(["11010519491231002"]))
    array(['X'], dtype='<U1')
    """
    digits = np.frombuffer(np.ascontiguousarray(body.astype("<U17")).tobytes(), dtype="<u4").reshape(-1, 17)
    remainder = ((digits.astype(np.int64) - ord("0")) * np.array(CHECK_WEIGHTS)).sum(axis=1) % 11
    characters: Text = np.array(list(CHECK_CHARACTERS))[remainder]
    return characters


def _names(rng: Random, count: int) -> Text:
    surname = np.array(list(SURNAMES))[rng.integers(0, len(SURNAMES), count)]
    first = np.array(list(GIVEN))[rng.integers(0, len(GIVEN), count)]
    second = np.array([*GIVEN, ""])[np.minimum(rng.integers(0, int(len(GIVEN) * 1.2), count), len(GIVEN))]
    names: Text = np.char.add(np.char.add(surname, first), second)
    return names
