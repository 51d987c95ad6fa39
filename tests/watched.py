"""A real browser, and pages in it that are heard and watched: every request, message and dialog is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, Route

# Debian's name, then others under which the same browser is installed.
NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = (1280, 900), (390, 844)


def chromium() -> str:
    """The path of an installed Chromium; without one tests are skipped, but never where they must count."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        missing = "no Chromium is installed (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@dataclass
class Heard:
    """What a page did besides showing itself."""

    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def nothing_but(self, path: Path) -> bool:
        """Whether the page asked for itself alone and said nothing."""
        return self.requests == [path.as_uri()] and not self.messages and not self.dialogs


class Opener:
    """Opens pages of files in contexts of their own."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    @contextmanager
    def page(
        self,
        path: Path,
        *,
        size: tuple[int, int] = DESKTOP,
        scheme: str = "light",
        script: bool = True,
    ) -> Iterator[tuple[Page, Heard]]:
        """A file in the browser, and what is heard of it; what it asks of any other address is refused."""
        heard = Heard()

        def asked(route: Route, request: Request) -> None:
            heard.requests.append(request.url)
            if request.url == path.as_uri():
                route.continue_()
            else:
                route.abort()

        def said(message: ConsoleMessage) -> None:
            heard.messages.append(message.text)

        def opened(dialog: Dialog) -> None:
            heard.dialogs.append(dialog.message)
            dialog.dismiss()

        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        try:
            context.route("**/*", asked)
            page = context.new_page()
            page.on("console", said)
            page.on("pageerror", lambda error: heard.messages.append(error.message))
            page.on("dialog", opened)
            page.goto(path.as_uri())
            yield page, heard
        finally:
            context.close()
