"""Texts about the process that makes a report: how it can end before its time."""

TEXTS: dict[str, tuple[str, str]] = {
    "report_timed_out": (
        "超过时限 {seconds} 秒，已停止。"
        "请查看是哪个单元格没有结束；确需更久的，改 params/production.yaml 的 seconds。",
        "stopped after {seconds} seconds. See which cell does not end; "
        "if it needs longer, change `seconds` in params/production.yaml.",
    ),
    "report_out_of_memory": (
        "占用内存超过 {megabytes} MB，已停止。"
        "请减少一次读入的数据；确需更多的，改 params/production.yaml 的 megabytes。",
        "stopped beyond {megabytes} MB of memory. Read less at a time; "
        "if it needs more, change `megabytes` in params/production.yaml.",
    ),
    "cell_out_of_memory": (
        "第 {cell} 个单元格要的内存超过上限。"
        "请减少一次读入的数据；确需更多的，改 params/production.yaml 的 megabytes。",
        "cell {cell} asked for more memory than it may have. Read less at a time; "
        "if it needs more, change `megabytes` in params/production.yaml.",
    ),
    "report_killed": (
        "制作这份报告的进程被信号 {signal} 终止"
        "（SIGKILL 多为整机内存不足，SIGSEGV 为某个库出错）。请单独重做查看原因。",
        "its process was ended by the signal {signal} (SIGKILL: mostly the machine ran out of memory; "
        "SIGSEGV: a fault of a library). Make this report alone to see why.",
    ),
    "report_exited": (
        "制作这份报告的进程中途退出（退出码 {code}）。请检查笔记本是否调用了 exit 或 os._exit。",
        "its process left before the report was whole (exit code {code}). "
        "See whether the notebook calls exit or os._exit.",
    ),
    "figure_as_text": (
        "第 {cell} 个单元格的图只显示为一行文字。请让该单元格显示图本身（%matplotlib inline），再重新运行。",
        "the figure of cell {cell} came out as a line of text. "
        "Let that cell show the figure itself (%matplotlib inline) and run again.",
    ),
    "figures_unshown": (
        "有 {count} 幅图画出后没有显示。请在画图的单元格末尾显示它，再重新运行。",
        "{count} figures were drawn and not shown. Show each at the end of its cell and run again.",
    ),
}
