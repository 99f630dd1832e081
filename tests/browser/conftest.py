"""A real browser, and axe-core's rules of accessibility, which it runs on our pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# https://github.com/dequelabs/axe-core: what WCAG 2.2 AA asks and a machine can tell, and axe's own good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: see CONTRIBUTING.md")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("There is no chromium on this machine: apt-get install chromium.")
    with playwright.sync_playwright() as driver:
        # No sandbox: a container has no namespaces to make one of, and the pages are our own.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from where ``SEND_SCREEN_AXE`` says."""
    named = os.environ.get("SEND_SCREEN_AXE")
    if not named:
        pytest.skip("SEND_SCREEN_AXE names no axe.min.js: npm install --prefix FOLDER axe-core brings it.")
    return Path(named).read_text("utf-8")


@dataclass
class Watched:
    """A page, and what it did beyond being looked at."""

    page: Any
    told: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)


def watch(page: Any) -> Watched:
    watched = Watched(page)
    page.set_default_timeout(60_000)
    page.on("console", lambda message: watched.told.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: watched.told.append(f"error: {error}"))
    page.on("request", lambda request: watched.asked_for.append(request.url))
    page.on("response", lambda response: watched.answers.append((response.status, response.url)))
    return watched


def violations(page: Any, axe: str, tags: list[str] | None = None) -> list[str]:
    """Return what axe-core finds wrong with a page, each with the first element that it is wrong of."""
    page.evaluate(axe)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags or TAGS)
    return [f"{rule['id']} ({len(rule['nodes'])}): {rule['nodes'][0]['html']}" for rule in found["violations"]]
