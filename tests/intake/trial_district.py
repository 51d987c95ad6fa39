"""A small district whose files a test may spoil."""

from __future__ import annotations

import shutil
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from evalib.errors import Fault, FaultyFiles
from evalib.intake.load import Loaded, read_tables
from evalib.settings import Settings, load_settings
from evalib.store import Store

PARAMS = Path(__file__).parents[2] / "params"
YEAR = "2024-2025"
NAME = "欧阳示例"
BIRTH = "20150931"


def pupil_id(number: int, letter: str = "G") -> str:
    """An invented 学籍号 of a region that does not exist, with its check character."""
    body = f"999999{BIRTH}{number:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return f"{letter}{body}{'10X98765432'[total % 11]}"


IDS = [pupil_id(number) for number in range(6)]
PRIMARY, THROUGH = "2150000001", "3450000002"

BOOKS: dict[str, dict[str, list[list[Any]]]] = {
    "学校.xlsx": {
        "学校": [
            ["学年", "学校标识码", "学段", "学校名称", "城乡类型"],
            [YEAR, PRIMARY, "小学", "示例一小", "城区"],
            [YEAR, THROUGH, "小学", "示例九年一贯制学校", "乡村"],
            [YEAR, THROUGH, "初中", "示例九年一贯制学校", "乡村"],
        ]
    },
    "学生.xlsx": {
        "名册": [
            ["示例区学生名册", "", "", "", "", "", "", ""],
            ["学年", "学籍号", "姓名", "出生日期", "学校标识码", "年级", "班级", "随迁子女"],
            [YEAR, IDS[0], NAME, BIRTH, PRIMARY, "三年级", "1班", "是"],
            [YEAR, IDS[1], NAME, BIRTH, PRIMARY, "三年级", "1班", "否"],
            [YEAR, IDS[2], NAME, BIRTH, PRIMARY, "三年级", "2班", "否"],
            [YEAR, IDS[3], NAME, BIRTH, THROUGH, "七年级", "1班", ""],
            [YEAR, IDS[4], NAME, BIRTH, THROUGH, "七年级", "1班", "否"],
        ]
    },
    "试卷.xlsx": {
        "试卷": [
            ["学年", "年级", "学科", "满分", "全区统一", "合格线"],
            [YEAR, "三年级", "语文", 100, "是", 0.6],
            [YEAR, "三年级", "数学", 100, "是", "60%"],
            [YEAR, "七年级", "语文", 150, "是", "60％"],
        ]
    },
    "成绩.xlsx": {
        "三年级": [
            ["学年", "学校标识码", "学籍号", "姓名", "语文", "数学"],
            [YEAR, PRIMARY, IDS[0], NAME, 88.5, 0],
            [YEAR, PRIMARY, IDS[1], NAME, "缺考", "作弊"],
            [YEAR, PRIMARY, IDS[2], NAME, "免考", ""],
        ],
        "七年级": [
            ["学年", "学校标识码", "学籍号", "姓名", "语文"],
            [YEAR, THROUGH, IDS[3], NAME, 120],
            [YEAR, THROUGH, IDS[4], NAME, "９９"],
        ],
    },
    "体质健康.xlsx": {
        "体质健康": [
            ["学年", "年级编号", "学籍号", "性别", "身高", "坐位体前屈", "引体向上", "1000米跑", "免测"],
            [YEAR, 13, IDS[0], "男", 131.5, -3.5, "", "", "否"],
            [YEAR, 21, IDS[3], "男", 158, 6, 0, "4'05\"", ""],
        ]
    },
    "教师.xlsx": {
        "教师": [
            ["学年", "教师编号", "教师姓名", "学校标识码", "学段", "任教学科", "持教师资格证", "培训学时"],
            [YEAR, "T001", NAME, PRIMARY, "小学", "语文", "是", 90],
            [YEAR, "T002", NAME, THROUGH, "初中", "数学", "是", 72.5],
        ]
    },
    "办学条件.xlsx": {
        "办学条件": [
            ["学年", "学校标识码", "学段", "教学仪器设备值（万元）", "班级数"],
            [YEAR, PRIMARY, "小学", 12.5, 2],
        ]
    },
}


@dataclass
class District:
    """Workbooks by file and sheet, to be changed, written and read."""

    root: Path
    books: dict[str, dict[str, list[list[Any]]]] = field(default_factory=lambda: deepcopy(BOOKS))
    identities: str = "invented"
    school_codes: str = "national"

    @property
    def folder(self) -> Path:
        return self.root / "data" / "trial"

    @property
    def settings(self) -> Settings:
        params = self.root / "params"
        if not params.exists():
            shutil.copytree(PARAMS, params)
        (params / "trial.yaml").write_text(
            "district: {zh: 试验区, en: Trial}\nfiles: data/trial\n"
            f"identities: {self.identities}\nschool_codes: {self.school_codes}\n",
            encoding="utf-8",
        )
        return load_settings(params / "trial.yaml")

    @property
    def store(self) -> Store:
        return Store(self.settings.store)

    def sheet(self, file: str, sheet: str | None = None) -> list[list[Any]]:
        sheets = self.books[file]
        return sheets[sheet or next(iter(sheets))]

    def write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for file, sheets in self.books.items():
            options = {"strings_to_formulas": False, "strings_to_numbers": False}
            with xlsxwriter.Workbook(self.folder / file, options) as book:
                for name, rows in sheets.items():
                    sheet = book.add_worksheet(name)
                    for number, row in enumerate(rows):
                        sheet.write_row(number, 0, row)

    def read(self) -> Loaded:
        self.write()
        return read_tables(self.settings)

    def faults(self) -> tuple[Fault, ...]:
        with pytest.raises(FaultyFiles) as caught:
            self.read()
        return caught.value.faults
