"""A server with models and images in it, and a real browser to look at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.web.pages.pictures import BROKEN, picture
from tests.web.serving import PASSWORD, Running, serving

from driftwheel.predictions import Box, Classification, Detection, Record
from driftwheel.services.ingest.ingest_values import Incoming
from driftwheel.services.ingest.record_truth import record_truths
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.models.set_reference import (
    Folder,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.records.truths import NewTruth
from driftwheel.web.state import Services

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOON = datetime(2099, 11, 20, 12, tzinfo=UTC)
"""Event time of the first record; one follows every hour. The server's clock stands three days later:
in a year that is not the browser's, so that dates are always written alike."""


@dataclass(frozen=True)
class Site:
    """A running server with 70 images of `discs` (camera 2 spoilt at the end), and boxes of `parts`."""

    running: Running
    folder: Path

    @property
    def url(self) -> str:
        return self.running.url


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with serving(folder / "data") as running:
        running.clock.ahead = NOON + timedelta(days=3) - datetime.now(UTC)
        _fill(running.services, folder)
        for name, role in (("chef", "admin"), ("ella", "engineer"), ("vic", "viewer"), ("anno", "annotator")):
            running.user(name, role)
        yield Site(running, folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("install the package `chromium` to look at the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of nobody, in Berlin, that fails the test when a script fails or the policy refuses anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin")
    page = context.new_page()
    page.set_default_timeout(10_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if _is_wrong(said.type, said.text) else None)
    yield page
    context.close()
    assert wrong == []


def log_in(page: Page, site: Site, name: str = "chef", *, to: str = "/") -> None:
    """Log in by the form, as a person does, and arrive at an address."""
    page.goto(f"{site.url}/log-in?next={quote(to, safe='')}")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/log-in" not in url)


def press(page: Page, *keys: str) -> None:
    """Press keys once the page and its scripts are there."""
    page.wait_for_load_state("load")
    for key in keys:
        page.keyboard.press(key)


def _is_wrong(kind: str, text: str) -> bool:
    return kind in {"error", "warning"} and "Failed to load resource" not in text


def _fill(services: Services, folder: Path) -> None:
    engine, now = services.engine, services.clock()
    discs = NewModel("discs", "classification", ("disc", "ring"), "day", ("camera",), "gist")
    register_model(engine, discs, by="test", now=now)
    register_model(engine, NewModel("parts", "detection", embedder="none"), by="test", now=now)
    register_model(engine, NewModel("quiet", "classification", embedder="none"), by="test", now=now)
    usual = folder / "usual"
    usual.mkdir()
    for seed in range(1000, 1130):
        (usual / f"{seed}.jpg").write_bytes(picture(seed))
    reference = set_reference(engine, "discs", Folder(str(usual)), by="test", now=now)
    artifact = measure_reference_row(engine, services.blobs, reference.key, now=now)
    assert artifact is not None
    finish_reference(engine, services.blobs, reference.key, artifact)
    sent = [_disc(i) for i in range(70)]
    part = Record(
        "part-1",
        "parts",
        NOON,
        prediction=Detection((Box("bolt", 20, 30, 40, 50, 0.9), Box("nut", 90, 60, 30, 30, 0.7))),
    )
    sent.append(Incoming(part, picture(500)))
    results = services.ingest.ingest(sent, received=now)
    assert {one.outcome for one in results} == {"accepted"}
    truth = [NewTruth("disc-003", Classification("ring")), NewTruth("disc-004", Classification("disc"))]
    record_truths(engine, "discs", truth, by="test", received=now, limits=services.settings)
    measurers = Measurers(services.blobs)
    while measure_received(engine, services.blobs, measurers, now=now).taken:
        pass
    while summarise_windows(engine, now=now).made:
        pass
    waiting = Record("disc-late", "discs", NOON - timedelta(days=1), prediction=Classification("disc"))
    services.ingest.ingest([Incoming(waiting, picture(900))], received=now)


def _disc(i: int) -> Incoming:
    camera = "2" if i % 3 == 0 else "1"
    label = "ring" if i % 10 == 0 else "disc"
    record = Record(
        f"disc-{i:03}",
        "discs",
        NOON + timedelta(hours=i),
        "v1",
        {"camera": camera},
        prediction=Classification(label, {label: 0.9, "other": 0.1}),
        latency=0.0123,
    )
    spoilt = camera == "2" and i >= 60
    return Incoming(record, BROKEN if i == 7 else picture(i, spoilt=spoilt))
