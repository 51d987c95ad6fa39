"""The texts of errors and of the command line, Chinese and English, one entry a key."""

from __future__ import annotations

from typing import Any

MESSAGES: dict[str, tuple[str, str]] = {
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
    "params_invalid": (
        "{path}：{where}：{what}。请改正后重新运行。",
        "{path}: {where}: {what}. Correct it and run again.",
    ),
    "unknown_params_key": (
        "{path}：没有名为“{name}”的键{nearest:zh}。请改正拼写或删除它。",
        "{path}: there is no key “{name}”{nearest:en}. Correct the spelling or remove it.",
    ),
    "nearest": ("，最接近的是“{name}”", "; the nearest is “{name}”"),
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
}


def message(key: str, lang: str, **fields: Any) -> str:
    """The text of `key` in `lang` ("zh" or "en"), its fields filled in.

    Raises
    ------
    KeyError
        The catalogue has no such key, or a field is missing.
    """
    zh, en = MESSAGES[key]
    return (zh if lang == "zh" else en).format(**fields)
