"""What an auditor sees in MLflow: the run, the registered version, and the fairness report inside the viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ui(trained: Any, run_mlflow: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real ``mlflow server`` over the store of the trained version."""
    command = ["server", "--backend-store-uri", trained.uri, "--workers", "1"]
    folder = tmp_path_factory.mktemp("ui")
    with run_mlflow(command, ready="/health", tracking_uri=trained.uri, folder=folder) as server:
        yield server


@pytest.fixture(scope="module")
def run_page(trained: Any) -> str:
    from mlflow import MlflowClient

    run = MlflowClient(trained.uri).get_run(trained.made.run_id)
    return f"/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"


@pytest.fixture
def look(ui: Any, visit: Callable[..., Any]) -> Iterator[Callable[[str], Any]]:
    """Open a page of the UI; afterwards nothing went wrong, and nothing was asked of anybody else."""
    opened = []

    def at(place: str) -> Any:
        watched = visit(f"{ui.address}/#{place}")
        opened.append(watched)
        return watched.page

    yield at
    for watched in opened:
        assert not [answer for answer in watched.answers if answer[0] >= 500]
        hosts = {urlsplit(url.removeprefix("blob:")).hostname for url in watched.asked_for if "data:" not in url[:5]}
        assert hosts == {"127.0.0.1"}
        # MLflow asks who is signed in, and is told by a server without accounts that there is no such page.
        assert not [words for words in watched.messages if words.startswith("error") and "404" not in words]


def test_the_run_is_shown_with_its_hashes_and_figures(look: Callable[[str], Any], run_page: str, trained: Any) -> None:
    page = look(run_page)
    page.get_by_role("heading", name=f"reception_sen {trained.made.version}").wait_for()
    for tag in ("version_id", "hashes", "trained_on", "gates"):
        page.get_by_text(tag, exact=False).first.wait_for()
    page.get_by_text("Finished").first.wait_for()
    page.get_by_text("recall").first.wait_for()


def test_the_registered_version_is_shown(look: Callable[[str], Any], trained: Any) -> None:
    page = look(f"/models/reception_sen/versions/{trained.made.registered_version}")
    page.get_by_text(f"Version {trained.made.registered_version}").first.wait_for()
    page.get_by_text("candidate").first.wait_for()
    page.get_by_text("manifest_sha256").first.wait_for()


@pytest.mark.parametrize("name", ["report.html", "card.html", "scorecard.html"])
def test_a_page_is_whole_inside_the_viewer(look: Callable[[str], Any], run_page: str, name: str) -> None:
    page = look(f"{run_page}/artifacts/{name}")
    page.locator("iframe").first.wait_for()
    viewer = page.frame_locator("iframe").first
    viewer.locator("footer").wait_for()
    assert "Children at the end of reception" in viewer.locator("h1").inner_text()
    said = viewer.locator("main").inner_text()
    assert "refuse, delay or ration an assessment" in said
    assert viewer.locator("svg, table").first.is_visible()
    assert viewer.locator("html").evaluate("e => e.scrollWidth <= innerWidth")
    # The style arrived too: in the viewer's sandbox, with our own policy.
    assert viewer.locator("body").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 16
    assert page.locator("iframe").first.get_attribute("sandbox") == "allow-scripts"


def test_telemetry_is_off_in_the_server(ui: Any) -> None:
    with open(f"/proc/{ui.process}/environ", "rb") as file:
        assert b"MLFLOW_DISABLE_TELEMETRY=true" in file.read()
