"""The tables about pupils: the roll, marks, fitness, competence, achievements and activities."""

from __future__ import annotations

from evalib.intake.table import (
    AREAS_OF_COMPETENCE,
    TOLD_OF_COMPETENCE,
    column,
    grade_column,
    pupil_column,
    school_column,
    stage_column,
    table,
    year_column,
)

SEXES = ("male", "female")
SAT = ("present", "absent", "exempt", "voided")
STATUSES = (
    "enrolled",
    "transferred_in",
    "transferred_out",
    "graduated",
    "left",
    "suspended",
    "repeating",
    "died",
)
FIELDS = ("moral", "science", "sports", "arts", "labour", "mind")
AWARD_LEVELS = ("nation", "province", "city", "district", "town", "school")
PLACES = ("1", "2", "3", "merit")

PUPILS = table(
    "pupils",
    ("year", "pupil", "school_code"),
    {
        "year": year_column(),
        "pupil": pupil_column(),
        "school_code": school_column(),
        "stage": stage_column(required=True),
        "grade": grade_column(),
        "class": column("code", "班级", "Class: a name that is unique within school and grade"),
        "sex": column("word", "性别", "Sex", words=SEXES),
        "migrant": column("flag", "随迁子女", "Child of migrant workers"),
        "left_behind": column("flag", "留守儿童", "Left-behind child"),
        "special_needs": column("flag", "特殊需要", "Special educational needs"),
        "free_lunch": column("flag", "免费午餐", "Receives free or reduced-price lunch"),
        "ses": column("number", "社会经济地位", "Socio-economic status, any scale, higher is better off"),
        "status": column("word", "学籍状态", "Status on the roll this year", words=STATUSES),
    },
    needed=True,
    derived=("stage",),
    marks=("grade", "class"),
)

PAPERS = table(
    "papers",
    ("year", "paper"),
    {
        "year": year_column(),
        "paper": column("code", "试卷编号", "Paper", required=True),
        "term": column("word", "学期", "Term", words=("first", "second")),
        "grade": grade_column(),
        "subject": column("word", "学科", "Subject", required=True),
        "full_mark": column("number", "满分", "Full mark; missing for scale scores", low=1),
        "comparable": column("flag", "全区统一", "One paper for the whole district"),
        "excellent_cut": column(
            "share", "优秀线", "Excellent from this share of the full mark", low=0, high=1
        ),
        "pass_cut": column("share", "合格线", "Passed from this share of the full mark", low=0, high=1),
        "low_cut": column("share", "低分线", "Low below this share of the full mark", low=0, high=1),
    },
    needed=True,
    derived=("paper",),
    marks=("subject",),
)

SCORES = table(
    "scores",
    ("year", "paper", "pupil"),
    {
        "year": year_column(),
        "paper": column("code", "试卷编号", "Paper", required=True),
        "pupil": pupil_column(),
        "school_code": school_column(),
        "score": column("number", "成绩", "Mark reached; missing unless the pupil sat", low=0),
        "sat": column("word", "考试状态", "Present, absent, exempt or voided", required=True, words=SAT),
    },
    needed=True,
    context=("term", "grade", "subject", "class"),
    derived=("paper", "school_code", "sat"),
    marks=("score", "sat"),
)

FITNESS = table(
    "fitness",
    ("year", "pupil"),
    {
        "year": year_column(),
        "pupil": pupil_column(),
        "height_cm": column("number", "身高", "Height, cm", low=80, high=230),
        "weight_kg": column("number", "体重", "Weight, kg", low=10, high=200),
        "lung_capacity_ml": column("number", "肺活量", "Lung capacity, ml", low=100, high=9999),
        "run_50m_s": column("number", "50米跑", "50 m, seconds", low=5, high=30),
        "sit_and_reach_cm": column(
            "number", "坐位体前屈", "Sit-and-reach, cm, may be negative", low=-40, high=50
        ),
        "rope_jumps": column("number", "一分钟跳绳", "Rope jumps a minute", low=0, high=400),
        "sit_ups": column("number", "一分钟仰卧起坐", "Sit-ups a minute", low=0, high=120),
        "shuttle_run_s": column("minutes", "50米×8往返跑", "50 m × 8, seconds", low=60, high=599),
        "standing_jump_cm": column("number", "立定跳远", "Standing long jump, cm", low=20, high=400),
        "pull_ups": column("number", "引体向上", "Pull-ups", low=0, high=99),
        "run_800m_s": column("minutes", "800米跑", "800 m, seconds", low=100, high=999),
        "run_1000m_s": column("minutes", "1000米跑", "1000 m, seconds", low=120, high=999),
        "exempt": column("flag", "免测", "Exempt from the test"),
    },
    needed=False,
    context=("school_code", "grade", "class", "sex"),
)

COMPETENCE = table(
    "competence",
    ("year", "pupil", "area"),
    {
        "year": year_column(),
        "pupil": pupil_column(),
        "area": column("word", "评价方面", "Area judged", required=True, words=AREAS_OF_COMPETENCE),
        "level": column("word", "等级", "Level, A the best", words=("A", "B", "C", "D")),
        "hours": column("number", "时数", "Hours of practice this year", low=0),
        "evidence": column("whole", "写实记录数", "Recorded pieces of evidence this year", low=0),
    },
    needed=False,
    context=(
        "school_code",
        "grade",
        "class",
        "sex",
        *(f"{area}_{told}" for area in AREAS_OF_COMPETENCE for told in TOLD_OF_COMPETENCE),
    ),
    derived=("area",),
    marks=(
        *TOLD_OF_COMPETENCE,
        *(f"{area}_{told}" for area in AREAS_OF_COMPETENCE for told in TOLD_OF_COMPETENCE),
    ),
)

ACHIEVEMENTS = table(
    "achievements",
    ("year", "work", "pupil", "school_code", "stage", "level"),
    {
        "year": year_column(),
        "work": column(
            "token", "成果编号", "Work: one row a member and level reached; a keyed pseudonym", required=True
        ),
        "pupil": pupil_column(required=False),
        "school_code": school_column(required=False),
        "stage": stage_column(required=False),
        "field": column("word", "领域", "Field", words=FIELDS),
        "level": column("word", "获奖级别", "Level of the award", required=True, words=AWARD_LEVELS),
        "place": column("word", "获奖等次", "First to third place, or merit", words=PLACES),
        "team_size": column("whole", "团队人数", "Members of the team; 1 for a single pupil", low=1),
        "listed": column("flag", "在白名单内", "Whether the event is on the ministry's list"),
    },
    needed=False,
    context=("grade", "class"),
    marks=("level", "place"),
)

ACTIVITIES = table(
    "activities",
    ("year", "pupil", "activity"),
    {
        "year": year_column(),
        "pupil": pupil_column(),
        "activity": column("token", "社团编号", "Activity: a keyed pseudonym", required=True),
        "field": column("word", "领域", "Field", words=FIELDS),
        "hours": column("number", "活动时数", "Hours this year", low=0),
    },
    needed=False,
    context=("school_code", "grade", "class"),
    marks=("activity",),
)
