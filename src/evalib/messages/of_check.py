"""Texts of `evalib check`: its list on the terminal, its annotated copies, and what differs between years."""

TEXTS: dict[str, tuple[str, str]] = {
    # on the terminal
    "checked_summary": (
        "共 {errors} 处错误、{warnings} 处提醒，涉及 {files} 个文件。有错误时不能载入；提醒不影响载入。",
        "{errors} faults and {warnings} warnings in {files} files. A load needs all faults mended; warnings "
        "do not stop it.",
    ),
    "checked_clean": (
        "没有错误（提醒 {warnings} 处）。可以运行：evalib load {params}",
        "No faults ({warnings} warnings). Go on with: evalib load {params}",
    ),
    "tables_absent": (
        "{year} 学年没有交：{names}。由它们算出的指标为“无数据”或“未报告”，不当作 0，也不当作达到。",
        "Not handed in for {year}: {names}. What is computed from them has no data or is not reported; it "
        "is neither 0 nor met.",
    ),
    "tables_kept": (
        "{year} 学年的文件中没有：{names}。以前载入过，沿用以前的数据；载入只替换文件带来的表，不删除其他。",
        "Not among the files for {year}: {names}. They were loaded before and stay: a load replaces the "
        "tables that the files bring, and deletes none.",
    ),
    "copies_written": (
        "批注副本在 {path}：在副本中改正标色的单元格，再替换原文件。"
        "副本含学生个人信息，请勿外传，用完即可删除该文件夹。",
        "Annotated copies are in {path}: mend the coloured cells there and put the copies in place of "
        "the files. They hold pupils' data: do not pass them on, and delete the folder when done.",
    ),
    "copies_left": (
        "{path} 中还有以前的批注副本，含学生个人信息。不再需要时请删除该文件夹。",
        "{path} still holds annotated copies of an earlier check, with pupils' data. Delete the folder when "
        "it is no longer needed.",
    ),
    "copies_not_written": (
        "批注副本无法写入 {path}（{cause}）。请用 --annotate 给出可以写入的文件夹，或用 --no-annotate。",
        "The annotated copies cannot be written to {path} ({cause}). Give --annotate a folder that can be "
        "written, or use --no-annotate.",
    ),
    "copies_no_files": (
        "这是批注副本的文件夹，不从中读取数据。请把改好的副本替换原文件后再运行。",
        "this is a folder of annotated copies, which is never read. Put the mended copies in place of the "
        "files and run again.",
    ),
    "annotate_or_not": (
        "--annotate 与 --no-annotate 不能同时使用。",
        "--annotate and --no-annotate exclude each other.",
    ),
    "copies_elsewhere": (
        "批注副本不能放在 {path}。请用 --annotate 给出一个新的或空的文件夹，"
        "不在 output/ 之内，也不含原始文件。",
        "Annotated copies cannot lie in {path}. Give --annotate a new or empty folder that is not below "
        "output/ and does not hold the files.",
    ),
    # in the annotated copy
    "check_sheet": ("检查结果", "Check results"),
    "check_counts": (
        "{errors} 类错误，{warnings} 类提醒",
        "{errors} kinds of faults, {warnings} of warnings",
    ),
    "check_how": (
        "点击“单元格”跳到问题处；改正标色的单元格后保存，用本文件替换原文件。本页无需删除，载入时不读取。",
        "Click a cell to go there; mend the coloured cells, save, and put this file in place of the old one. "
        "This sheet may stay: it is not read.",
    ),
    "check_list_only": (
        "原文件过大，此处只列问题，不含数据。请在原文件中改正。",
        "The file is too large to copy: faults are listed alone, without its data. Mend them in the file "
        "itself.",
    ),
    "check_private": (
        "本文件含学生个人信息，请勿外传，用完即可删除。",
        "This file holds pupils' data: do not pass it on, and delete it when done.",
    ),
    "check_heads": (
        "类别|工作表|单元格|列|问题与改法",
        "Kind|Sheet|Cell|Column|What is wrong and what to do",
    ),
    "check_error": ("错误", "error"),
    "check_warning": ("提醒", "warning"),
    "check_more": ("另有 {count} 处未列出。", "{count} more are not listed."),
    "check_notes_end": (
        "批注只加在前 {count} 个单元格，其余只标色。",
        "Only the first {count} cells have a note; the others are coloured.",
    ),
    # handed in twice
    "file_twice": (
        "与“{other}”是同一份数据，重复提交，未读取。请只保留一个文件。",
        "duplicate of “{other}”; it was not read. Keep one of the two files.",
    ),
    "sheet_twice": (
        "与“{other}”的工作表“{other_sheet}”是同一批数据（{rows} 行），重复提交，未读取。请只保留一份。",
        "duplicate of sheet “{other_sheet}” of “{other}” ({rows} rows); it was not read. "
        "Keep one of the two.",
    ),
    # between years
    "schools_gone": (
        "{year} 学年的学校表中没有 {before} 学年的 {count} 个{stage}学段部：{names}。若漏交，请补交。",
        "{count} sections ({stage}) of {before} are not among the schools of {year}: {names}. Hand them in "
        "if they were left out.",
    ),
    "mean_shifted": (
        "{year} 学年{grade}{subject}全区平均得分率为 {now}，{before} 学年为 {then}。请核对满分与成绩。",
        "{year}, {grade} {subject}: the district's mean is {now} of the full mark, in {before} it was "
        "{then}. Check full mark and scores.",
    ),
    "pupils_unmatched": (
        "{before} 学年在籍、应升级的{stage}学生中，{share} 在 {year} 学年的学生表中找不到。"
        "请核对学籍号与学生表是否完整。",
        "{share} of the pupils ({stage}) of {before} who were due a grade higher are not among the pupils of "
        "{year}. Check pupil numbers, and that the roll is whole.",
    ),
    "rows_without_pupil": (
        "{year} 学年有 {count} 行体质、素质、成果或活动记录的学生不在学生表中（{stage}），不参与计算。",
        "{year}: {count} rows of fitness, competence, achievements or activities are of pupils that the roll "
        "does not have ({stage}); they count nowhere.",
    ),
}
