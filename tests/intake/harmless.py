"""Changes of a workbook that change nothing it says: another order, other words, other forms."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from typing import Any

from cut_sample import Book, Page
from mutations import PLANTED, Formula, as_typed, columns, kind, match

from evalib.intake.columns import plain
from evalib.intake.schemas import SCHEMAS

# Says whether the book is one that it can change.
Change = Callable[[random.Random, Book], bool]

WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
NUMBERS = ("number", "whole", "mark", "share")
SAID_OF_SEVERAL = ("code", "word", "grade", "text", "flag")


def numeric(cell: Any) -> bool:
    return isinstance(cell, float) and not isinstance(cell, bool)


def places(page: Page, *kinds: str) -> list[int]:
    return [place for place in range(len(page.header)) if kind(page, place) in kinds]


def any_page(rng: random.Random, book: Book, *tables: str) -> Page | None:
    found = [page for page in book.tables if page.records and (not tables or page.table in tables)]
    return rng.choice(found) if found else None


# another order


def rows_in_another_order(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        rng.shuffle(page.records)
    return True


def columns_in_another_order(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        order = rng.sample(range(len(page.header)), len(page.header))
        page.header = [page.header[place] for place in order]
        page.records = [[record[place] for place in order] for record in page.records]
        page.below = [row for row in page.below if not str(row[0]).startswith("合计")]
    return True


def sheets_in_another_order(rng: random.Random, book: Book) -> bool:
    rng.shuffle(book.pages)
    return len(book.pages) > 1


def sheet_in_two(rng: random.Random, book: Book) -> bool:
    page = any_page(rng, book)
    if page is None or len(page.records) < 2:
        return False
    cut = rng.randrange(1, len(page.records))
    rest = Page(f"{page.name} (2)", page.table, page.above, page.header, page.records[cut:])
    del page.records[cut:]
    book.pages.insert(rng.randrange(len(book.pages) + 1), rest)
    return True


def sheets_in_one(rng: random.Random, book: Book) -> bool:
    first, *rest = book.tables
    if not rest or any(page.header != first.header or page.table != first.table for page in rest):
        return False
    if first.table in ("scores", "schools"):
        title, tables = ("年级", book.tables) if first.table == "scores" else ("学年", book.tables)
        for page in tables:
            page.header = [*page.header, title]
            page.records = [[*record, page.name] for record in page.records]
    for page in rest:
        first.records += page.records
    book.pages = [first]
    first.name = "全部"
    return True


# other words


def other_headers(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        for place in range(len(page.header)):
            found = match(page, place)
            if found is not None and found.subject:
                page.header[place] = rng.choice(
                    [found.column, page.header[place] + rng.choice(["成绩", "得分"])]
                )
            elif found is not None:
                known = columns().params.tables[page.table].columns[found.column].headers
                page.header[place] = rng.choice([*known, found.column])
    return True


def dressed_headers(rng: random.Random, book: Book) -> bool:
    dress: list[Callable[[str], str]] = [
        lambda text: f" {text[0]} {text[1:]}　",
        lambda text: f"{text[:2]}\n{text[2:]}",
        lambda text: f"{text}＊",
        lambda text: f"*{text}",
        lambda text: text.translate(WIDE),
        lambda text: "\u00a0".join(text),
    ]
    for page in book.tables:
        page.header = [rng.choice(dress)(header) if header else header for header in page.header]
    return True


def other_words(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        for place in places(page, "word", "flag", "grade"):
            found = match(page, place)
            words = columns().words(page.table, found.column) if found else None
            for record in page.records:
                meant = (words or {}).get(plain(str(record[place])))
                same = [word for word, clean in (words or {}).items() if clean == meant]
                if record[place] != "":
                    record[place] = rng.choice(same)
    return True


def numbers_as_text(rng: random.Random, book: Book) -> bool:
    dress: list[Callable[[str], str]] = [
        str,
        lambda text: text.translate(WIDE),
        lambda text: f" {text}　",
        lambda text: f"+{text}" if text[0] != "-" else text,
        lambda text: text.replace("-", "−"),
        lambda text: f"{float(text):,}",
        lambda text: f"{float(text):,}".replace(",", "，"),
    ]
    for page in book.tables:
        for place in places(page, *NUMBERS):
            for record in page.records:
                if numeric(record[place]) and rng.random() < 0.7:
                    record[place] = rng.choice(dress)(as_typed(record[place]))
    return True


def years_of_opening_as_text(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        for place in places(page, "calendar_year"):
            for record in page.records:
                year = int(record[place])
                spelled = [str(year), f"{year}年", f"{year}年9月", f"{year}.0", datetime.date(year, 9, 1)]
                record[place] = rng.choice(spelled)
    return book.tables[0].table == "schools"


def codes_as_numbers(rng: random.Random, book: Book) -> bool:
    changed = False
    for page in book.tables:
        for place in places(page, "code", "grade"):
            for record in page.records:
                if isinstance(record[place], str) and record[place].isdecimal() and record[place][0] != "0":
                    record[place] = float(record[place])
                    changed = True
    return changed


def codes_in_wide_characters(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        for place in places(page, "code", "pupil", "teacher", "token"):
            for record in page.records:
                code = str(record[place])
                lower = [code.lower()] if kind(page, place) == "pupil" else []
                spelled = [code, code.translate(WIDE), f" {code}\u00a0", f"{code}\n", *lower]
                record[place] = rng.choice(spelled) if code else code
    return True


def dashes_for_blanks(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        for place in range(len(page.header)):
            for record in page.records:
                if record[place] == "" and kind(page, place):
                    record[place] = rng.choice(["-", "—", "——", "/", " ", "　", "N/A", "null", "－"])
    return True


def runs_in_another_notation(rng: random.Random, book: Book) -> bool:
    changed = False
    for page in book.tables:
        for place in places(page, "minutes"):
            for record in page.records:
                if record[place]:
                    minute, second = map(int, record[place].strip('"').split("'"))
                    record[place] = rng.choice(
                        [
                            f"{minute}′{second}″",
                            f"{minute}’{second:02d}”",
                            f"{minute}:{second:02d}",
                            f"{minute}：{second:02d}",
                            f"{minute}分{second}秒",
                            f"0:0{minute}:{second:02d}",
                            f"{minute}.{second:02d}",
                            float(f"{minute}.{second:02d}"),
                            float(60 * minute + second),
                            str(60 * minute + second),
                            datetime.time(0, minute, second),
                            datetime.time(minute, second),
                        ]
                    )
                    changed = True
    return changed


def money_in_another_unit(rng: random.Random, book: Book) -> bool:
    page = any_page(rng, book, "resources")
    if page is None:
        return False
    place = page.place("教学仪器设备值（元）")
    unit = rng.choice(["元", "万元"])
    if rng.random() < 0.5:
        page.header[place] = "教学仪器设备值"
        page.above.append(["单位：" + unit])
    else:
        page.header[place] = f"教学仪器设备值({unit})"
    for record in page.records:
        record[place] = record[place] / (10_000 if unit == "万元" else 1)
    return True


def facts_in_another_unit(rng: random.Random, book: Book) -> bool:
    page = any_page(rng, book, "district")
    if page is None:
        return False
    value, unit = page.place("数值"), page.place("单位")
    for record in page.records:
        if record[unit] == "元" and rng.random() < 0.5:
            record[value], record[unit] = record[value] / 10_000, "万元"
        elif record[unit] == "%":
            percent = as_typed(record[value])
            spelled = [(f"{percent}%", "%"), (f"{percent}％", "比例"), (record[value] / 100, "比例")]
            record[value], record[unit] = rng.choice(spelled)
    return True


# more rows and columns


def blank_rows(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        for _ in range(rng.randrange(1, 5)):
            blank = [""] * len(page.header) if rng.random() < 0.5 else [" "]
            page.records.insert(rng.randrange(len(page.records) + 1), blank)
        if rng.random() < 0.5:
            page.above.insert(0, [])
    return True


def insert_column(page: Page, place: int, header: str, cells: list[Any]) -> None:
    page.header.insert(place, header)
    for record, cell in zip(page.records, cells, strict=True):
        record.insert(place, cell)
    page.below = [[*row[:place], "", *row[place:]] if place else row for row in page.below]


def blank_columns(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        place = rng.randrange(1, len(page.header) + 1)
        insert_column(page, place, "", [""] * len(page.records))
    return True


def titles_above(rng: random.Random, book: Book) -> bool:
    lines = ["示例区教育局", "填报单位：示例区", "制表日期：2025年6月30日", "（盖章有效）", "", "内部资料"]
    for page in book.tables:
        page.above = [[line] for line in rng.sample(lines, rng.randrange(1, 5))] + page.above
    return True


def totals(rng: random.Random, book: Book) -> bool:
    words = ["合计", "总计", "小计", "平均", "平均分", "合　计", " 合 计 ", "总 计：", "Total"]
    for page in book.tables:
        for _ in range(rng.randrange(1, 4)):
            row: list[Any] = ["" for _ in page.header]
            for place in places(page, "number", "whole", "mark"):
                found = match(page, place)
                if found is None or found.column not in SCHEMAS[page.table].demanded:
                    numbers = [record[place] for record in page.records if numeric(record[place])]
                    row[place] = sum(numbers) if numbers else ""
            row[0] = rng.choice(words)
            if rng.random() < 0.5 and page.records:
                page.records.insert(rng.randrange(1, len(page.records) + 1), row)
            else:
                page.below.append(row)
    return True


def notes_below(rng: random.Random, book: Book) -> bool:
    notes = [f"填表人：{PLANTED}", f"备注：{PLANTED}转出", "注：缺考不计入", f"审核人：{PLANTED}", "说明：略"]
    for page in book.tables:
        page.below += [[], *([note] for note in rng.sample(notes, 2))]
    return True


def headers_again(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        for _ in range(rng.randrange(1, 3)):
            page.records.insert(rng.randrange(len(page.records) + 1), list(page.header))
    return True


def identities_in_their_columns(rng: random.Random, book: Book) -> bool:
    born: list[Any] = ["20150931", "2015-09-01", datetime.date(2015, 9, 1), 42248.0]
    planted: dict[str, list[Any]] = {
        "身份证号": ["11010519491231002X", 1.1e17],
        "家长姓名": [PLANTED],
        "出生年月": born,
        "联系电话": ["13800000000", 13800000000.0],
        "家庭住址": ["示例路1号", "=1+1", "<script>"],
    }
    for page in book.tables:
        header = rng.choice(list(planted))
        cells = [rng.choice(planted[header]) for _ in page.records]
        insert_column(page, rng.randrange(1, len(page.header) + 1), header, cells)
    return True


def columns_known_and_not_used(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        cells = [float(number) for number, _ in enumerate(page.records, 1)]
        insert_column(page, 0, "序号", list(cells))
        header = rng.choice(["备注", "总分", "排名", "年级排名", "合计"])
        insert_column(page, len(page.header), header, list(cells))
        if page.table == "scores":
            insert_column(
                page, len(page.header), rng.choice(["语文等级", "数学排名", "英语标准分"]), list(cells)
            )
        page.below = []
    return True


def unknown_column(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        cells = [rng.choice([PLANTED, "20150931", 7.0, "=A1", ""]) for _ in page.records]
        header = rng.choice([PLANTED, "座位", "11010519491231002X", "<script>alert(1)</script>", "x" * 5000])
        insert_column(page, rng.randrange(1, len(page.header) + 1), header, cells)
    return True


def year_in_a_column(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        if "学年" in page.header:
            return False
        first = int((page.name if page.name[:2] == "20" else book.stem[-9:])[:4])
        spelled = [
            f"{first}-{first + 1}",
            f"{first}—{first + 1}学年",
            f"{first}/{first + 1}",
            f"{first}学年度",
            f"{first} ~ {first + 1}",
        ]
        place = rng.randrange(1, len(page.header) + 1)
        insert_column(page, place, "学年", [rng.choice(spelled) for _ in page.records])
    return True


# other sheets and cells


def hidden_copy(rng: random.Random, book: Book) -> bool:
    page = any_page(rng, book)
    if page is None:
        return False
    records = [[cell + 1 if numeric(cell) else cell for cell in record] for record in page.records]
    book.pages.insert(0, Page("旧", page.table, page.above, page.header, records, hidden=True))
    return True


def sheet_that_is_passed_over(rng: random.Random, book: Book) -> bool:
    if any(page.name == "说明" for page in book.pages):
        return False
    name = rng.choice(["说明", "填表说明", "目录", "代码表", "数据字典"])
    book.pages.insert(rng.randrange(2), Page(name, "", [], [PLANTED, 3.0], [["11010519491231002X", 5.0]]))
    return True


def merged_titles(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        cut = rng.randrange(2, len(page.header) - 1)
        page.above.append(["基本信息", *[""] * (cut - 1), "数据", *[""] * (len(page.header) - cut - 1)])
        row = len(page.above) - 1
        page.merged = [((row, 0), (row, cut - 1))]
        if len(page.header) - cut > 1:
            page.merged.append(((row, cut), (row, len(page.header) - 1)))
    return True


def merged_values(rng: random.Random, book: Book) -> bool:
    changed = False
    for page in book.tables:
        for place in places(page, *SAID_OF_SEVERAL):
            start = 0
            while start < len(page.records):
                end = start
                value = page.records[start][place]
                while end + 1 < len(page.records) and page.records[end + 1][place] == value:
                    end += 1
                    page.records[end][place] = ""
                if end > start and value:
                    rows = page.sheet_row(start) - 1, page.sheet_row(end) - 1
                    page.merged.append(((rows[0], place), (rows[1], place)))
                    changed = True
                start = end + 1
    return changed


def formulas_with_results(rng: random.Random, book: Book) -> bool:
    for page in book.tables:
        for record in page.records:
            for place, cell in enumerate(record):
                if cell != "" and rng.random() < 0.3:
                    record[place] = Formula(rng.choice(["=A1", "=SUM(A1:B2)", "='x y'!A1&\"<\""]), cell)
    return True


# other files


def as_form(form: str) -> Change:
    def change(rng: random.Random, book: Book) -> bool:
        book.form = form
        return True

    change.__name__ = f"as_{form.replace('-', '_')}"
    return change


def elsewhere(rng: random.Random, book: Book) -> bool:
    book.file = rng.choice(["各校/", "一/二/三/", "../../".replace(".", "。"), "<script>/", " /"]) + book.file
    if rng.random() < 0.5:
        book.file = book.file.replace(".xlsx", rng.choice([".XLSX", ".Xlsx", ".xlsm"]))
    return True


HARMLESS: tuple[Change, ...] = (
    rows_in_another_order,
    columns_in_another_order,
    sheets_in_another_order,
    sheet_in_two,
    sheets_in_one,
    other_headers,
    dressed_headers,
    other_words,
    numbers_as_text,
    years_of_opening_as_text,
    codes_as_numbers,
    codes_in_wide_characters,
    dashes_for_blanks,
    runs_in_another_notation,
    money_in_another_unit,
    facts_in_another_unit,
    blank_rows,
    blank_columns,
    titles_above,
    totals,
    notes_below,
    headers_again,
    identities_in_their_columns,
    columns_known_and_not_used,
    unknown_column,
    year_in_a_column,
    hidden_copy,
    sheet_that_is_passed_over,
    merged_titles,
    merged_values,
    formulas_with_results,
    *map(as_form, ("utf-8", "utf-8-sig", "gb18030", "ods", "parquet", "stored", "coloured")),
    elsewhere,
)
