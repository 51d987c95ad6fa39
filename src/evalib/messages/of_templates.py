"""Texts of `evalib template`."""

TEXTS: dict[str, tuple[str, str]] = {
    "template_exists": (
        "{folder} 中已有 {files}，未写入任何文件。请换一个文件夹，或先移走这些文件。",
        "{folder} already holds {files}; nothing was written. Give another folder, or move them away first.",
    ),
    "templates_written": (
        "{count} 个空白工作簿已写入 {folder}：{files}。带 * 的列必填；不交的表删去即可。"
        "填好后放入 {received}，再运行 evalib check {params}",
        "{count} empty workbooks are in {folder}: {files}. Columns with a star are needed; delete the "
        "workbooks you do not hand in. Put the filled ones into {received}, then run: evalib check {params}",
    ),
    "templates_of_sample": (
        "以上按示例区的参数制作。本区的真实数据请用本区的参数文件（其中写 identities: real），"
        "并在命令后加 --params params/本区.yaml；真实数据不要放入 {received}。",
        "These were made by the params of the invented district. For a real one write a params file of its "
        "own (with identities: real) and add --params params/….yaml; put no real data into {received}.",
    ),
}
