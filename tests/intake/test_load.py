from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from trial_district import BIRTH, IDS, NAME, PRIMARY, THROUGH, YEAR, District, pupil_id

from evalib.errors import DataError, FaultyFiles
from evalib.intake.load import load
from evalib.intake.schemas import SCHEMAS


def scores_by_row(district: District) -> pd.DataFrame:
    return district.read().tables["scores", YEAR]


def csv_bytes(rows: list[list[object]], encoding: str) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def test_all_tables_of_a_district_are_read(district: District) -> None:
    loaded = district.read()
    rows = {name: len(frame) for (name, _), frame in loaded.tables.items()}
    assert rows == {
        "schools": 3,
        "pupils": 5,
        "papers": 3,
        "scores": 7,
        "fitness": 2,
        "teachers": 2,
        "resources": 1,
    }
    assert loaded.warnings == ()


def test_every_table_has_the_types_of_its_schema(district: District) -> None:
    for (name, _), frame in district.read().tables.items():
        SCHEMAS[name].schema.validate(frame)
        assert {column: str(frame[column].dtype) for column in frame} == {
            column: SCHEMAS[name].dtypes[column] for column in frame
        }


def test_absent_pupil_is_not_a_zero_and_a_zero_is_not_absent(district: District) -> None:
    scores = scores_by_row(district)
    assert scores["sat"].value_counts().to_dict() == {"present": 4, "absent": 1, "voided": 1, "exempt": 1}
    assert scores.loc[scores["sat"] != "present", "score"].isna().all()
    assert scores.loc[scores["paper"] == "3-mathematics", "score"].dropna().tolist() == [0.0]


def test_blank_mark_is_no_row(district: District) -> None:
    scores = scores_by_row(district)
    assert len(scores[scores["paper"] == "3-mathematics"]) == 2


def test_wide_and_long_scores_give_the_same_table(district: District) -> None:
    wide = scores_by_row(district)
    del district.books["成绩.xlsx"]
    district.books["长表.xlsx"] = {
        "成绩": [
            ["学年", "试卷编号", "学籍号", "成绩", "考试状态"],
            [YEAR, "3-chinese", IDS[0], 88.5, ""],
            [YEAR, "3-mathematics", IDS[0], 0, "参考"],
            [YEAR, "3-chinese", IDS[1], 0, "缺考"],
            [YEAR, "3-mathematics", IDS[1], "", "作弊"],
            [YEAR, "3-chinese", IDS[2], "免考", ""],
            [YEAR, "3-mathematics", IDS[2], "", ""],
            [YEAR, "7-chinese", IDS[3], "120", ""],
            [YEAR, "7-chinese", IDS[4], 99, ""],
        ]
    }
    (district.folder / "成绩.xlsx").unlink()
    pd.testing.assert_frame_equal(scores_by_row(district), wide)


def test_long_scores_may_name_the_subject_instead_of_the_paper(district: District) -> None:
    district.books["成绩.xlsx"] = {
        "成绩": [["学籍号", "学科", "成绩"], [IDS[3], "语文", 120], [IDS[0], "数学", 61.5]],
    }
    district.books["成绩.xlsx"] = {"2024-2025学年": district.books["成绩.xlsx"]["成绩"]}
    scores = scores_by_row(district)
    assert dict(zip(scores["paper"], scores["score"], strict=True)) == {
        "3-mathematics": 61.5,
        "7-chinese": 120.0,
    }
    assert dict(zip(scores["paper"], scores["school_code"], strict=True)) == {
        "3-mathematics": PRIMARY,
        "7-chinese": THROUGH,
    }


def test_grade_of_marks_may_stand_in_the_name_of_the_sheet(district: District) -> None:
    for row in district.sheet("学生.xlsx")[2:]:
        row[5] = "八年级" if row[5] == "七年级" else row[5]
    scores = scores_by_row(district)
    assert scores["paper"].str[0].value_counts().to_dict() == {"3": 5, "7": 2}


def test_grade_of_marks_is_the_pupils_where_no_sheet_says_it(district: District) -> None:
    expected = scores_by_row(district)
    sheets = district.books["成绩.xlsx"]
    district.books["成绩.xlsx"] = {"甲": sheets["三年级"], "乙": sheets["七年级"]}
    pd.testing.assert_frame_equal(scores_by_row(district), expected)


