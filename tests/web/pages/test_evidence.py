"""A camera turns a little brighter: no day shows it, the days together do, and the page says so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.serving import PASSWORD, Running, serving

from driftwheel.predictions import Record
from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.services.alert.close_alerts import close_alerts
from driftwheel.services.ingest.ingest_values import Incoming
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.models.set_reference import (
    Range,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.watch.judge_due import judge_due
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.alerts.episodes import document_of, list_episodes
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model
from driftwheel.store.windows.verdicts import StoredVerdict, list_verdicts
from driftwheel.web.state import Services

pytestmark = pytest.mark.long

REFERENCE, USUAL, BRIGHTER, A_DAY = 16, 3, 16, 50
DAYS = REFERENCE + USUAL + BRIGHTER
BY = 13.0  # grey levels, about one standard deviation of the images


@dataclass(frozen=True)
class Line:
    """A running server with a model whose camera has turned brighter, and the first day of that."""

    running: Running
    since: datetime
    verdicts: list[StoredVerdict]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with serving(tmp_path_factory.mktemp("line") / "data") as running:
        first = watch_for_days(running.services)
        running.user("vic", "viewer")
        with reading(running.services.engine) as connection:
            model = find_model(connection, "line")
            verdicts = list_verdicts(connection, model.key, since=first + REFERENCE * timedelta(days=1))
        yield Line(running, first + timedelta(days=REFERENCE + USUAL), verdicts)


def watch_for_days(services: Services) -> datetime:
    """Log the days, the first of them the reference, judge the others, and return the first of all."""
    engine, blobs, now = services.engine, services.blobs, services.clock()
    register_model(engine, NewModel("line", "classification", (), "day", (), "none"), by="test", now=now)
    first = datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=DAYS)
    rng = np.random.default_rng(0)
    for day in range(DAYS):
        light = 120 + 2.0 * rng.standard_normal() + (BY if day >= REFERENCE + USUAL else 0.0)
        sent = []
        for i in range(A_DAY):
            grey = light + 12 * rng.standard_normal() + 9 * rng.standard_normal((24, 24, 1))
            pixels = np.clip(np.repeat(grey, 3, axis=2), 0, 255).astype(np.uint8)
            time = first + timedelta(days=day, hours=1, minutes=20 * i)
            png = bytes(cv2.imencode(".png", pixels)[1].tobytes())
            sent.append(Incoming(Record(f"{day:02}-{i:03}", "line", time, "v1"), png))
        assert {one.outcome for one in services.ingest.ingest(sent, received=now)} == {"accepted"}
    while measure_received(engine, blobs, Measurers(blobs), now=now).taken:
        pass
    while summarise_windows(engine, now=now).made:
        pass
    wish = Range(first, first + timedelta(days=REFERENCE))
    reference = set_reference(engine, "line", wish, by="test", now=now)
    artifact = measure_reference_row(engine, blobs, reference.key, now=now)
    assert artifact is not None
    finish_reference(engine, blobs, reference.key, artifact)
    begin_watching(engine, reference.key, now=first + timedelta(days=REFERENCE))
    known = KnownReferences(blobs)
    while judge_due(engine, known, now=now + timedelta(minutes=5), settle=timedelta()):
        pass
    return first


def test_no_day_shows_it_and_the_days_together_do(line: Line) -> None:
    assert [one.answer for one in line.verdicts] == ["no_drift"] * (USUAL + BRIGHTER)
    found = [bool(one.observations["evidence"]["judged"]) for one in line.verdicts]
    assert not any(found[: USUAL + 2])
    assert found[-1]
    assert found == sorted(found)


def test_it_is_told_once_and_since_when(line: Line) -> None:
    with reading(line.running.services.engine) as connection:
        model = find_model(connection, "line")
        mine = [one for one in list_episodes(connection, model.key) if one.name == "drift"]
        said = [document_of(connection, one.key) for one in mine]
    assert [one.state for one in mine] == ["firing"]
    assert "has added up since" in said[0]["wrong"]
    told = said[0]["wrong"].split("since ")[1][:10]
    assert abs((datetime.fromisoformat(told).replace(tzinfo=UTC) - line.since).days) <= 3


@pytest.fixture
def page(browser: Browser, line: Line) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{line.running.url}/log-in?next=/models/line")
    page.fill("input[name=name]", "vic")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/models/line")
    yield page
    context.close()


def test_the_page_shows_the_evidence_and_its_threshold(page: Page) -> None:
    chart = page.locator("#chart-evidence")
    expect(chart.locator("h2")).to_have_text("Evidence of drift over time")
    expect(chart).to_contain_text("a slow or slight change is found: since")
    assert chart.locator(".dot.unusual").count() >= 1
    assert chart.locator("rect.usual").count() >= 10
    expect(chart.locator(".scale span").first).to_have_text("10,000")  # the next tenfold above the threshold
    expect(chart).to_contain_text(re.compile(r"[\d,]+ of 1,4\d\d"))
    chart.get_by_text("Table", exact=True).click()
    expect(chart.locator("tbody tr").first).to_contain_text("1 to 1,4")
    if "SHOT" in os.environ:
        page.screenshot(path=os.environ["SHOT"], full_page=True)


def test_evidence_that_is_no_open_alert_is_not_called_no_drift(page: Page, line: Line) -> None:
    """The last of this file: it closes the alert."""
    services = line.running.services
    with reading(services.engine) as connection:
        mine = list_episodes(connection, find_model(connection, "line").key, states=["firing"])
    keys = [one.key for one in mine]
    close_alerts(services.engine, keys, reason="a new lamp", by="test", now=services.clock())
    page.reload()
    answer = page.locator("#answer")
    expect(answer).to_contain_text("A change too weak for any one window, and no alert is open.")
    expect(answer).to_contain_text(re.compile(r"It has added up since .*: evidence [\d,.]+, found at 1,4"))
    expect(answer).to_contain_text("Its alert was closed: a new lamp")
