"""What holds for every test, wherever it lies."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

# Before numpy is loaded: workers that share the cores must not also share out each product of matrices
# among threads, which then wait for one another far longer than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def browser():
    """A real browser, for the tests that open pages."""
    from playwright.sync_api import sync_playwright

    from watched import Opener, chromium

    path = chromium()
    # As root, as in a container, Chromium starts only without its sandbox; it opens only our own files.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    arguments.append("--disable-gpu")  # without a screen its drawing in software takes a core for itself
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield Opener(started)
        started.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory):
    """Reports made from files, once for all workers: who comes first makes them, the others wait.

    `EVALIB_REPORTS=folder` keeps them there and takes them from there the next time, while tests are written.
    """
    import made_reports

    if kept := os.environ.get("EVALIB_REPORTS"):
        if not (Path(kept) / "output").exists():
            made_reports.make(Path(kept))
        return made_reports.opened(Path(kept))

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    root, ended = shared / "reports", shared / "reports-ended"
    try:
        root.mkdir()
    except FileExistsError:
        _wait_for(ended)
    else:
        try:
            made_reports.make(root)
        finally:
            ended.touch()
    return made_reports.opened(root)


def _wait_for(path: Path, seconds: int = 900) -> None:
    for _ in range(seconds):
        if path.exists():
            return
        time.sleep(1)
    raise TimeoutError(path.name)
