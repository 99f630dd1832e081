"""A real browser, and axe-core's rules of accessibility, which it runs on our pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SIZES = {"laptop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
# What WCAG 2.2 AA asks and a machine can tell, and axe-core's own good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip).")
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
        pytest.skip("SEND_SCREEN_AXE names no axe.min.js; npm install --prefix FOLDER axe-core brings one.")
    return Path(named).read_text("utf-8")


@dataclass
class Watched:
    """A page, and what it did beyond being looked at."""

    page: Any
    messages: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Watched]]:
    """Open a file or an address at a size; every page is closed after the test."""
    contexts = []

    def opened(place: Path | str, size: str = "laptop", *, bypass_csp: bool = False) -> Watched:
        # axe-core is a script of its own, which our pages let nobody run: only its tests go past that.
        context = chromium.new_context(viewport=SIZES[size], bypass_csp=bypass_csp)
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.set_default_timeout(60_000)
        watched.page.on("console", lambda message: watched.messages.append(f"{message.type}: {message.text}"))
        watched.page.on("pageerror", lambda error: watched.messages.append(f"error: {error}"))
        watched.page.on("request", lambda request: watched.asked_for.append(request.url))
        watched.page.on("response", lambda response: watched.answers.append((response.status, response.url)))
        watched.page.goto(place.as_uri() if isinstance(place, Path) else place)
        return watched

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def violations(axe: str) -> Callable[[Any], list[str]]:
    """What axe-core finds wrong with a page, each with the first element that it is wrong of."""

    def found(page: Any) -> list[str]:
        page.evaluate(axe)
        result = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
        assert len(result["passes"]) > 10, "axe-core looked at something"
        return [f"{rule['id']} ({len(rule['nodes'])}): {rule['nodes'][0]['html']}" for rule in result["violations"]]

    return found
