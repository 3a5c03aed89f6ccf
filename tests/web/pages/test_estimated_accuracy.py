"""The model page beside the truths: accuracy estimated from scores, and where it cannot be told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.serving import PASSWORD, Running, serving

from driftwheel.predictions import Classification, Record
from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.services.ingest.ingest_values import Incoming
from driftwheel.services.ingest.record_truth import record_truths
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
from driftwheel.store.records.truths import NewTruth
from driftwheel.web.state import Services

REFERENCE, DAYS, PER_DAY = 3, 8, 120
UNSURE = 2  # of these days the last ones, on which the scores fall far


@dataclass(frozen=True)
class Sorting:
    """A running server with a model that sorts, and the truths of its first days."""

    running: Running
    first: datetime


@pytest.fixture(scope="module")
def sorting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sorting]:
    with serving(tmp_path_factory.mktemp("sorting") / "data") as running:
        first = sort_for_days(running.services)
        running.user("vic", "viewer")
        yield Sorting(running, first)


def sort_for_days(services: Services) -> datetime:
    engine, blobs, now = services.engine, services.blobs, services.clock()
    register_model(
        engine, NewModel("sorting", "classification", ("nut", "bolt"), "day", (), "none"), by="test", now=now
    )
    first = datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=DAYS)
    rng = np.random.default_rng(0)
    for day in range(DAYS):
        sent, truths = [], []
        for i in range(PER_DAY):
            said = ("nut", "bolt")[int(rng.integers(2))]
            sure = float(0.5 + rng.beta(6, 1) / 2 - (0.33 if day >= DAYS - UNSURE else 0))
            sure = max(sure, 0.5)
            pixels = rng.integers(90, 160, (24, 24, 3)).astype(np.uint8)
            record = Record(
                f"{day}-{i:03}",
                "sorting",
                first + timedelta(days=day, hours=1, minutes=10 * i),
                "v1",
                prediction=Classification(said, {said: sure}),
            )
            sent.append(Incoming(record, bytes(cv2.imencode(".png", pixels)[1].tobytes())))
            is_right = rng.random() < sure
            truths.append(NewTruth(record.id, Classification(said if is_right else "washer")))
        assert {one.outcome for one in services.ingest.ingest(sent, received=now)} == {"accepted"}
        if day <= REFERENCE:
            record_truths(engine, "sorting", truths, by="test", received=now, limits=services.settings)
    while measure_received(engine, blobs, Measurers(blobs), now=now).taken:
        pass
    while summarise_windows(engine, now=now).made:
        pass
    reference = set_reference(
        engine, "sorting", Range(first, first + timedelta(days=REFERENCE)), by="test", now=now
    )
    artifact = measure_reference_row(engine, blobs, reference.key, now=now)
    assert artifact is not None
    finish_reference(engine, blobs, reference.key, artifact)
    begin_watching(engine, reference.key, now=first)
    known = KnownReferences(blobs)
    while judge_due(engine, known, now=now + timedelta(minutes=5), settle=timedelta()):
        pass
    return first


@pytest.fixture
def page(browser: Browser, sorting: Sorting) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{sorting.running.url}/log-in?next=/models/sorting")
    page.fill("input[name=name]", "vic")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/models/sorting")
    yield page
    context.close()


def test_it_is_drawn_beside_what_was_measured(page: Page) -> None:
    measured, estimated = page.locator("#chart-accuracy"), page.locator("#chart-estimated_accuracy")
    expect(measured.locator("h2")).to_have_text("Accuracy")
    expect(estimated.locator("h2")).to_have_text("Estimated accuracy")
    expect(estimated.locator(".sub")).to_contain_text("Grey: the 90 % interval")
    assert estimated.locator("rect.usual").count() >= 3
    estimated.get_by_text("Table", exact=True).click()
    expect(estimated.locator("thead")).to_contain_text("90 % interval")
    row = estimated.locator("tbody tr:not(.why)", has_text=re.compile(r"%\s+to\s")).first
    expect(row.locator("td").last).to_have_text(str(PER_DAY))


def test_where_it_cannot_be_told_the_page_says_so_and_why(page: Page) -> None:
    estimated = page.locator("#chart-estimated_accuracy")
    expect(estimated.locator(".newest")).to_have_text("cannot tell")
    assert estimated.locator("path.untold.hole").count() >= UNSURE
    estimated.get_by_text("Table", exact=True).click()
    expect(estimated.locator("tbody tr").first).to_contain_text("cannot tell")
    expect(estimated.locator("tbody tr.why").first).to_contain_text("scores like these go with any accuracy")


def test_the_signals_of_a_day_name_the_interval_and_what_was_learned_from(
    page: Page, sorting: Sorting
) -> None:
    day = sorting.first + timedelta(days=REFERENCE + 1)
    page.goto(f"{sorting.running.url}/models/sorting?at={day:%Y-%m-%dT%H:%MZ}")
    page.get_by_text("All signals of").click()
    row = page.locator("table.slim tr", has_text="estimated accuracy")
    expect(row).to_contain_text("of the reference with a truth")
    expect(row).to_contain_text("% to ")


def test_the_scores_of_the_newest_day_stand_beside_those_of_the_reference(page: Page) -> None:
    said = page.locator("#scores-said")
    expect(said).to_contain_text("Beside the reference its scores drifted")
    expect(said).to_contain_text(f"n = {PER_DAY} against")