def test_term_leads_to_the_right_one_of_two_papers(district: District) -> None:
    papers = district.sheet("试卷.xlsx")
    for row in papers:
        row.append("学期" if row[0] == "学年" else "上学期")
    papers.append([YEAR, "三年级", "语文", 120, "是", 0.6, "下学期"])
    sheet = district.sheet("成绩.xlsx", "三年级")
    for row in sheet:
        row.append("学期" if row[0] == "学年" else "第二学期")
    for row in sheet:
        del row[5]
    scores = scores_by_row(district)
    assert set(scores["paper"]) == {"3-chinese-second", "7-chinese-first"}


def test_codes_stored_as_numbers_are_text_without_a_point(district: District) -> None:
    for row in district.sheet("学生.xlsx")[2:]:
        row[4] = float(row[4])
        row[6] = 1
    pupils = district.read().tables["pupils", YEAR]
    assert set(pupils["school_code"]) == {PRIMARY, THROUGH}
    assert set(pupils["class"]) == {"1"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_of_either_encoding_is_the_same_table(district: District, encoding: str) -> None:
    expected = district.read().tables["pupils", YEAR]
    rows = district.books.pop("学生.xlsx")["名册"]
    (district.folder / "学生.xlsx").unlink()
    (district.folder / "学生.csv").write_bytes(csv_bytes(rows, encoding))
    pd.testing.assert_frame_equal(district.read().tables["pupils", YEAR], expected)


def test_parquet_is_the_same_table(district: District) -> None:
    expected = district.read().tables["schools", YEAR]
    header, *rows = district.books.pop("学校.xlsx")["学校"]
    (district.folder / "学校.xlsx").unlink()
    pd.DataFrame(rows, columns=header).to_parquet(district.folder / "学校.parquet")
    pd.testing.assert_frame_equal(district.read().tables["schools", YEAR], expected)


def test_order_of_files_and_rows_leaves_no_trace(district: District) -> None:
    before = district.read().tables
    header, *rows = district.sheet("学生.xlsx")[1:]
    district.books["学生.xlsx"] = {"甲": [header, *rows[3:]]}
    district.books["0.xlsx"] = {"乙": [header, *rows[2::-1]]}
    after = district.read().tables
    assert before.keys() == after.keys()
    for key, frame in before.items():
        pd.testing.assert_frame_equal(after[key], frame)


def test_year_may_stand_in_title_sheet_or_file_name(district: District) -> None:
    expected = district.read().tables["pupils", YEAR]
    rows = [row[1:] for row in district.sheet("学生.xlsx")]
    for file, sheet, title in (
        ("学生2024—2025学年.xlsx", "名册", "名册"),
        ("学生.xlsx", "2024-2025", "名册"),
        ("学生.xlsx", "名册", "示例区2024-2025学年学生名册"),
    ):
        for path in district.folder.glob("学生*"):
            path.unlink()
        district.books = {name: book for name, book in district.books.items() if not name.startswith("学生")}
        district.books[file] = {sheet: [[title, *rows[0][1:]], *rows[1:]]}
        pd.testing.assert_frame_equal(district.read().tables["pupils", YEAR], expected)


def test_titles_blank_rows_totals_and_remarks_are_no_records(district: District) -> None:
    expected = district.read().tables["scores", YEAR]
    rows = district.sheet("成绩.xlsx", "三年级")
    rows[0] = [" 学 年", "学校\n标识码", "学籍号＊", "姓名", "语文成绩", "数学（分）"]
    rows[0][5] = "数学"
    header = list(rows[0])
    rows[:] = [
        ["示例区期末成绩", "", "", "", "", ""],
        [""] * 6,
        *rows,
        header,
        [""] * 6,
        ["合计", "", "", "", 88.5, 0],
        ["备注：缺考须附说明", "", "", "", "", ""],
    ]
    pd.testing.assert_frame_equal(district.read().tables["scores", YEAR], expected)


def test_clean_english_headers_and_words_are_accepted(district: District) -> None:
    expected = district.read().tables["papers", YEAR]
    district.books["试卷.xlsx"] = {
        "papers": [
            ["year", "grade", "subject", "full_mark", "comparable", "pass_cut"],
            [YEAR, "3", "chinese", "100", "true", "0.6"],
            [YEAR, 3, "mathematics", 100, True, 0.6],
            [YEAR, 7.0, "Chinese", 150, 1, 0.6],
        ]
    }
    pd.testing.assert_frame_equal(district.read().tables["papers", YEAR], expected)


def test_column_that_a_district_does_not_have_is_absent(district: District) -> None:
    for row in district.sheet("学生.xlsx")[2:]:
        row[7] = ""
    pupils = district.read().tables["pupils", YEAR]
    assert "migrant" not in pupils.columns
    assert "sex" not in pupils.columns


def test_stage_follows_from_grade(district: District) -> None:
    pupils = district.read().tables["pupils", YEAR]
    assert set(zip(pupils["grade"], pupils["stage"], strict=True)) == {(3, "primary"), (7, "junior")}


def test_ten_thousand_yuan_become_yuan(district: District) -> None:
    assert district.read().tables["resources", YEAR]["equipment_yuan"].tolist() == [125000.0]


def test_fitness_keeps_zero_and_negative_and_reads_a_run_as_seconds(district: District) -> None:
    fitness = district.read().tables["fitness", YEAR].set_index("height_cm")
    assert fitness.loc[158.0, "pull_ups"] == 0
    assert fitness.loc[131.5, "sit_and_reach_cm"] == -3.5
    assert fitness.loc[158.0, "run_1000m_s"] == 245
    assert "grade" not in fitness.columns


def test_pupil_who_moved_may_stand_in_two_schools(district: District) -> None:
    header, *rows = district.sheet("学生.xlsx")[1:]
    moved = [*rows[0][:4], THROUGH, *rows[0][5:]]
    district.books["学生.xlsx"]["名册"] = [
        [*header, "学籍状态"],
        [*rows[0], "转出"],
        [*moved, "转入"],
        *[[*row, "在读"] for row in rows[1:]],
    ]
    pupils = district.read().tables["pupils", YEAR]
    assert pupils["pupil"].duplicated().sum() == 1


def test_nobody_graduates_from_two_schools_in_a_year(district: District) -> None:
    header, *rows = district.sheet("学生.xlsx")[1:]
    district.books["学生.xlsx"]["名册"] = [
        [*header, "学籍状态"],
        [*rows[0], "毕业"],
        [*rows[0][:4], THROUGH, *rows[0][5:], "毕业"],
    ]
    del district.books["成绩.xlsx"], district.books["体质健康.xlsx"]
    faults = {fault.key: fault.rows for fault in district.faults()}
    assert faults["two_schools"] == (2, 3)


def test_two_years_become_two_slices(district: District) -> None:
    for file in ("学校.xlsx", "试卷.xlsx"):
        rows = district.sheet(file)
        rows += [["2023-2024", *row[1:]] for row in rows[1:]]
    rows = district.sheet("学生.xlsx")
    rows += [["2023-2024", *row[1:]] for row in rows[2:]]
    years = {year for name, year in district.read().tables if name == "pupils"}
    assert years == {"2023-2024", YEAR}


def test_load_writes_what_it_read(district: District) -> None:
    district.write()
    loaded = load(district.settings, district.store)
    for (name, year), frame in loaded.tables.items():
        pd.testing.assert_frame_equal(district.store.read(name, year), frame)


def test_faulty_load_leaves_the_store_as_it_was(district: District) -> None:
    district.write()
    load(district.settings, district.store)
    before = {path: path.read_bytes() for path in district.settings.store.rglob("*") if path.is_file()}
    district.sheet("成绩.xlsx", "三年级")[1][4] = 101
    district.sheet("学校.xlsx")[1][3] = "改名小学"
    district.write()
    with pytest.raises(FaultyFiles):
        load(district.settings, district.store)
    assert {
        path: path.read_bytes() for path in district.settings.store.rglob("*") if path.is_file()
    } == before


def test_no_identity_reaches_the_store_or_a_message(district: District) -> None:
    district.identities = "real"
    district.write()
    loaded = load(district.settings, district.store)
    assert loaded.tables
    planted = [NAME, BIRTH, "T001", *IDS, *(one[1:] for one in IDS)]
    written = [path.read_bytes() for path in district.settings.output.rglob("*") if path.is_file()]
    uncompressed = [
        frame.to_csv().encode() for (_, year) in loaded.tables for frame in [loaded.tables[_, year]]
    ]
    for identity in planted:
        assert not any(identity.encode() in content for content in (*written, *uncompressed))
    for rows in (district.sheet("学生.xlsx")[2:], district.sheet("教师.xlsx")[1:]):
        for row in rows:
            row[4 if len(row) == 8 and str(row[1]).startswith("G") else 3] = "9999999999"
    district.sheet("成绩.xlsx", "七年级")[1][4] = "一百二"
    district.sheet("成绩.xlsx", "三年级")[1][2] = IDS[0][:-1] + ("1" if IDS[0][-1] != "1" else "2")
    text = "\n".join(fault.text(lang) for fault in district.faults() for lang in ("zh", "en"))
    assert len(text) > 100
    assert not [identity for identity in (*planted, "一百二") if identity in text]


def test_real_district_makes_its_key_once_and_keeps_it(district: District) -> None:
    district.identities = "real"
    first = district.read().tables["pupils", YEAR]["pupil"].tolist()
    key = district.root / "data" / "trial" / "identity.key"
    assert len(key.read_bytes()) == 32
    assert key.stat().st_mode & 0o777 == 0o600
    assert district.read().tables["pupils", YEAR]["pupil"].tolist() == first
    key.unlink()
    assert district.read().tables["pupils", YEAR]["pupil"].tolist() != first


def test_lost_key_is_an_error_once_there_is_a_store(district: District) -> None:
    district.identities = "real"
    district.write()
    load(district.settings, district.store)
    (district.root / "data" / "trial" / "identity.key").unlink()
    with pytest.raises(DataError) as caught:
        load(district.settings, district.store)
    assert caught.value.key == "identity_key_missing"


def test_damaged_key_is_an_error(district: District) -> None:
    district.identities = "real"
    district.write()
    (district.root / "data" / "trial" / "identity.key").write_bytes(b"short")
    with pytest.raises(DataError) as caught:
        load(district.settings, district.store)
    assert caught.value.key == "identity_key_damaged"


def test_own_codes_need_no_national_form(district: District) -> None:
    district.school_codes = "own"
    for rows in (
        district.sheet("学生.xlsx")[2:],
        *(sheet[1:] for sheet in district.books["成绩.xlsx"].values()),
    ):
        for row in rows:
            place = 1 if str(row[1]).startswith("G") else 2
            row[place] = "p-" + row[place][-3:]
    del district.books["体质健康.xlsx"]
    assert len(district.read().tables["pupils", YEAR]) == 5


def test_number_with_l_carries_no_check_digit(district: District) -> None:
    other = "L" + pupil_id(77)[1:-1] + ("1" if pupil_id(77)[-1] != "1" else "2")
    district.sheet("学生.xlsx").append([YEAR, other, NAME, BIRTH, PRIMARY, "三年级", "1班", "否"])
    assert len(district.read().tables["pupils", YEAR]) == 6


def test_hidden_files_and_lock_files_are_passed_over(district: District) -> None:
    district.write()
    (district.folder / "~$学生.xlsx").write_bytes(b"lock")
    (district.folder / "README.md").write_text("x", encoding="utf-8")
    assert district.read().warnings == ()


def test_files_may_be_one_workbook(district: District) -> None:
    sheets = {
        f"{Path(file).stem}{name}": rows
        for file, book in district.books.items()
        for name, rows in book.items()
    }
    expected = district.read().tables
    for path in district.folder.iterdir():
        path.unlink()
    district.books = {"全部.xlsx": sheets}
    found = district.read().tables
    assert found.keys() == expected.keys()
    for key, frame in expected.items():
        pd.testing.assert_frame_equal(found[key], frame)


def test_paper_without_a_term_is_that_of_a_mark_with_one_unless_a_paper_has_that_term(
    district: District,
) -> None:
    papers = district.sheet("试卷.xlsx")
    papers[0].append("学期")
    for row, term in zip(papers[1:], ("", "", "第二学期"), strict=True):
        row.append(term)
    papers.append([YEAR, "七年级", "语文", 150, "是", 0.6, ""])
    for sheet in ("三年级", "七年级"):
        for row in district.sheet("成绩.xlsx", sheet):
            row.append("学期" if row[0] == "学年" else "第二学期")
    scores = scores_by_row(district)
    assert set(scores["paper"]) == {"3-chinese", "3-mathematics", "7-chinese-second"}
