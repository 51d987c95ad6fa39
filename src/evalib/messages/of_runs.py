"""Texts about params, the store, notebooks, pages and the command line."""

TEXTS: dict[str, tuple[str, str]] = {
    # where
    "place_sheet": ("工作表“{sheet}”", "sheet {sheet}"),
    "place_column": ("列“{column}”", "column {column}"),
    "place_rows": ("（第 {rows} 行）", " (rows {rows})"),
    "place_more": ("……", ", …"),
    "faulty_files": (
        "共 {count} 处问题，数据未载入，原有数据不变。请改正后重新运行。",
        "{count} faults; nothing was loaded and the store is as it was. Mend them and run again.",
    ),
    # params
    "no_params_file": (
        "找不到参数文件 {path}。请给出 params/ 中的 .yaml 文件，例如 params/sample.yaml。",
        "No params file {path}. Give a .yaml file of params/, for example params/sample.yaml.",
    ),
    "params_not_yaml": (
        "{path}：不是可读的 YAML（{where}）。请改正该处的格式。",
        "{path}: not readable as YAML ({where}). Correct the form at that place.",
    ),
    "faulty_params": (
        "共 {count} 处问题，未运行任何步骤。请改正 {path} 后重新运行。",
        "{count} faults; nothing was run. Correct {path} and run again.",
    ),
    "params_invalid": ("{name}：{what}", "{name}: {what}"),
    "params_choice": ("{name} 只能是 {allowed}", "{name} can only be {allowed}"),
    "missing_params_key": ("缺少键“{name}”", "the key “{name}” is missing"),
    "unknown_params_key": (
        "没有名为“{name}”的键{nearest:zh}",
        "there is no key “{name}”{nearest:en}",
    ),
    "unknown_fact": (
        "{name}：standards/balance_2017.yaml 的 facts 中没有“{fact}”{nearest:zh}",
        "{name}: facts of standards/balance_2017.yaml has no “{fact}”{nearest:en}",
    ),
    "stated_of_indicator": (
        "{name}：能与公布的数字对照的国家指标只有满意度（{allowed}）",
        "{name}: the only national indicator to hold a stated figure against is satisfaction ({allowed})",
    ),
    "stated_without_number": (
        "{name}：此项不公布数值（只增不减，或高于另一项），请删去",
        "{name}: it states no number (it only rises, or lies above another): take it out",
    ),
    "stated_share": (
        "{name}：比例须在 0 与 1 之间，现为 {value}；百分之二十五写作 0.25",
        "{name}: a share is 0 to 1, not {value}; 25 % is 0.25",
    ),
    "stated_negative": (
        "{name}：须为 0 或更大的数，现为 {value}",
        "{name}: a number of 0 or more, not {value}",
    ),
    "params_name": (
        "{path}：参数文件的名字只能由字母、数字、汉字、_ 和 - 组成，它也是输出文件夹的名字。",
        "{path}: a params file's name may hold letters, digits, _ and - alone; "
        "it names the output folder too.",
    ),
    "notebook_elsewhere": (
        "{name}：笔记本必须在项目文件夹之内",
        "{name}: it must lie inside the project folder",
    ),
    "missing_wording": (
        "params/wording.yaml 缺少“{name}”{nearest:zh}。请补上中英文。",
        "params/wording.yaml lacks “{name}”{nearest:en}. Add it in both languages.",
    ),
    "missing_sentence": (
        "params/sentences.yaml 缺少句子“{name}”{nearest:zh}。请补上中英文。",
        "params/sentences.yaml lacks the sentence “{name}”{nearest:en}. Add it in both languages.",
    ),
    "nearest": ("，最接近的是“{name}”", "; the nearest is “{name}”"),
    "not_allowed": (
        "参数 {name} 的值“{value}”不可用。可用的值：{allowed}。",
        "Parameter {name} cannot be “{value}”. It can be: {allowed}.",
    ),
    "not_a_school_year": (
        "“{value}”不是学年。学年写作 2024-2025。",
        "“{value}” is not a school year. Write it as 2024-2025.",
    ),
    "year_without_data": (
        "{year} 学年没有数据。有数据的学年：{years}。",
        "There is no data for {year}. Years with data: {years}.",
    ),
    "stage_not_at_school": (
        "学校 {code} 没有 {stage} 学段部；它有：{stages}。请改 --stage。",
        "School {code} has no {stage} section; it has: {stages}. Change --stage.",
    ),
    "school_in_other_years": (
        "{years} 学年的学校表中没有学校 {code}；它在：{known}。请改 --year。",
        "School {code} is not among the schools of {years}; it is in: {known}. Change --year.",
    ),
    "unknown_school": (
        "{years} 学年没有学校或学段“{code}”{nearest:zh}。请核对 --school 与 --stage。",
        "No school or stage “{code}” in {years}{nearest:en}. Check --school and --stage.",
    ),
    "options_apart": (
        "{first} 与 {second} 不能同时使用：它们选的是不同类的报告。请去掉其中一个。",
        "{first} and {second} cannot go together: they ask for different kinds of reports. Leave one out.",
    ),
    "kind_not_planned": (
        "参数文件的 reports 中没有 {kind}（现有：{reports}）。"
        "请加上它，或改 --kind、--school、--stage、--group。",
        "`reports` of the params file lacks {kind} (it has: {reports}). "
        "Add it, or change --kind, --school, --stage or --group.",
    ),
    "unknown_group": (
        "{years} 学年没有教育集团“{code}”{nearest:zh}。请核对 --group。",
        "No education group “{code}” in {years}{nearest:en}. Check --group.",
    ),
    "group_in_other_years": (
        "{years} 学年的学校表中没有教育集团 {code}；它在：{known}。请改 --year。",
        "Education group {code} is not among the schools of {years}; it is in: {known}. Change --year.",
    ),
    "no_groups": (
        "{years} 学年的学校表中没有教育集团代码，没有集团报告可做。",
        "The schools of {years} have no codes of education groups; there is no group report to make.",
    ),
    # kinds of reports, as they are named
    "report_district": ("区级报告", "district report"),
    "report_group": ("集团 {code}", "group {code}"),
    # notebooks
    "no_notebook": (
        "找不到笔记本 {path}，未运行任何报告。请核对参数文件中的 {name}，或用 reports 写明只做哪几类报告。",
        "No notebook {path}; no report was run. Check `{name}` in the params file, "
        "or say in `reports` which kinds of reports are wanted.",
    ),
    "unreadable_notebook": (
        "{path} 不是可读的笔记本（{cause}）。请检查参数文件中的 notebook。",
        "{path} is not a readable notebook ({cause}). Check `notebook` in the params file.",
    ),
    "no_parameters_cell": (
        "{path} 没有标为 parameters 的单元格。请加上它并写明各参数。",
        "{path} has no cell tagged `parameters`. Add one that declares each parameter.",
    ),
    "unknown_parameter": (
        "{path} 没有参数“{name}”{nearest:zh}。未运行任何报告。",
        "{path} has no parameter “{name}”{nearest:en}. No report was run.",
    ),
    "missing_parameter": (
        "{path} 的参数“{name}”没有给值。未运行任何报告。",
        "Parameter “{name}” of {path} was not given. No report was run.",
    ),
    "mistyped_parameter": (
        "{path} 的参数“{name}”应为 {declared}，给出的是 {given}。未运行任何报告。",
        "Parameter “{name}” of {path} must be {declared}, not {given}. No report was run.",
    ),
    "cell_failed": (
        "第 {cell} 个单元格出错：{cause}",
        "cell {cell} failed: {cause}",
    ),
    "no_results": (
        "笔记本没有给出结果。最后一个单元格应为 school.results()。",
        "The notebook gave no results. Its last cell must be school.results().",
    ),
    "another_run": (
        "另一次运行正在写入 {path}。请等它结束后再运行。",
        "Another run is writing to {path}. Wait until it has ended, then run again.",
    ),
    "worker_died": (
        "制作这份报告的进程意外结束（内存不足或被终止）。请单独重做这份报告查看原因。",
        "The process that made this report ended unexpectedly (out of memory, or killed). "
        "Make this report alone to see why.",
    ),
    "output_not_writable": (
        "读写 {path} 失败：{cause}。请检查权限与磁盘空间。",
        "Cannot read or write {path}: {cause}. Check permissions and disk space.",
    ),
    "disk_full": (
        "{path} 所在的磁盘或配额已满：{cause}。原有报告不变；请腾出空间后重新运行。",
        "No room left for {path}: {cause}. Earlier reports stand; make room and run again.",
    ),
    "report_not_written": (
        "无法写入 {path}：{cause}。原有报告不变；请检查权限后重新运行。",
        "Cannot write to {path}: {cause}. Earlier reports stand; check permissions and run again.",
    ),
    "unexpected": (
        "意外的错误 {kind}：{text}",
        "unexpected {kind}: {text}",
    ),
    # command line
    "progress": (
        "{{n_fmt}}/{{total_fmt}} 份报告 · {{rate_fmt}} · 还需 {{remaining}}{{postfix}}",
        "{{n_fmt}}/{{total_fmt}} reports · {{rate_fmt}} · {{remaining}} left{{postfix}}",
    ),
    "progress_unit": ("份", " report"),
    "stage_load": ("检查并读取数据文件……", "Checking and reading the files …"),
    "stage_load_same": (
        "数据文件没有变化，沿用已载入的数据（当时的提醒 {count} 条，`evalib check` 可再看）。",
        "The files have not changed; the loaded tables stand ({count} warnings then; "
        "`evalib check` tells them again).",
    ),
    "stage_review": ("计算全区各学段部的指标……", "Measuring every section …"),
    "progress_failed": ("失败 {failed} 份", "{failed} failed"),
    "warning": ("提醒：{text}", "Warning: {text}"),
    "failure": (
        "{cause}（{count} 份报告{shared}）\n  单独重做：{command}",
        "{cause} ({count} reports{shared})\n  make one again: {command}",
    ),
    "failure_all": ("，都是 {what}", ", all {what}"),
    "failure_one": ("：{what}", ": {what}"),
    "run_summary": (
        "生成 {made} 份报告，沿用 {reused} 份，失败 {failed} 份。",
        "{made} reports made, {reused} reused, {failed} failed.",
    ),
    "run_unchanged": (
        "没有变化：{reused} 份报告都是最新的，未重做任何一份。",
        "Nothing changed: all {reused} reports are up to date, none was made again.",
    ),
    "open_page": ("请打开 {path}", "Open {path}"),
    "loaded": ("数据已载入 {path}。", "Loaded into {path}."),
    "year_issued": (
        "{year} 学年不公布的 {count} 个数值已写入 {path}。请随报告一起保存；以后的运行照此不公布。",
        "The {count} withheld figures of {year} are in {path}. Keep it with the reports: "
        "later runs withhold the same.",
    ),
    "scale_frozen": (
        "维度分的基准（{years}）已写入 {path}。请核对后提交；改动基准会改变所有维度分。",
        "The scale of the dimensions' scores ({years}) is in {path}. Check it and keep it: "
        "another scale changes every score.",
    ),
    "sample_written": ("示例区的工作簿已写入 {path}。", "The invented district's workbooks are in {path}."),
    "interrupted": (
        "已停止。已完成的报告都在；再次运行 `evalib run {params}` 可继续。",
        "Stopped. Finished reports are in place; run `evalib run {params}` again to go on.",
    ),
    "unknown_section": (
        "{year} 学年没有学校 {code} 的 {stage} 学段部{nearest:zh}。请核对代码与学段。",
        "There is no {stage} section of school {code} in {year}{nearest:en}. Check code and stage.",
    ),
    "group_not_there": (
        "{year} 学年没有教育集团“{code}”{nearest:zh}。请核对 group_code。",
        "There is no education group “{code}” in {year}{nearest:en}. Check group_code.",
    ),
    "code_as_number": (
        "{year} 学年没有学校 {code} 的 {stage} 学段部。papermill 的 -p 把代码读成了数字，前面的零会丢失；"
        "请改用 -r school_code …。",
        "There is no {stage} section of school {code} in {year}. papermill's -p read the code as a number, "
        "which loses zeros in front; use -r school_code … instead.",
    ),
    # store
    "no_store": (
        "{path} 中还没有数据。请先运行 `evalib run {params}`。",
        "There is no data in {path} yet. Run `evalib run {params}` first.",
    ),
    "no_table": (
        "数据中没有 {year} 学年的“{table}”表。现有学年：{years}。",
        "The store has no table “{table}” for {year}. Years there: {years}.",
    ),
    "store_damaged": (
        "{path} 已损坏或被改动。请删除 {folder} 后重新运行 `evalib run`，原始文件不受影响。",
        "{path} is damaged or was changed. Remove {folder} and run `evalib run` again; "
        "the files as received are untouched.",
    ),
    # rendering
    "undrawable_output": (
        "第 {cell} 个单元的输出没有可以印出的类型（{types}）。请让该单元显示表、图或文字后重新运行。",
        "The output of cell {cell} has no type that can be printed ({types}). "
        "Let that cell show a table, a figure or text and run again.",
    ),
    "unreadable_picture": (
        "第 {cell} 个单元的图片不是可读的 {type}。请重新生成该图片。",
        "The picture in cell {cell} is not readable as {type}. Draw that picture again.",
    ),
    "picture_from_elsewhere": (
        "第 {cell} 个单元的文字引用了笔记本以外的图片 {address}。请把 PNG 或 JPEG 图片作为附件放进该单元。",
        "The prose of cell {cell} shows a picture from outside the notebook, {address}. "
        "Attach it to the cell as PNG or JPEG.",
    ),
    "foreign_typst": (
        "第 {cell} 个单元输出的 Typst 不是本库页面组件的调用，未予排版。请改用页面组件，或去掉该类型。",
        "Cell {cell} carries Typst that is not a call of this library's page parts; it was not set. "
        "Use a page part, or leave that type out.",
    ),
    "typst_refused": (
        "PDF 无法排版：{reason}。HTML 不受影响；请把这条信息连同笔记本交给维护者。",
        "The PDF cannot be set: {reason}. The HTML is not concerned; "
        "hand this message and the notebook to the maintainer.",
    ),
}
