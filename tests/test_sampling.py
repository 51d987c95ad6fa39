import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from evalib.intake.load import read_tables
from evalib.intake.pseudonyms import FIXED_KEY, Identities, has_valid_check
from evalib.intake.schemas import GONE, SCHEMAS
from evalib.sampling import InventedDistrict, invent_district, write_workbooks
from evalib.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
PARAMS = ROOT / "params"
SAMPLE = ROOT / "data" / "sample"
SIX_MEGABYTES = 6_000_000
LAST = "2024-2025"


@pytest.fixture(scope="module")
def small() -> InventedDistrict:
    return invent_district(sections=10, seed=7)


@pytest.fixture(scope="module")
def usual() -> InventedDistrict:
    return invent_district()


@pytest.fixture(scope="module")
def recent() -> InventedDistrict:
    return invent_district(sections=10, years=2, seed=7)


@pytest.fixture(scope="module")
def folder(recent, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("received")
    write_workbooks(recent, path, PARAMS)
    return path


def on_roll(district: InventedDistrict) -> pd.DataFrame:
    pupils = district.tables["pupils"]
    return pupils[~pupils["status"].isin(GONE)]


def once_suspended(district: InventedDistrict) -> set[str]:
    pupils = district.tables["pupils"]
    return set(pupils[pupils["status"].isin(["suspended", "repeating"])]["pupil"])


def of_section(table: pd.DataFrame, section: tuple[str, str], year: str | None = None) -> pd.DataFrame:
    chosen = table["school_code"].eq(section[0])
    if "stage" in table:
        chosen &= table["stage"].eq(section[1])
    if year is not None:
        chosen &= table["year"].eq(year)
    return table[chosen]


def share_of_full_mark(district: InventedDistrict) -> pd.DataFrame:
    scores = district.tables["scores"].merge(district.tables["papers"], on=["year", "paper"])
    return scores.assign(share=scores["score"] / scores["full_mark"])


def members(path: Path) -> dict[str, bytes]:
    """A workbook's parts: what compression makes of them differs between builds of zlib."""
    with zipfile.ZipFile(path) as book:
        return {part.filename: book.read(part) for part in book.infolist()}


# the tables


@pytest.mark.parametrize("table", list(SCHEMAS))
def test_every_table_keeps_its_schema_and_key(small, table):
    rows = small.tables[table]
    SCHEMAS[table].schema.validate(rows)
    assert not rows.duplicated(list(SCHEMAS[table].key)).any()
    assert set(rows["year"]) == set(small.years)


def test_a_pupil_is_one_grade_higher_a_year_later(small):
    pupils = on_roll(small)
    pupils = pupils[~pupils["pupil"].isin(once_suspended(small))]
    grades = pupils.pivot(index="pupil", columns="year", values="grade")
    for before, after in zip(small.years, small.years[1:], strict=False):
        both = grades[[before, after]].dropna()
        assert len(both) > 0.7 * grades[after].notna().sum()
        assert (both[after] == both[before] + 1).all()


def test_a_pupil_is_on_one_roll_a_year_and_in_one_register_of_a_school(small):
    assert not on_roll(small).duplicated(["year", "pupil"]).any()
    assert small.tables["pupils"].duplicated(["year", "pupil"]).any()


def test_some_pupils_change_school_and_are_marked_as_transferred_in(small):
    pupils = on_roll(small).sort_values(["pupil", "year"])
    same = pupils["pupil"].eq(pupils["pupil"].shift()) & pupils["grade"].ne(7)
    moved = same & (pupils["school_code"] != pupils["school_code"].shift())
    assert moved.sum() > 20
    assert pupils.loc[moved, "status"].isin(["transferred_in", "graduated", "suspended"]).all()
    assert not pupils.loc[same & ~moved, "status"].eq("transferred_in").any()


def test_most_leavers_of_a_primary_section_go_to_one_junior_section(usual):
    pupils = on_roll(usual)
    leavers = pupils[pupils["year"].eq("2023-2024") & pupils["grade"].eq(6)]
    arrived = pupils[pupils["year"].eq(LAST) & pupils["grade"].eq(7)]
    flow = leavers.merge(arrived, on="pupil", suffixes=("_from", "_to"))
    assert set(flow["stage_to"]) == {"junior"}
    counts = flow.groupby(["school_code_from", "school_code_to"]).size()
    largest = counts.groupby("school_code_from").max() / counts.groupby("school_code_from").sum()
    assert largest.median() > 0.6
    # Feeders of one receiver, receivers of one feeder: neither is a function of the other.
    assert counts.groupby("school_code_from").size().median() >= 2
    assert counts.groupby("school_code_to").size().min() >= 2


def test_a_through_school_has_two_sections_and_keeps_its_leavers(usual):
    schools = usual.tables["schools"]
    through = schools[schools["kind"].eq("九年一贯制") & schools["year"].eq(LAST)]
    assert set(through["stage"]) == {"primary", "junior"}
    assert through["school_code"].nunique() == 1
    pupils = usual.tables["pupils"]
    own = pupils[pupils["school_code"].eq(through["school_code"].iloc[0])]
    sixth = own[own["year"].eq("2023-2024") & own["grade"].eq(6)]["pupil"]
    seventh = own[own["year"].eq(LAST) & own["grade"].eq(7)]["pupil"]
    assert sixth.isin(seventh).mean() > 0.75


def test_classes_have_thirty_to_forty_five_pupils(usual):
    pupils = usual.tables["pupils"]
    pupils = pupils[pupils["school_code"].ne(usual.truth.peculiar["too_small"][0])]
    size = pupils.groupby(["year", "school_code", "grade", "class"]).size()
    assert size.between(30, 45).mean() > 0.9
    assert size.between(22, 50).all()


def test_the_usual_district_has_groups_places_and_sides(usual):
    schools = usual.tables["schools"]
    schools = schools[schools["year"].eq(LAST)]
    assert schools.groupby("stage").size().to_dict() == {"primary": 28, "junior": 12}
    assert schools["group_code"].nunique() == 3
    assert set(schools["group_role"].dropna()) == {"lead", "branch", "ally", "new"}
    assert set(schools["area"]) == {"urban", "town", "rural"}
    assert set(schools["side"]) == {"east", "west"}
    assert schools.groupby("pair_code")["side"].nunique().eq(2).all()
    assert schools["name"].str.startswith("示例").all()
    assert 10_000 < usual.tables["pupils"]["year"].eq(LAST).sum() < 12_000


# the sections that are not like others


def test_one_section_has_eight_pupils_in_all_every_year(small):
    pupils = of_section(small.tables["pupils"], small.truth.peculiar["too_small"])
    assert pupils.groupby("year").size().to_dict() == dict.fromkeys(small.years, 8)


def test_the_new_school_has_no_history_but_its_pupils_do(usual):
    new = usual.truth.peculiar["new"]
    assert set(of_section(usual.tables["schools"], new)["year"]) == {LAST}
    pupils = of_section(usual.tables["pupils"], new)
    assert set(pupils["year"]) == {LAST}
    assert set(pupils["grade"]) >= {1, 2, 3, 4, 5}
    scores = usual.tables["scores"]
    earlier = scores[scores["year"].eq("2023-2024")]["pupil"]
    assert pupils[pupils["grade"].isin([4, 5])]["pupil"].isin(earlier).mean() > 0.9


def test_one_section_hands_in_no_scores_and_another_no_fitness_in_the_last_year(small):
    for table, name in (("scores", "no_scores"), ("fitness", "no_fitness")):
        pupils = of_section(small.tables["pupils"], small.truth.peculiar[name])
        rows = small.tables[table].merge(pupils[["year", "pupil"]], on=["year", "pupil"])
        assert set(rows["year"]) == set(small.years[:-1])
        assert set(pupils["year"]) == set(small.years)


# marks


def test_marks_are_halves_within_the_full_mark_and_only_of_those_who_sat(small):
    scores = share_of_full_mark(small)
    present = scores["sat"].eq("present")
    assert scores["score"].notna().equals(present)
    assert scores.loc[present, "share"].between(0, 1).all()
    assert (scores.loc[present, "score"] * 2 % 1 == 0).all()


def test_there_are_no_papers_in_grades_one_and_two(small):
    assert set(small.tables["papers"]["grade"]) == set(range(3, 10))


def test_only_one_paper_of_the_last_year_is_the_schools_own(small):
    own = small.tables["papers"][~small.tables["papers"]["comparable"]]
    assert own[["year", "grade", "subject"]].to_numpy().tolist() == [[LAST, 3, "english"]]


def test_marks_look_like_marks(usual):
    scores = share_of_full_mark(usual)
    stage = np.where(scores["grade"] <= 6, "primary", "junior")
    shares = scores["share"].groupby(stage)
    assert shares.mean().to_dict() == pytest.approx({"primary": 0.77, "junior": 0.65}, abs=0.03)
    assert (shares.skew() < -0.2).all()
    assert (scores["share"] == 1).mean() < 0.02


def test_one_to_three_in_a_hundred_are_absent_and_one_pupil_cheated(usual):
    scores = usual.tables["scores"]
    away = scores["sat"].eq("absent").groupby([scores["year"], scores["pupil"]]).any()
    assert away.groupby("year").mean().between(0.01, 0.03).all()
    assert scores["sat"].eq("exempt").any()
    assert scores[scores["sat"].eq("voided")]["year"].tolist() == [LAST]


def test_successive_years_correlate_as_in_real_districts(usual):
    scores = share_of_full_mark(usual)
    rank = scores.groupby(["year", "paper"])["score"].rank(pct=True)
    wide = scores.assign(rank=rank).pivot(index=["pupil", "subject"], columns="year", values="rank")
    for before, after in zip(usual.years, usual.years[1:], strict=False):
        within = [group[[before, after]].corr().iloc[0, 1] for _, group in wide.groupby("subject")]
        assert all(0.72 < value < 0.82 for value in within)


# the truth


def test_true_effects_have_the_spread_that_was_asked_for(usual):
    truth = usual.truth
    assert truth.sections["level"].std(ddof=0) == pytest.approx(0.25)
    assert truth.sections["level"].mean() == pytest.approx(0, abs=1e-12)
    assert truth.growth.groupby("year")["growth"].std().to_numpy() == pytest.approx(0.12, abs=0.03)
    assert truth.classes["effect"].std() == pytest.approx(0.15, abs=0.02)
    # Effects on growth lead into a year: the first has none.
    assert set(truth.growth["year"]) == set(truth.classes["year"]) == set(usual.years[1:])


def test_no_growth_effect_was_given_where_none_was_asked_for():
    truth = invent_district(sections=10, years=2, growth_sd=0, class_sd=0).truth
    assert len(truth.growth) == 10
    assert (truth.growth["growth"] == 0).all()
    assert (truth.classes["effect"] == 0).all()


def test_ability_follows_its_recipe(small):
    pupils = small.tables["pupils"].merge(small.truth.pupils, on=["year", "pupil"])
    after = pupils[pupils["year"].eq(LAST)]
    before = pupils[pupils["year"].eq("2023-2024")][["pupil", "ability"]]
    rows = after.merge(before, on="pupil", suffixes=("", "_before"))
    rows = rows.merge(small.truth.growth, on=["year", "school_code", "stage"])
    rows = rows.merge(small.truth.classes, on=["year", "school_code", "stage", "grade", "class"])
    own = rows["ability"] - small.truth.persistence * rows["ability_before"] - rows["growth"] - rows["effect"]
    # What is added into a stage is tested by itself.
    steps = ~rows["grade"].isin([4, 7])
    own, rows = own[steps], rows[steps]
    assert len(rows) == after.merge(before, on="pupil")["grade"].isin([2, 3, 5, 6, 8, 9]).sum()
    assert abs(own.mean()) < 4 * own.std() / np.sqrt(len(own))
    cells = own.groupby([rows["school_code"], rows["grade"]])
    assert (cells.mean() * np.sqrt(cells.size()) / own.std()).std() < 1.3
    assert abs(own.corr(rows["ability_before"])) < 4 / np.sqrt(len(own))


def test_true_growth_can_be_recovered_from_the_marks(usual):
    scores = share_of_full_mark(usual)
    scores = scores[scores["comparable"]]
    z = scores.groupby(["year", "paper"])["score"].transform(
        lambda marks: (marks - marks.mean()) / marks.std()
    )
    means = scores.assign(z=z).groupby(["year", "pupil"])["z"].mean().unstack("year")
    pupils = on_roll(usual).set_index(["year", "pupil"])
    truth = usual.truth.growth.set_index(["year", "school_code", "stage"])["growth"]
    for before, after in zip(usual.years, usual.years[1:], strict=False):
        both = means[[before, after]].dropna()
        line = np.polyfit(both[before], both[after], 1)
        residual = both[after] - np.polyval(line, both[before])
        place = pupils.loc[after].loc[both.index]
        found = residual.groupby([place["school_code"], place["stage"]]).mean()
        assert np.corrcoef(found, truth.loc[after].reindex(found.index))[0, 1] > 0.5


# fitness, teachers, resources


def test_fitness_items_follow_grade_and_sex(small):
    rows = small.tables["fitness"].merge(small.tables["pupils"], on=["year", "pupil"])
    boy, junior = rows["sex"].eq("male"), rows["grade"] >= 7
    given = {item: rows[item].notna() for item in rows.columns}
    assert not (given["pull_ups"] & ~(boy & junior)).any()
    assert not (given["run_1000m_s"] & ~(boy & junior)).any()
    assert not (given["run_800m_s"] & ~(~boy & junior)).any()
    assert not (given["shuttle_run_s"] & ~rows["grade"].isin([5, 6])).any()
    assert not (given["rope_jumps"] & junior).any()
    assert not (given["sit_ups"] & ((rows["grade"] <= 2) | (boy & junior))).any()
    assert given["standing_jump_cm"].equals(given["standing_jump_cm"] & junior)


def test_an_exempt_pupil_has_no_item_and_others_miss_few(small):
    rows = small.tables["fitness"]
    items = rows.drop(columns=["year", "pupil", "exempt"])
    assert rows["exempt"].any()
    assert items[rows["exempt"]].isna().all(axis=None)
    for item in ("height_cm", "weight_kg", "lung_capacity_ml", "run_50m_s"):
        assert 0.002 < items.loc[~rows["exempt"], item].isna().mean() < 0.03
    # A boy who cannot do one was tested all the same.
    assert (items["pull_ups"] == 0).any()


def test_a_teacher_works_in_one_section_a_year(small):
    teachers = small.tables["teachers"]
    assert not teachers.duplicated(["year", "teacher"]).any()
    assert teachers["exchanged"].groupby(teachers["year"]).any().tolist() == [False, True, True]
    present = small.tables["schools"][["year", "school_code", "stage"]].drop_duplicates()
    assert len(teachers[["year", "school_code", "stage"]].drop_duplicates()) == len(present)


def test_resources_count_the_classes_of_the_roll(small):
    pupils = small.tables["pupils"]
    counted = pupils.drop_duplicates(["year", "school_code", "grade", "class"])
    counted = counted.groupby(["year", "school_code"]).size().rename("counted").reset_index()
    rows = small.tables["resources"].merge(counted, on=["year", "school_code"])
    assert len(rows) == len(small.tables["resources"])
    assert (rows["classes"] == rows["counted"]).all()
    through = rows.duplicated(["year", "school_code"], keep=False)
    assert rows["scope"].eq("school").equals(through)


# identities


def test_pupil_numbers_are_formed_rightly_and_nobodys(usual):
    numbers = usual.pupil_identities["national_number"].astype("str")
    assert numbers.is_unique
    assert numbers.str.fullmatch(r"G999999(19|20)\d{6}\d{3}[\dX]").all()
    assert has_valid_check(numbers).all()
    male = usual.tables["pupils"].drop_duplicates("pupil").set_index("pupil")["sex"].eq("male")
    odd = usual.pupil_identities.set_index("pupil")["national_number"].str[17].astype(int) % 2 == 1
    assert odd.reindex(male.index).equals(male.rename(odd.name))


def test_pupils_have_the_age_of_their_grade(usual):
    pupils = usual.tables["pupils"].merge(usual.pupil_identities, on="pupil")
    pupils = pupils[~pupils["pupil"].isin(once_suspended(usual))]
    born = pd.to_datetime(pupils["born"])
    autumn = pd.to_datetime(pupils["year"].str[:4] + "-09-01")
    years = (autumn - born).dt.days / 365.25
    assert (years - pupils["grade"]).between(4.99, 6.01).all()


def test_clean_tables_hold_no_identity(small):
    hidden = {*small.pupil_identities["national_number"], *small.pupil_identities["name"]}
    hidden |= {*small.teacher_identities["staff_number"], *small.teacher_identities["name"]}
    for rows in small.tables.values():
        for column in rows.select_dtypes("str"):
            assert hidden.isdisjoint(rows[column].dropna())


# any size


def test_the_same_seed_gives_the_same_district_and_another_seed_another(small):
    again = invent_district(sections=10, seed=7)
    for name, rows in small.tables.items():
        pd.testing.assert_frame_equal(rows, again.tables[name])
    other = invent_district(sections=10, seed=8)
    assert not other.tables["scores"]["score"].equals(small.tables["scores"]["score"])


@pytest.mark.parametrize("sections", [10, 13, 97])
@pytest.mark.parametrize("years", [1, 2])
def test_a_district_has_as_many_sections_as_asked_for(sections, years):
    district = invent_district(sections=sections, years=years)
    schools = district.tables["schools"]
    assert len(schools[schools["year"].eq(LAST)]) == sections
    assert district.years[-1] == LAST
    assert len(district.years) == years


@pytest.mark.parametrize("size", [{"sections": 9}, {"years": 0}])
def test_a_district_too_small_to_be_one_is_refused(size):
    with pytest.raises(ValueError, match="at least"):
        invent_district(**size)


@pytest.mark.study
def test_four_thousand_sections_can_be_invented():
    district = invent_district(sections=4000, years=2)
    assert district.tables["pupils"]["year"].eq(LAST).sum() > 1_000_000
    assert district.pupil_identities["national_number"].is_unique
    assert not district.tables["scores"].duplicated(["year", "paper", "pupil"]).any()


# the workbooks


def settings_for(folder: Path) -> Settings:
    settings = load_settings(PARAMS / "sample.yaml")
    district = settings.district.model_copy(update={"files": str(folder)})
    return replace(settings, root=folder.parent, district=district)


@pytest.mark.proof
def test_intake_reads_the_workbooks_back_as_the_clean_tables(recent, folder):
    loaded = read_tables(settings_for(folder))
    assert loaded.warnings == ()
    identities = Identities(FIXED_KEY)
    keys = {}
    for kind, known, number in (
        ("pupil", recent.pupil_identities, "national_number"),
        ("teacher", recent.teacher_identities, "staff_number"),
    ):
        keys[kind] = dict(
            zip(known[kind], identities.pseudonyms(known[number].astype("str"), kind), strict=True)
        )
    assert len(loaded.tables) == len(recent.tables) * len(recent.years)
    for (name, year), found in loaded.tables.items():
        expected = recent.tables[name][recent.tables[name]["year"].eq(year)].copy()
        for column in ("pupil", "teacher"):
            if column in expected:
                expected[column] = expected[column].map(keys[column]).astype("str")
        for column in ("work", "activity"):
            if column in expected:
                expected[column] = identities.pseudonyms(expected[column], "token")
        order = list(SCHEMAS[name].key)
        pd.testing.assert_frame_equal(
            found.sort_values(order, ignore_index=True),
            expected.dropna(axis=1, how="all").sort_values(order, ignore_index=True),
        )


HOSTILE = ["=1+1", "+1", "-1", "@SUM(1)", "https://a.example", "001234", "<b>"]


@pytest.fixture(scope="module")
def written_twice(tmp_path_factory) -> tuple[Path, Path]:
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    for folder in folders:
        hostile = invent_district(sections=10, years=1)
        hostile.tables["schools"].loc[: len(HOSTILE) - 1, "name"] = HOSTILE
        write_workbooks(hostile, folder, PARAMS)
    return folders


@pytest.mark.proof
def test_the_same_district_gives_the_same_bytes(written_twice):
    one, other = written_twice
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.proof
def test_text_that_looks_like_a_formula_or_a_link_stays_text(written_twice):
    path = written_twice[0] / "学校.xlsx"
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    place = rows[1].index("学校名称")
    assert [row[place] for row in rows[2 : 2 + len(HOSTILE)]] == HOSTILE
    assert not any(b"<f>" in part or b"<hyperlink" in part for part in members(path).values())


@pytest.mark.proof
def test_workbooks_look_like_those_of_a_district(folder):
    book = CalamineWorkbook.from_path(str(folder / f"成绩-{LAST}.xlsx"))
    assert book.sheet_names == ["三年级", "四年级", "五年级", "六年级", "七年级", "八年级", "九年级"]
    rows = book.get_sheet_by_name("九年级").to_python()
    assert rows[1] == ["学校标识码", "班级", "学籍号", "姓名", "语文", "数学", "英语"]
    words = {cell for row in rows[2:] for cell in row[4:] if isinstance(cell, str)}
    assert "缺考" in words
    book = CalamineWorkbook.from_path(str(folder / f"体质健康-{LAST}.xlsx"))
    rows = book.get_sheet_by_name("初中").to_python()
    runs = [row[rows[0].index("1000米跑")] for row in rows[1:]]
    assert any(runs)
    assert all(re.fullmatch(r"\d'[0-5]\d\"", run) for run in runs if run)
    rows = CalamineWorkbook.from_path(str(folder / "办学条件.xlsx")).get_sheet_by_index(0).to_python()
    assert rows[-1][0] == "合计"


def test_the_sample_in_the_repository_is_small_and_holds_the_district_of_now(usual):
    assert sum(path.stat().st_size for path in SAMPLE.glob("*.xlsx")) <= SIX_MEGABYTES
    book = CalamineWorkbook.from_path(str(SAMPLE / f"成绩-{LAST}.xlsx"))
    rows = book.get_sheet_by_name("九年级").to_python()
    numbers = usual.pupil_identities.set_index("national_number")["pupil"]
    marks = usual.tables["scores"][usual.tables["scores"]["year"].eq(LAST)]
    for place, subject in enumerate(("chinese", "mathematics", "english"), 4):
        written = pd.Series({numbers[row[2]]: row[place] for row in rows[2:]})
        made = marks[marks["paper"].eq(f"2025-9-{subject}")].set_index("pupil")["score"]
        written = pd.to_numeric(written, errors="coerce").astype(float)
        pd.testing.assert_series_equal(
            written.sort_index(), made.sort_index(), check_names=False, check_index_type=False
        )


@pytest.mark.proof
def test_the_sample_in_the_repository_is_what_is_written_now(usual, tmp_path):
    paths = write_workbooks(usual, tmp_path, PARAMS)
    assert sum(path.stat().st_size for path in SAMPLE.glob("*.xlsx")) <= SIX_MEGABYTES
    assert [path.name for path in paths] == sorted(path.name for path in SAMPLE.glob("*.xlsx"))
    for path in paths:
        assert members(path) == members(SAMPLE / path.name), path.name


def test_the_district_s_numbers_on_exchange_are_those_of_its_teachers(usual):
    teachers, told = usual.tables["teachers"], usual.tables["district"]
    away = teachers[teachers["exchanged"].astype(bool)]
    for year in usual.years:
        facts = told[told["year"].eq(year)].set_index("fact")["value"]
        here = away[away["year"].eq(year)]
        assert facts["exchanged"] == len(here)
        assert facts["exchanged_backbone"] == here["county_backbone"].astype(bool).sum()
    assert len(away)
