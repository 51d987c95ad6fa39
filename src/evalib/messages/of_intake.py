"""Texts about the files a district hands in."""

TEXTS: dict[str, tuple[str, str]] = {
    # intake
    "no_files": (
        "文件夹不存在，或其中没有可读的数据文件。请核对参数文件中的 files，"
        "或放入 {suffixes} 文件后重新运行。",
        "the folder is not there, or holds no files with tables. Check `files` in the params file, or put in "
        "{suffixes} files and run again.",
    ),
    "missing_table": (
        "缺少一张必交的表，表名可为：{names}。请补交该文件；若已有，请核对其表头（params/columns.yaml）。",
        "a table that is needed is missing; it goes by: {names}. Hand it in; if it is there, compare its "
        "headers with params/columns.yaml.",
    ),
    "table_without_rows": (
        "“{names}”表只有表头，没有填写任何一行。请填写；若不交这张表，请移走此文件。",
        "the table “{names}” has headers and not one row. Fill it in, or take the file away if it is not "
        "handed in.",
    ),
    "format_not_read": (
        "不支持此格式，未读取。请另存为 {allowed} 之一。",
        "this format is not read. Save it as one of {allowed}.",
    ),
    "file_unreadable": (
        "文件无法打开：已损坏、不完整或有密码。请重新导出或去除密码后再交。",
        "the file cannot be opened: damaged, incomplete or locked by a password. Export it again, "
        "without one.",
    ),
    "encoding_unknown": (
        "文字编码无法识别。请存为 UTF-8 或 GB18030 编码的 CSV。",
        "the text encoding is not known. Save the CSV as UTF-8 or GB18030.",
    ),
    "hidden_sheet": (
        "隐藏的工作表未读取。若其中有数据，请取消隐藏。",
        "the sheet is hidden and was not read. Unhide it if it holds data.",
    ),
    "sheet_unrecognised": (
        "无法识别这是哪张表。最接近“{table}”：需要列 {looked_for}，缺少 {missing}；"
        "工作表中与已知表头相近的有 {near}。请改正表头，或在 params/columns.yaml 中为该列增加别名。",
        "this sheet is no table that is known. Nearest is “{table}”: looked for columns {looked_for}, "
        "missing {missing}; known headers close to the sheet's: {near}. Correct the headers, or add an alias "
        "to the column in params/columns.yaml.",
    ),
    "missing_column": (
        "缺少这一列。可用的表头：{aliases}；其他写法请加入 params/columns.yaml。",
        "this column is missing. Headers it goes by: {aliases}; add others to params/columns.yaml.",
    ),
    "file_empty": (
        "文件是空的：没有可见且有内容的工作表。请重新导出；若不需要此文件，请移走。",
        "the file is empty: no sheet that is visible holds anything. Export it again, or take it away.",
    ),
    "file_too_large": (
        "文件解压后超过 {gigabytes} GB，未读取。请重新导出，只留数据。",
        "unpacked the file is larger than {gigabytes} GB and was not read. Export it again, with the "
        "data alone.",
    ),
    "sheet_too_large": (
        "工作表一直延伸到第 {height} 行、第 {width} 列，过大而未读取。请删除数据区以外的单元格后重新保存。",
        "the sheet reaches to row {height} and column {width}, too large to be read. Delete the cells beyond "
        "the data and save it again.",
    ),
    "identity_in_column": (
        "{count} 个单元格含有类似学籍号或身份证号的长数字，此列不得含有身份信息。请删除或改正。",
        "{count} cells hold a long number like a pupil's or a person's, which this column must not have. "
        "Remove or correct them.",
    ),
    "class_per_pupil": (
        "几乎每名学生一个班级：此列似乎不是班级（如姓名、编号）。请改为班级名称，如 1班。",
        "nearly every pupil has a class of their own: the column seems to hold something else, such as names "
        "or numbers. Enter the classes, such as 1班.",
    ),
    "unused_column": (
        "表头未识别，此列未使用（相近的已知表头：{near}）。如需使用，请在 params/columns.yaml 中增加别名。",
        "the header is not known and the column was not used (known and close: {near}). "
        "To use it, add an alias in params/columns.yaml.",
    ),
    "column_twice": (
        "与列“{other}”含义相同。请只保留一列。",
        "means the same as column “{other}”. Keep one of them.",
    ),
    "wide_and_long": (
        "工作表已按学科分列，不能再有此列。请删除此列，或改为每行一个成绩。",
        "the sheet has a column a subject and cannot have this one too. Remove it, or write one mark a row.",
    ),
    "no_year": (
        "没有学年：请增加此列，或在工作表名、标题或文件名中写明，如 2024-2025。",
        "no school year: add this column, or write it in the sheet's name, title or file name, as 2024-2025.",
    ),
    "error_cells": (
        "{count} 行含有公式错误值（如 #N/A）。请改为数值或留空。",
        "{count} rows hold a formula's error value such as #N/A. Put in the value, or leave the cell blank.",
    ),
    "missing_value": (
        "{count} 个必填单元格为空。请填写。",
        "{count} cells are blank that must be filled in.",
    ),
    "unreadable_code": (
        "{count} 个代码无法读取（小数、日期或已丢失位数的数字）。请以文本格式填写。",
        "{count} codes cannot be read (fractions, dates, numbers that lost digits). Enter them as text.",
    ),
    "unreadable_pupil": (
        "{count} 个学籍号无法读取（小数、日期或已丢失位数的数字）。请以文本格式填写。",
        "{count} pupil numbers cannot be read (fractions, dates, numbers that lost digits). Enter them "
        "as text.",
    ),
    "unreadable_teacher": (
        "{count} 个教师编号无法读取（小数、日期或已丢失位数的数字）。请以文本格式填写。",
        "{count} teacher numbers cannot be read (fractions, dates, numbers that lost digits). Enter them "
        "as text.",
    ),
    "unreadable_number": (
        "{count} 个单元格不是数字。请填数字或留空。",
        "{count} cells are not numbers. Enter a number or leave the cell blank.",
    ),
    "unreadable_whole": (
        "{count} 个单元格不是整数。请填整数或留空。",
        "{count} cells are not whole numbers. Enter one or leave the cell blank.",
    ),
    "unreadable_share": (
        "{count} 个单元格不是比例。请填 0.85、85 或 85%。",
        "{count} cells are not shares. Enter 0.85, 85 or 85%.",
    ),
    "unreadable_minutes": (
        "{count} 个单元格不是用时。请填 3'45\"、3.45 或秒数 225。",
        "{count} cells are not times. Enter 3'45\", 3.45 or the seconds, 225.",
    ),
    "unreadable_calendar_year": (
        "{count} 个单元格不是年份。请填 2012 这样的四位数。",
        "{count} cells are not years. Enter four digits such as 2012.",
    ),
    "unreadable_year": (
        "{count} 个单元格不是学年。请填 2024-2025 这样的学年。",
        "{count} cells are not school years. Enter one such as 2024-2025.",
    ),
    "unreadable_flag": (
        "{count} 个单元格不是“是”或“否”。请填 {allowed}，或留空。",
        "{count} cells are neither yes nor no. Enter {allowed}, or leave the cell blank.",
    ),
    "unreadable_word": (
        "{count} 个单元格的词语未识别。可用：{allowed}；其他写法请加入 params/columns.yaml。",
        "{count} cells hold a word that is not known. It can be: {allowed}; add others to "
        "params/columns.yaml.",
    ),
    "unreadable_grade": (
        "{count} 个年级未识别。可用：{allowed}；其他写法请加入 params/columns.yaml。",
        "{count} grades are not known. They can be: {allowed}; add others to params/columns.yaml.",
    ),
    "unreadable_score": (
        "{count} 个成绩既不是数字也不是缺考等说明。请填数字、{allowed} 之一，或留空。",
        "{count} marks are neither a number nor a word for absence. Enter a number, one of {allowed}, or "
        "leave "
        "the cell blank.",
    ),
    "school_code_form_national": (
        "{count} 个学校标识码不是十位数字。请核对；使用本区代码时在区参数中写 school_codes: own。",
        "{count} school codes are not ten digits. Correct them, or write school_codes: own in the "
        "district's params.",
    ),
    "school_code_form_own": (
        "{count} 个学校代码格式不符：应为 1–32 位字母、数字、- 或 _。请改正。",
        "{count} school codes are not 1–32 letters, digits, - or _. Correct them.",
    ),
    "pupil_id_form": (
        "{count} 个学籍号格式不符：应为 G、J 或 L 加 18 位。请改正。",
        "{count} pupil numbers have the wrong form: it is G, J or L and 18 places. Correct them.",
    ),
    "pupil_id_check": (
        "{count} 个学籍号的校验位不符。请对照学籍系统改正。",
        "{count} pupil numbers fail their check digit. Compare them with the pupil register.",
    ),
    "out_of_range": (
        "{count} 个数值超出可能范围 {bounds}。请核对数值与单位；未测请留空。",
        "{count} values outside the possible range {bounds}. Check value and unit; leave blank what was "
        "not measured.",
    ),
    "negative_score": (
        "{count} 个成绩为负数。请改正。",
        "{count} marks are negative. Correct them.",
    ),
    "above_full_mark": (
        "{count} 行成绩高于满分 {full_mark}。请改正成绩，或试卷表中的满分。",
        "{count} scores above the full mark {full_mark}. Correct the scores, or the full mark among the "
        "papers.",
    ),
    "present_without_score": (
        "{count} 行标为参考但没有成绩。请填成绩，或标为缺考、免考。",
        "{count} rows say present and have no score. Enter the score, or mark them absent or exempt.",
    ),
    "score_though_absent": (
        "{count} 行标为缺考或免考但有成绩。请二者取一。",
        "{count} rows say absent or exempt and have a score. Keep one of the two.",
    ),
    "two_scores": (
        "{count} 行：同一学生同一试卷有两个成绩。请只保留一个。",
        "{count} rows: two scores for one paper and pupil. Keep one.",
    ),
    "duplicate_rows": (
        "{count} 行重复（{key_columns} 相同）。请只保留一行。",
        "{count} rows occur more than once (same {key_columns}). Keep one of each.",
    ),
    "two_schools": (
        "{count} 行：同一学年同一学生在两所学校在籍。请改正，或在学籍状态中标明转出。",
        "{count} rows: a pupil on the roll of two schools in one year. Correct it, or mark the transfer "
        "in the status.",
    ),
    "school_not_listed": (
        "{count} 行的学校代码不在该学年的学校表中。请改正代码，或补充学校表。",
        "{count} rows with a school code that the schools of that year do not have. Correct the code, or "
        "add the school.",
    ),
    "school_without_stage": (
        "{count} 行的学校在该学年没有此学段。请改正学段或年级，或在学校表中补充该学段。",
        "{count} rows with a stage that their school does not have that year. Correct stage or grade, or "
        "add the "
        "stage among the schools.",
    ),
    "no_schools_for_year": (
        "{count} 行所属学年没有学校表。请补交该学年的学校表。",
        "{count} rows of a school year that has no schools. Hand in the schools of that year.",
    ),
    "score_without_pupil": (
        "{count} 行的学籍号不在该学年的学生表中。请改正学籍号，或补充学生表。",
        "{count} rows with a pupil number that the pupils of that year do not have. Correct it, or add "
        "the pupil.",
    ),
    "score_other_school": (
        "{count} 行的学校与学生表不一致。请核对两张表，改正有误的一处（可能在学生表）。",
        "{count} rows name another school than the pupils table. Compare the two and correct the one that is "
        "wrong; it may be the pupils table.",
    ),
    "fitness_without_pupil": (
        "{count} 行的学籍号不在该学年的学生表中，不参与计算。",
        "{count} rows with a pupil number that the pupils of that year do not have; they count nowhere.",
    ),
    "no_paper": (
        "{count} 行成绩没有对应的试卷：{papers}。请在试卷表中补充。",
        "{count} rows of scores have no paper: {papers}. Add it to the papers.",
    ),
    "paper_not_listed": (
        "{count} 行的试卷编号不在该学年的试卷表中。请改正编号，或补充试卷。",
        "{count} rows with a paper code that the papers of that year do not have. Correct it, or add the "
        "paper.",
    ),
    "several_papers": (
        "{count} 行成绩对应多份试卷：{papers}。请在成绩表中写明学期或试卷编号。",
        "{count} rows of scores fit several papers: {papers}. Give the term or the paper in the scores.",
    ),
    "identity_key_missing": (
        "找不到密钥 {path}，而 {folder} 中已有数据。请放回原密钥；如已遗失，删除 {folder} "
        "后重新载入全部学年。",
        "There is no key {path}, yet {folder} holds data. Put the key back; if it is lost, remove "
        "{folder} and load "
        "every year again.",
    ),
    "identity_key_damaged": (
        "密钥 {path} 已损坏（应为 {size} 字节）。请放回原密钥。",
        "The key {path} is damaged (it has {size} bytes). Put the right key back.",
    ),
    "unit_unsaid": (
        "金额没有单位。请在表头写明（元）或（万元），或在表头上方写“单位：万元”。",
        "the amount has no unit. Write 元 or 万元 into the header, or 单位：万元 above the table.",
    ),
    "unit_not_of_column": (
        "表头所写的单位不是本列所用的单位，不作换算。请换算后改正表头。",
        "the header gives a unit that this column is not kept in; nothing is converted. Convert the figures "
        "and correct the header.",
    ),
    "merged_cells": (
        "{count} 行的单元格是合并的，无法判断各行的值。请取消合并并逐行填写。",
        "{count} rows share merged cells here, so their values are not known. Unmerge them and fill in "
        "each row.",
    ),
    "cohort_in_no_grade": (
        "{count} 行：该级（届）在所写学年不在小学或初中就读。请核对学年与年级。",
        "{count} rows name a cohort that is in no grade in that school year. Check year and grade.",
    ),
    "cohort_without_stage": (
        "{count} 行：该级（届）可能是小学也可能是初中。请增加“学段”列，或写成“初中2023级”、“八年级”。",
        "{count} rows name a cohort that may be of either stage. Add the column 学段, or write 初中2023级 "
        "or 八年级.",
    ),
    "share_ambiguous": (
        "{count} 个比例无法判断是 1 以内的小数还是百分数：同一列两种写法并存。请整列统一，如 0.85 或 85%。",
        "{count} shares may be fractions or percent: the column is written both ways. Write all of it "
        "one way, as 0.85 or 85%.",
    ),
    "percent_ambiguous": (
        "{count} 个百分数不足 1.5，无法判断是否已是比例。请写成带百分号的数值（如 0.9%），"
        "或把单位改为“比例”。",
        "{count} figures in percent are below 1.5 and may be shares already. Write them with a percent sign, "
        "as 0.9%, or give 比例 as the unit.",
    ),
    "percent_without_unit": (
        "{count} 个数值带百分号，而单位不是百分比或比例。请改正其中之一。",
        "{count} figures have a percent sign and a unit that is neither percent nor share. Correct one of "
        "them.",
    ),
    "unit_not_of_fact": (
        "{count} 个指标没有写明单位，或单位与指标不符：比例用 % 或“比例”，金额用元或万元，其他指标不用这些。"
        "请在“单位”列改正。",
        "{count} facts have no unit, or one they cannot have: shares take % or 比例, amounts 元 or 万元, "
        "others none of these. Correct the column 单位.",
    ),
    "fact_converted": (
        "{count} 项区级数据以万元填报，已按 1 万元 = 10000 元换算成元。请核对填报的确实是万元。",
        "{count} facts are told in 万元 and were converted, 10,000 元 each. Check that 万元 was meant.",
    ),
    "fact_unit_unused": (
        "{count} 项区级数据的单位不是“{unit}”或没有写明，优质均衡评审不会采用，相应指标按“未报告”。"
        "请按“{unit}”换算并改正“单位”列。",
        "{count} facts are not in the unit {unit}, or in none: the review of quality and balance will not "
        "use them, and reports their indicators as not reported. Convert them and correct the column 单位.",
    ),
    "fact_beyond_bounds": (
        "{count} 项区级数据超出可能的范围（{bounds}），优质均衡评审不会采用。"
        "请核对数值与单位（元与万元、比例与 %）。",
        "{count} facts lie outside what can be ({bounds}): the review of quality and balance will not use "
        "them. Check value and unit (元 and 万元, shares and %).",
    ),
    "fact_beyond_bounds_or_parts": (
        "{count} 项区级数据不是整数，或超出可能的范围（{bounds}），优质均衡评审不会采用。请核对数值与单位。",
        "{count} facts are not whole, or lie outside what can be ({bounds}): the review of quality and "
        "balance will not use them. Check value and unit.",
    ),
    "facts_contradict": (
        "“{part}”多于“{whole}”，互相矛盾，优质均衡评审两者都不采用。请核对。",
        "“{part}” exceeds “{whole}”: they contradict each other, and the review of quality and balance will "
        "use neither. Check both.",
    ),
    "text_not_allowed": (
        "{count} 个单元格超过 {longest} 个字符，或含有无法显示的字符。请改正。",
        "{count} cells are longer than {longest} characters or hold characters that cannot be shown. "
        "Correct them.",
    ),
    "formula_without_value": (
        "{count} 行含有没有计算结果的公式。请在表格软件中打开、重新计算并保存，或改为数值。",
        "{count} rows hold a formula without its result. Open, recalculate and save the workbook, or put in "
        "the values.",
    ),
    "file_cut_short": (
        "文件似乎不完整：最后一行没有结束。请重新导出，或打开后另存。",
        "the file seems to be cut short: its last row does not end. Export it again, or open it and save it.",
    ),
    "alias_twice": (
        "{count} 行：同一学籍号变更出现多次且不一致（一个号对应两个号）。请只保留正确的一行。",
        "{count} rows: a pupil number changes from or into two different ones. Keep the right one.",
    ),
    "alias_circle": (
        "{count} 行：学籍号变更首尾相接，无法判断哪个是原号。请改正。",
        "{count} rows: pupil numbers change in a circle, so that none of them is the first. Correct them.",
    ),
    "identity_key_changed": (
        "密钥 {path} 与 {folder} 中数据所用的不同，同一学生会得到两个代号。请放回原密钥；如已遗失，"
        "删除 {folder} 后重新载入全部学年。",
        "The key {path} is not the one that {folder} was made with: every pupil would get a second "
        "pseudonym. Put the right key back; if it is lost, remove {folder} and load every year again.",
    ),
    "identity_key_open": (
        "密钥可被他人读取或改动。请运行 chmod 600 {path}。",
        "others may read or change the key. Run chmod 600 {path}.",
    ),
    "alias_same_year": (
        "{count} 行：变更前后的两个学籍号同时在同一学校。请只保留一行。",
        "{count} rows: a pupil stands in one school under both numbers, the earlier and the later. "
        "Keep one row.",
    ),
    "alias_in_store": (
        "{count} 行：已载入的 {year} 学年“{names}”（{table}）中，变更前后的两个学籍号同时有记录。请改正变更，"
        "或改正该学年的文件后一并载入。",
        "{count} rows: in {year}, loaded before, “{names}” ({table}) has records under both numbers, the "
        "earlier and the later. Correct the change, or that year's files and load them together with it.",
    ),
    "alias_replaced": (
        "{count} 行与以前载入的学籍号变更不同，以前的不再有效。",
        "{count} rows differ from what was loaded before of the same pupil number, which holds no longer.",
    ),
    "load_nothing_changed": ("数据没有变化。", "nothing changed."),
    "load_unchanged": ("未变  其余 {count} 张表（按学年计）", "unchanged  {count} other tables, a year each"),
    "load_slice": (
        "{change}  {names} {year}：{rows} 行，来自 {sources}",
        "{change}  {table} {year}: {rows} rows from {sources}",
    ),
    "load_aliases": (
        "{change}  学籍号变更：共 {rows} 个，来自 {sources}",
        "{change}  changed pupil numbers: {rows} in all, from {sources}",
    ),
    "load_source": ("{file}（{rows} 行）", "{file} ({rows} rows)"),
    "load_source_sheet": ("{file} 工作表“{sheet}”（{rows} 行）", "{file} sheet {sheet} ({rows} rows)"),
    "load_more_sources": (" 等 {count} 个文件", " and others, {count} files in all"),
    "change_new": ("新增", "new      "),
    "change_replaced": ("更新", "replaced "),
    "change_unchanged": ("未变", "unchanged"),
}
