"""Texts about what is due and why, and about reports made again."""

TEXTS: dict[str, tuple[str, str]] = {
    # plan
    "plan_reports": (
        "共 {count} 份报告：沿用 {reuse} 份，重新排版 {render} 份，执行 {execute} 份{time}。",
        "{count} reports: {reuse} reused, {render} drawn again, {execute} executed{time}.",
    ),
    "plan_time": ("，约需 {time}", ", about {time}"),
    "plan_load": (
        "数据文件有变化（{files}），运行时先重新读取；读取之后才知道哪些报告需要重做。下面按现有数据计。",
        "Files changed ({files}) and will be read first; which reports that makes stale is known only "
        "then. Below is what the loaded tables tell.",
    ),
    "plan_load_other": (
        "数据需要重新读取（参数、程序或数据目录有变化）；读取之后才知道哪些报告需要重做。下面按现有数据计。",
        "The files will be read again (params, library or store changed); which reports that makes stale "
        "is known only then. Below is what the loaded tables tell.",
    ),
    "plan_first": (
        "还没有载入数据。运行时先读取 {path} 中的文件。",
        "Nothing is loaded yet. A run reads the files in {path} first.",
    ),
    "plan_review": (
        "各学段部的指标需要重新计算；结果相同的报告不会重做。",
        "Every section will be measured again; reports whose figures come out the same stay.",
    ),
    "plan_more": ("{names} 等 {count} 个", "{names} and more, {count} in all"),
    # explain
    "explain_head": ("{name}（{edition}，{language}）：", "{name} ({edition}, {language}):"),
    "explain_reuse": ("  沿用。所依据的都没有变化。", "  reused. Nothing that it is made from has changed."),
    "explain_render": ("  重新排版，不执行：", "  drawn again, not executed:"),
    "explain_execute": ("  执行：", "  executed:"),
    "why_never_made": ("还没有生成过", "it was never made"),
    "why_failed": ("上一次生成失败", "it failed the last time"),
    "why_unknown": ("记录没有说明它由什么生成", "the record does not say what it was made from"),
    "why_notebook": ("笔记本有变化", "the notebook changed"),
    "why_parameters": ("参数有变化", "its parameters changed"),
    "why_params": ("params/ 中的参数文件有变化", "a file of params/ changed"),
    "why_library": ("程序（evalib）有变化", "the library (evalib) changed"),
    "why_installed": (
        "Python 或所装的库有变化（requirements.lock）",
        "Python or the installed libraries changed (requirements.lock)",
    ),
    "why_tables": ("数据中增加或减少了学年或表", "years or tables were added to the store or taken away"),
    "why_data": ("读过的数据有变化：{name}", "data that it read changed: {name}"),
    "why_store": (
        "数据有变化（笔记本没有说明读了哪些，所以按全部计）",
        "the data changed (the notebook does not say what it read, so all of it counts)",
    ),
    "why_file": (
        "文件不在或被改动：{name}",
        "files are missing or were changed: {name}",
    ),
    "why_look": ("版式有变化", "the look of the pages changed"),
    "why_not_drawn": ("还没有排版：{name}", "not drawn yet: {name}"),
    # verify
    "verify_stage": (
        "重做 {count} 份报告并逐字节比较……",
        "Making {count} reports again to compare every byte …",
    ),
    "verify_stale": (
        "另有 {count} 份报告不是最新的，未比较；请先运行 `evalib run {params}`。",
        "{count} more reports are not up to date and were left out; run `evalib run {params}` first.",
    ),
    "verify_behind": (
        "数据文件、参数或程序有变化，尚未重新读取或计算；比较的是按原有数据制作的报告。"
        "请先运行 `evalib run {params}`。",
        "Files, params or library changed and were not read or measured again yet; what is compared was made "
        "before. Run `evalib run {params}` first.",
    ),
    "verify_nothing": (
        "没有可比较的报告。请先运行 `evalib run {params}`。",
        "There is no report to compare. Run `evalib run {params}` first.",
    ),
    "verify_same": ("{count} 份报告逐字节相同。", "{count} reports are the same to the byte."),
    "verify_other": (
        "{count} 份报告中有 {other} 份不同。",
        "{other} of {count} reports are not the same.",
    ),
    "differs_cell": (
        "{report}：{name} 第 {place} 处开始不同（格号/位置）。",
        "{report}: {name} differs first in cell {place}.",
    ),
    "differs_path": ("{report}：{name} 从 {place} 开始不同。", "{report}: {name} differs first at {place}."),
    "differs_line": (
        "{report}：{name} 从第 {place} 行开始不同。",
        "{report}: {name} differs first in line {place}.",
    ),
    "differs_byte": (
        "{report}：{name} 从第 {place} 字节开始不同。",
        "{report}: {name} differs first at byte {place}.",
    ),
    "differs_missing": (
        "{report}：{name} 只在一边有。",
        "{report}: {name} is there only once.",
    ),
    "differs_failed": ("{report}：重做失败：{cause}", "{report}: making it again failed: {cause}"),
}
