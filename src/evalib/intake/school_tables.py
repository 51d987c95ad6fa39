"""The tables about schools and the district: schools, teachers, resources, survey, district."""

from __future__ import annotations

from evalib.intake.table import (
    column,
    school_column,
    stage_column,
    table,
    year_column,
)

AREAS = ("urban", "town", "rural")
RESPONDENTS = ("pupil", "parent", "teacher", "head", "deputy", "public")

SCHOOLS = table(
    "schools",
    ("year", "school_code", "stage"),
    {
        "year": year_column(),
        "school_code": school_column(),
        "stage": stage_column(required=True),
        "name": column("text", "学校名称", "Name"),
        "kind": column("text", "办学类型", "Kind of school: 小学, 初中, 九年一贯制, …"),
        "area": column("word", "城乡类型", "Urban, town or rural", words=AREAS),
        "side": column("word", "东西片区", "East or west of the district", words=("east", "west")),
        "group_code": column("code", "教育集团代码", "Code of the education group"),
        "group": column("text", "教育集团", "Education group"),
        "group_role": column(
            "word", "集团角色", "Role in the group", words=("lead", "branch", "new", "ally")
        ),
        "pair_code": column("code", "结对代码", "Code of the east-west pair"),
        "opened": column("calendar_year", "建校年份", "Year of opening", low=1000, high=2999),
        "titles": column("text", "特色称号", "Recognised features"),
        "senior_pupils": column("whole", "高中部学生数", "Pupils of the senior stage", low=0),
    },
    needed=True,
    marks=("stage", "name", "kind"),
)

TEACHERS = table(
    "teachers",
    ("year", "teacher", "school_code"),
    {
        "year": year_column(),
        "teacher": column("teacher", "教师编号", "Teacher: in the store a keyed pseudonym", required=True),
        "school_code": school_column(),
        "stage": stage_column(required=False),
        "subject": column("word", "任教学科", "Subject taught"),
        "degree": column("word", "学历", "Highest degree"),
        "certified": column("flag", "持教师资格证", "Holds a teaching certificate"),
        "title": column("word", "职称", "Professional title or rung of the career ladder"),
        "tier": column("word", "骨干层级", "Rung of the district's ladder of leading teachers"),
        "county_backbone": column("flag", "区级以上骨干", "Backbone teacher of county level or above"),
        "exchanged": column("flag", "本年交流轮岗", "On exchange between schools this year"),
        "training_hours": column("number", "培训学时", "Hours of training this year", low=0),
        "experience_years": column("number", "教龄", "Years of teaching", low=0, high=70),
    },
    needed=False,
    marks=("teacher",),
)

RESOURCES = table(
    "resources",
    ("year", "school_code", "stage"),
    {
        "year": year_column(),
        "school_code": school_column(),
        "stage": stage_column(required=True),
        "scope": column(
            "word", "填报范围", "Of this section, or of the whole school", words=("section", "school")
        ),
        "teaching_area_m2": column("number", "教学及辅助用房面积", "Teaching area, m²", low=0),
        "indoor_sports_m2": column("number", "室内体育用房面积", "Indoor sports area, m²", low=0),
        "sports_area_m2": column("number", "体育运动场馆面积", "Sports area, m²", low=0),
        "equipment_yuan": column("number", "教学仪器设备值", "Value of teaching equipment, yuan", low=0),
        "multimedia_rooms": column("whole", "网络多媒体教室数", "Multimedia classrooms", low=0),
        "music_rooms": column("whole", "音乐专用教室数", "Music rooms", low=0),
        "music_area_m2": column("number", "音乐专用教室面积", "Area of the music rooms, m²", low=0),
        "art_rooms": column("whole", "美术专用教室数", "Art rooms", low=0),
        "art_area_m2": column("number", "美术专用教室面积", "Area of the art rooms, m²", low=0),
        "classes": column("whole", "班级数", "Classes", low=0),
        "largest_class": column("whole", "最大班额", "Pupils of the largest class", low=0),
        "resource_rooms": column("whole", "资源教室数", "Resource rooms", low=0),
        "counselling_rooms": column("whole", "心理辅导室数", "Counselling rooms", low=0),
    },
    needed=False,
)

SURVEY = table(
    "survey",
    ("year", "respondent", "item", "school_code", "stage"),
    {
        "year": year_column(),
        "respondent": column("word", "调查对象", "Who was asked", required=True, words=RESPONDENTS),
        "item": column("word", "调查项目", "What was asked", required=True),
        "school_code": school_column(required=False),
        "stage": stage_column(required=False),
        "design": column("word", "调查方式", "Everyone asked, or a sample", words=("census", "sample")),
        "eligible": column("whole", "应调查人数", "People who could be asked", low=0),
        "invited": column("whole", "发放问卷数", "People who were asked", low=0),
        "answered": column("whole", "有效问卷数", "People who answered", low=0),
        "weight": column("number", "权重", "Weight of the row among those of its respondents", low=0),
        "satisfied": column("whole", "满意人数", "People who are satisfied", low=0),
        "mean": column("number", "平均分", "Mean on the scale of the item"),
        "sd": column("number", "标准差", "Standard deviation between those who answered", low=0),
    },
    needed=False,
    marks=("respondent", "item"),
)

DISTRICT = table(
    "district",
    ("year", "fact"),
    {
        "year": year_column(),
        "fact": column("word", "指标", "What is told of the district as a whole", required=True),
        "value": column("number", "数值", "Its value"),
        "unit": column("word", "单位", "yuan, share, hours, count, level, or met (1 yes, 0 no)"),
        "source": column("text", "来源", "Where the figure comes from"),
    },
    needed=False,
    marks=("fact",),
)
