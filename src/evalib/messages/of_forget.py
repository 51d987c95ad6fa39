"""Texts of `evalib forget`."""

TEXTS: dict[str, tuple[str, str]] = {
    "forget_which": (
        "请用 --year 写明学年（可重复），或用 --all-years 删除全部学年，二者取一。",
        "Give the school years with --year, several times if need be, or all of them with --all-years.",
    ),
    "forget_slice": ("  {names} {year}：{rows} 行", "  {names} {year}: {rows} rows"),
    "forget_these": (
        "将从 {path} 永久删除以下学生与教师个人数据；已算出的指标与已生成的报告保留：",
        "These rows about pupils and teachers will be deleted for good from {path}; what was measured from "
        "them and the reports stay:",
    ),
    "forget_unmeasured": (
        "注意：{years} 学年还没有算过指标，删除后不留任何结果。需要时先运行 evalib run {params} --year …",
        "Note: nothing was ever measured of {years}; nothing of them will be left. If you need it, run "
        "evalib run {params} --year … first.",
    ),
    "forget_confirm": ("确定删除？", "Delete them?"),
    "forget_not_done": ("未删除任何数据。", "Nothing was deleted."),
    "forget_nothing": (
        "{years} 学年没有学生与教师个人数据，无需删除。",
        "There are no rows about pupils and teachers of {years}.",
    ),
    "forgotten": (
        "已删除 {years} 学年的学生与教师个人数据，共 {rows} 行。",
        "Deleted {rows} rows about pupils and teachers of {years}.",
    ),
    "forget_stands": (
        "{years} 学年的指标与报告保持原样，不再重算。",
        "Figures and reports of {years} stand as they are and are not computed again.",
    ),
    "forget_files": (
        "原始文件仍在 {path}：其中若有这些学年的文件，请移走或删除，否则下次 evalib load 或 evalib run "
        "会重新载入。",
        "The files as received are still in {path}: take those of these years away, or the next "
        "evalib load or evalib run brings them back.",
    ),
    "forget_copies": (
        "批注副本仍在 {path}，含学生个人信息。请删除该文件夹。",
        "Annotated copies are still in {path} and hold pupils' data. Delete that folder.",
    ),
}
