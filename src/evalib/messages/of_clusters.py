"""Texts about clusters, and about outputs that lie behind a URL."""

TEXTS: dict[str, tuple[str, str]] = {
    "output_unknown": (
        "输出位置 {url} 不可用：{cause}。请给出文件夹，或 s3:// 这样的地址。",
        "Nothing is known of the output {url}: {cause}. Give a folder, or an address such as s3://bucket/outputs.",
    ),
    "output_package_missing": (
        "输出位置 {url} 需要另外的程序包：{cause}。请安装后重新运行。",
        "The output {url} needs a package that is not installed: {cause}. Install it and run again.",
    ),
    "another_run_remote": (
        "另一次运行正在写入 {path}。请等它结束后再运行；如果它已被强行终止，{seconds} 秒后即可再运行。",
        "Another run is writing to {path}. Wait until it has ended, then run again; "
        "if it was killed, run again after {seconds} seconds.",
    ),
    "run_overtaken": (
        "本次运行超过 {seconds} 秒没能刷新 {path} 的锁，另一次运行已接手。已完成的报告都在。",
        "This run could not refresh its lock on {path} for {seconds} seconds and another has taken over. "
        "Finished reports are in place.",
    ),
    "cluster_unreachable": (
        "{address} 没有 Dask 调度器应答（{cause}）。"
        "请检查地址，并确认 `dask scheduler` 正在运行。未运行任何报告。",
        "No Dask scheduler answers at {address} ({cause}). Check the address, and that `dask scheduler` runs "
        "there. No report was run.",
    ),
    "cluster_no_worker": (
        "{address} 的集群在 {seconds} 秒内没有工作进程。请用 `dask worker {address}` 启动后重新运行。",
        "The cluster at {address} had no worker within {seconds} seconds. Start some with "
        "`dask worker {address}` and run again.",
    ),
    "cluster_lost": (
        "与集群 {address} 的联系中断，或它已没有工作进程。已完成的报告都在；恢复后再次运行可继续。",
        "The cluster at {address} is gone, or has no worker left. Finished reports are in place; "
        "run again once it is back to go on.",
    ),
    "cluster_worker_differs": (
        "工作进程 {worker} 安装的内容与这里不同（这里 ≠ 那里）：{differences}。"
        "请按同一 requirements.lock 安装后重新运行。",
        "The worker {worker} has not the same installed (here ≠ there): {differences}. "
        "Install it from the same requirements.lock and run again.",
    ),
    "cluster_output_differs": (
        "工作进程 {worker} 看到的 {path} 与这里不是同一份数据。"
        "请用各机器共同的文件夹，或用 --output 给出 s3:// 这样的地址。",
        "The worker {worker} does not see the same data in {path} as here. "
        "Use a folder that all machines share, or give an address such as s3:// with --output.",
    ),
    "cluster_output_unread": (
        "工作进程 {worker} 无法读取 {path}：{cause}。请检查那台机器的权限与凭据。",
        "The worker {worker} cannot read {path}: {cause}. Check permissions and credentials of that machine.",
    ),
}
