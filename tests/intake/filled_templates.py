"""Empty workbooks filled in as staff would, and what must be read from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

YEAR = "2025-2026"
SCHOOL, THROUGH = "2150000001", "3450000002"
PUPILS = [f"L99999999000000000{number}" for number in range(1, 4)]

Rows = Sequence[Mapping[str, Any]]
# By workbook and sheet: rows by header, as a spreadsheet holds them.
FILLED: dict[str, dict[str, Rows]] = {
    "学校": {
        "学校": [
            {
                **{"学校标识码": SCHOOL, "学段": "小学", "学校名称": "=示例第一小学", "办学类型": "小学"},
                **{"城乡类型": "城区", "东西片区": "东部", "教育集团代码": "J01", "教育集团": "示例教育集团"},
                **{"集团角色": "领办校", "结对代码": "D01", "建校年份": 1998, "特色称号": "科技特色学校"},
                "高中部学生数": 0,
            },
            {"学校标识码": THROUGH, "学段": "小学", "学校名称": "示例学校"},
            {"学校标识码": THROUGH, "学段": "初中", "学校名称": "示例学校", "城乡类型": "乡村"},
        ]
    },
    "学生": {
        "学生": [
            {
                **{
                    "学籍号": PUPILS[0],
                    "学校标识码": SCHOOL,
                    "学段": "小学",
                    "年级": "三年级",
                    "班级": "1班",
                },
                **{"性别": "男", "随迁子女": "是", "留守儿童": "否", "特殊需要": "否", "免费午餐": "否"},
                **{"社会经济地位": 0.3, "学籍状态": "在读"},
            },
            {"学籍号": PUPILS[1], "学校标识码": SCHOOL, "年级": "三年级", "班级": "01", "性别": "女"},
            {"学籍号": PUPILS[2], "学校标识码": THROUGH, "年级": "七年级"},
        ]
    },
    "试卷": {
        "试卷": [
            {
                **{"试卷编号": "3-语文", "学期": "第二学期", "年级": "三年级", "学科": "语文", "满分": 100},
                **{"全区统一": "是", "优秀线": 0.85, "合格线": 0.6, "低分线": 0.4},
            },
            {"年级": "三年级", "学科": "数学", "满分": 100, "全区统一": "否"},
            {"学期": "第一学期", "年级": "七年级", "学科": "生物"},
        ]
    },
    "成绩": {
        "三年级": [
            {"学校标识码": SCHOOL, "学籍号": PUPILS[0], "学期": "第二学期", "语文": 87.5, "数学": 0},
            {"学籍号": PUPILS[1], "语文": "缺考", "数学": "免考"},
        ],
        "七年级": [{"学籍号": PUPILS[2], "学期": "第一学期", "生物": "作弊"}],
    },
    "体质健康": {
        "体质健康": [
            {
                **{"年级编号": 13, "班级编号": "1", "班级名称": "1班", "学籍号": PUPILS[0], "性别": "男"},
                **{"民族代码": 1, "姓名": "欧阳示例", "出生日期": "20170101", "家庭住址": "示例路"},
                **{"身高": 131.5, "体重": 28.4, "肺活量": 1650, "50米跑": 9.8, "坐位体前屈": -3.5},
                **{"一分钟跳绳": 105, "一分钟仰卧起坐": 32, "免测": "否"},
            },
            {
                **{"年级编号": 21, "学籍号": PUPILS[2], "50米×8往返跑": "1'48\"", "立定跳远": 175},
                **{"800米跑": "3.45", "1000米跑": "4:05", "引体向上": 0, "免测": "是"},
            },
        ]
    },
    "综合素质": {
        "综合素质": [
            {
                **{"学籍号": PUPILS[0], "品德等级": "A", "品德时数": 20, "品德写实记录数": 6},
                **{"学业等级": "B", "健康等级": "C", "健康时数": 0, "艺术写实记录数": 3, "劳动等级": "D"},
            }
        ]
    },
    "成果": {
        "成果": [
            {
                **{"成果编号": "2026-001", "学籍号": PUPILS[0], "学校标识码": SCHOOL, "学段": "小学"},
                **{"领域": "科技", "获奖级别": "区级", "获奖等次": "一等奖", "团队人数": 1},
                "在白名单内": "是",
            },
            {"成果编号": "2026-002", "学校标识码": THROUGH, "学段": "初中", "获奖级别": "市级"},
        ]
    },
    "社团": {"社团": [{"学籍号": PUPILS[0], "社团编号": "S012", "领域": "艺术", "活动时数": 32}]},
    "教师": {
        "教师": [
            {
                **{"教师编号": "007", "学校标识码": SCHOOL, "学段": "小学", "任教学科": "语文"},
                **{"学历": "本科", "持教师资格证": "是", "职称": "一级教师", "骨干层级": "无"},
                **{"区级以上骨干": "否", "本年交流轮岗": "否", "培训学时": 72, "教龄": 12},
            }
        ]
    },
    "办学条件": {
        "办学条件": [
            {
                **{"学校标识码": SCHOOL, "学段": "小学", "填报范围": "学段部", "教学及辅助用房面积": 5200},
                **{"室内体育用房面积": 800, "体育运动场馆面积": 9000, "教学仪器设备值（元）": 3500000},
                **{"网络多媒体教室数": 30, "音乐专用教室数": 2, "音乐专用教室面积": 192},
                **{"美术专用教室数": 2, "美术专用教室面积": 180, "班级数": 24, "最大班额": 45},
                **{"资源教室数": 1, "心理辅导室数": 0},
            }
        ]
    },
    "问卷": {
        "问卷": [
            {
                **{"调查对象": "家长", "调查项目": "满意度", "学校标识码": SCHOOL, "学段": "小学"},
                **{"调查方式": "抽样", "应调查人数": 800, "发放问卷数": 400, "有效问卷数": 352},
                **{"权重": 1, "满意人数": 320, "平均分": 4.2, "标准差": 0.6},
            },
            {"调查对象": "公众", "调查项目": "满意度", "有效问卷数": 90, "满意人数": 81},
        ]
    },
    "区级数据": {
        "区级数据": [
            {"指标": "教师持证上岗率", "数值": 99.2, "单位": "%", "来源": "区教育统计年报"},
            {"指标": "维修改造资金", "数值": 120, "单位": "万元"},
        ]
    },
}

# By table and column: what each row holds then, in the store's order; None where nothing is told.
READ: dict[str, dict[str, list[Any]]] = {
    "schools": {
        "school_code": [SCHOOL, THROUGH, THROUGH],
        "stage": ["primary", "junior", "primary"],
        "name": ["=示例第一小学", "示例学校", "示例学校"],
        "kind": ["小学", None, None],
        "area": ["urban", "rural", None],
        "side": ["east", None, None],
        "group_code": ["J01", None, None],
        "group": ["示例教育集团", None, None],
        "group_role": ["lead", None, None],
        "pair_code": ["D01", None, None],
        "opened": [1998, None, None],
        "titles": ["科技特色学校", None, None],
        "senior_pupils": [0, None, None],
    },
    "pupils": {
        "pupil": [0, 1, 2],
        "school_code": [SCHOOL, SCHOOL, THROUGH],
        "stage": ["primary", "primary", "junior"],
        "grade": [3, 3, 7],
        "class": ["1班", "01", None],
        "sex": ["male", "female", None],
        "migrant": [True, None, None],
        "left_behind": [False, None, None],
        "special_needs": [False, None, None],
        "free_lunch": [False, None, None],
        "ses": [0.3, None, None],
        "status": ["enrolled", None, None],
    },
    "papers": {
        "paper": ["3-mathematics", "3-语文", "7-biology-first"],
        "term": [None, "second", "first"],
        "grade": [3, 3, 7],
        "subject": ["mathematics", "chinese", "biology"],
        "full_mark": [100, 100, None],
        "comparable": [False, True, None],
        "excellent_cut": [None, 0.85, None],
        "pass_cut": [None, 0.6, None],
        "low_cut": [None, 0.4, None],
    },
    "scores": {
        "paper": ["3-mathematics", "3-mathematics", "3-语文", "3-语文", "7-biology-first"],
        "pupil": [0, 1, 0, 1, 2],
        "school_code": [SCHOOL, SCHOOL, SCHOOL, SCHOOL, THROUGH],
        "score": [0, None, 87.5, None, None],
        "sat": ["present", "exempt", "present", "absent", "voided"],
    },
    "fitness": {
        "pupil": [0, 2],
        "height_cm": [131.5, None],
        "weight_kg": [28.4, None],
        "lung_capacity_ml": [1650, None],
        "run_50m_s": [9.8, None],
        "sit_and_reach_cm": [-3.5, None],
        "rope_jumps": [105, None],
        "sit_ups": [32, None],
        "shuttle_run_s": [None, 108],
        "standing_jump_cm": [None, 175],
        "pull_ups": [None, 0],
        "run_800m_s": [None, 225],
        "run_1000m_s": [None, 245],
        "exempt": [False, True],
    },
    "competence": {
        "pupil": [0, 0, 0, 0, 0],
        "area": ["academic", "arts", "health", "labour", "moral"],
        "level": ["B", None, "C", "D", "A"],
        "hours": [None, None, 0, None, 20],
        "evidence": [None, 3, None, None, 6],
    },
    "achievements": {
        "pupil": [0, None],
        "school_code": [SCHOOL, THROUGH],
        "stage": ["primary", "junior"],
        "field": ["science", None],
        "level": ["district", "city"],
        "place": ["1", None],
        "team_size": [1, None],
        "listed": [True, None],
    },
    "activities": {"pupil": [0], "field": ["arts"], "hours": [32]},
    "teachers": {
        "school_code": [SCHOOL],
        "stage": ["primary"],
        "subject": ["chinese"],
        "degree": ["本科"],
        "certified": [True],
        "title": ["一级教师"],
        "tier": ["无"],
        "county_backbone": [False],
        "exchanged": [False],
        "training_hours": [72],
        "experience_years": [12],
    },
    "resources": {
        "school_code": [SCHOOL],
        "stage": ["primary"],
        "scope": ["section"],
        "teaching_area_m2": [5200],
        "indoor_sports_m2": [800],
        "sports_area_m2": [9000],
        "equipment_yuan": [3500000],
        "multimedia_rooms": [30],
        "music_rooms": [2],
        "music_area_m2": [192],
        "art_rooms": [2],
        "art_area_m2": [180],
        "classes": [24],
        "largest_class": [45],
        "resource_rooms": [1],
        "counselling_rooms": [0],
    },
    "survey": {
        "respondent": ["parent", "public"],
        "item": ["satisfaction", "satisfaction"],
        "school_code": [SCHOOL, None],
        "stage": ["primary", None],
        "design": ["sample", None],
        "eligible": [800, None],
        "invited": [400, None],
        "answered": [352, 90],
        "weight": [1, None],
        "satisfied": [320, 81],
        "mean": [4.2, None],
        "sd": [0.6, None],
    },
    "district": {
        "fact": ["certified_share", "repair_fund_yuan"],
        "value": [0.992, 1_200_000],
        "unit": ["share", "yuan"],
        "source": ["区教育统计年报", None],
    },
}


def fill(paths: Sequence[Path], year: str = "", codes: Mapping[str, str] | None = None) -> None:
    """Put the rows into the workbooks, below the headers.

    Parameters
    ----------
    year
        As the workbooks were made: without one the column 学年 is filled in.
    codes
        Codes of schools and pupils that stand in place of the national ones.
    """
    for path in paths:
        book = openpyxl.load_workbook(path)
        for name, rows in FILLED[path.stem.removesuffix(f"-{year}") if year else path.stem].items():
            sheet = book[f"{name}{year}"]
            places = {str(cell.value).removesuffix("*"): cell.column for cell in sheet[1] if cell.value}
            for number, row in enumerate(rows, 2):
                for header, value in row.items():
                    cell = sheet.cell(number, places[header])
                    cell.value = (codes or {}).get(value, value) if isinstance(value, str) else value
                    if isinstance(value, str):
                        cell.data_type = "s"
                if not year:
                    sheet.cell(number, places["学年"]).value = YEAR
        book.save(path)
