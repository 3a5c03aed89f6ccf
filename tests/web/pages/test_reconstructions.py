"""What an autoencoder finds, in a real browser: over time, beside the images, and of one image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from tests.services.grey_autoencoder import full_autoencoder, grey_autoencoder, need_onnx
from tests.web.pages.conftest import Site, log_in
from tests.web.serving import serving
from tests.workflows.installation import add_model, log, picture, record

from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.services.measure.backfill import asked_backfills
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.set_autoencoder import set_autoencoder
from driftwheel.services.models.set_reference import (
    Folder,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.models.train_model_autoencoder import fail_autoencoder
from driftwheel.services.watch.judge_due import judge_due
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading
from driftwheel.store.models.autoencoders import current_autoencoder, training_autoencoders
from driftwheel.store.models.models import find_model
from driftwheel.store.windows.windows import window_of

EYE = "/models/m"
DAYS, PER_DAY = 4, 40
HELD_OUT = [picture(9000 + i) for i in range(60)]


def faded(image: bytes) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    dull = np.rint(128 + (np.asarray(pixels, float) - 128) / 2).astype(np.uint8)
    return cv2.imencode(".png", dull)[1].tobytes()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    need_onnx()
    folder = tmp_path_factory.mktemp("eye")
    with serving(folder / "data") as running:
        engine, blobs, now = running.services.engine, running.services.blobs, running.clock()
        model = add_model(engine, window="day", embedder="none")
        images = folder / "images"
        images.mkdir()
        for i in range(80):
            (images / f"{i}.png").write_bytes(picture(i))
        reference = set_reference(engine, "m", Folder(str(images)), by="me", now=now)
        artifact = measure_reference_row(engine, blobs, reference.key, now=now, threads=1)
        assert artifact is not None
        finish_reference(engine, blobs, reference.key, artifact)
        set_autoencoder(engine, blobs, "m", grey_autoencoder(HELD_OUT, reference="images"), by="me", now=now)
        today, _ = window_of(now, "day")
        for day in range(DAYS):
            begin = today - (DAYS - day) * timedelta(days=1)
            change = faded if day == DAYS - 1 else bytes
            some = [
                record(
                    f"{day}-{i}",
                    change(picture(1000 * (day + 1) + i)),
                    begin + timedelta(minutes=i),
                    camera=str(i % 2),
                )
                for i in range(PER_DAY)
            ]
            log(engine, blobs, model, some, now)
        while measure_received(engine, blobs, Measurers(blobs), now=now, threads=1).taken:
            pass
        while summarise_windows(engine, now=now).made:
            pass
        begin_watching(engine, reference.key, now=now - timedelta(days=DAYS))
        known = KnownReferences(blobs)
        while judge_due(engine, known, now=now + timedelta(minutes=5), settle=timedelta()):
            pass
        for name, role in (("ella", "engineer"), ("vic", "viewer")):
            running.user(name, role)
        yield Site(running, folder)


def test_the_chart_shows_how_far_errors_are_from_the_usual(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to=EYE)
    chart = page.locator("#chart-reconstruction")
    expect(chart.locator("h2")).to_have_text("Reconstruction error over the reference's")
    expect(chart.locator(".newest")).to_have_text(re.compile(r"^−\d\d\s%$"))
    expect(chart.locator(".newest")).to_have_class(re.compile("bad"))
    expect(chart.locator(".dot")).to_have_count(DAYS)
    expect(chart.locator(".dot.unusual")).to_have_count(1)
    expect(chart.locator(".usual")).to_have_count(DAYS)
    expect(chart.locator(".zero")).to_have_count(1)
    chart.get_by_text("Table", exact=True).click()
    newest = chart.locator("tbody tr").first
    expect(newest.locator("td").nth(1)).to_have_text(re.compile(r"^−[\d.]+\s% to \+[\d.]+\s%$"))
    expect(newest.locator("td").nth(2)).to_have_text(str(PER_DAY))


@pytest.mark.parametrize("width", [1280, 390])
def test_images_stand_beside_what_is_made_of_them(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    log_in(page, site, "vic", to=EYE)
    part = page.locator("#reconstructions")
    expect(part).to_contain_text(
        re.compile(rf"Errors are \d\d\s% below those of the reference, n = {PER_DAY}\.")
    )
    expect(part).to_contain_text("does not count; p < 0.0005.")
    expect(part).to_contain_text("the images with the smallest errors")
    pictures = part.locator("img")
    expect(pictures).to_have_count(8)
    part.scroll_into_view_if_needed()
    for i in range(8):
        pictures.nth(i).scroll_into_view_if_needed()
        expect(pictures.nth(i)).to_have_js_property("complete", value=True)
        assert pictures.nth(i).evaluate("each => [each.naturalWidth, each.naturalHeight]") == [324, 160]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(part.locator(".when").first).to_have_text(re.compile(r"^0\.\d+ times the usual error$"))
    part.locator("a").first.click()
    page.wait_for_url("**/images/*")
    one = page.locator("#reconstruction")
    expect(one).to_contain_text(re.compile(r"Its error is 0\.\d+ times the usual\."))
    expect(one).to_contain_text("all have one as large (p = 1.00, n = 60).")
    expect(one.locator("img")).to_have_js_property("naturalWidth", value=324)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_another_cell_brings_its_own(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to=EYE)
    part = page.locator("#reconstructions")
    expect(part.locator("b.bad")).to_have_count(1)
    row = page.locator("table.heat tr", has=page.get_by_role("rowheader", name="contrast", exact=True))
    row.locator("td a").first.click()
    expect(part.locator("b.bad")).to_have_count(0)
    expect(part.locator("img")).to_have_count(8)


def test_of_a_segment_it_is_measured_and_not_tested(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to=f"{EYE}?segment=camera%3D1")
    part = page.locator("#reconstructions")
    expect(part).to_contain_text(f"n = {PER_DAY // 2}. What is usual of this segment alone")


def test_images_are_listed_by_it_the_worst_first(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=m")
    page.locator("select[name=sort]").select_option("reconstruction")
    page.wait_for_url("**sort=reconstruction*")
    shown = page.locator(".shot .when", has_text="error")
    expect(shown).to_have_count(60)
    errors = [float(text.removeprefix("error ")) for text in shown.all_inner_texts()]
    assert errors == sorted(errors, reverse=True)
    page.locator(".shot").nth(1).click()
    page.wait_for_url("**/images/*?*sort=reconstruction*")
    expect(page.locator(".acts a[rel=prev]")).to_be_visible()
    listed = site.running.with_token("viewer").get("/api/v1/models/m/records?order=reconstruction&limit=500")
    told = [one["id"] for one in listed.json()["records"]]
    assert len(told) == DAYS * PER_DAY
    assert {name[0] for name in told[-PER_DAY:]} >= {str(DAYS - 1)}  # faded images are easy to show


def test_it_is_set_and_removed(page: Page, site: Site, tmp_path: Path) -> None:
    log_in(page, site, "vic", to=f"{EYE}/setup")
    card = page.locator("#autoencoder")
    expect(card.locator("tbody tr")).to_contain_text(["images"])
    expect(card.locator(".chip")).to_have_text("in use")
    expect(card.locator("form, .head a")).to_have_count(0)
    page.context.clear_cookies()
    log_in(page, site, "ella", to=f"{EYE}/setup")
    expect(card.get_by_role("button", name="Show it earlier images", exact=True)).to_be_visible()
    card.get_by_role("link", name="Set another", exact=True).click()
    wrong, right = tmp_path / "wrong.onnx", tmp_path / "right.onnx"
    wrong.write_bytes(b"no network")
    right.write_bytes(full_autoencoder())
    page.set_input_files("input[type=file]", wrong)
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("no ONNX model")
    page.set_input_files("input[type=file]", right)
    page.get_by_label("Records that came before", exact=True).select_option("all")
    page.get_by_role("button", name="Set", exact=True).click()
    page.wait_for_url("**told=autoencoder*")
    rows = card.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("drawn")
    expect(rows.first).to_contain_text("3 images")
    expect(rows.nth(1)).to_contain_text("replaced")
    expect(card.get_by_role("button", name="Show it earlier images", exact=True)).to_have_count(0)
    engine = site.running.services.engine
    with reading(engine) as connection:
        assert len(asked_backfills(connection)) == 1
        model = find_model(connection, "m")
    card.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    page.wait_for_url("**told=no-autoencoder*")
    expect(card).to_contain_text("driftwheel models set-autoencoder m autoencoder.onnx")
    with reading(engine) as connection:
        assert current_autoencoder(connection, model.key) is None
    none = site.running.with_token("viewer").get("/api/v1/models/m/records?order=reconstruction")
    assert none.status_code == 422
    assert "has no autoencoder, so no image has a reconstruction error" in none.json()["detail"]


def test_one_is_asked_for_and_what_becomes_of_it_is_told(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to=f"{EYE}/autoencoder")
    page.get_by_label("Side", exact=True).select_option("32")
    page.get_by_label("Look at brightness alone", exact=True).check()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**told=training*")
    card = page.locator("#autoencoder")
    expect(card.locator("tbody tr").first.locator(".chip")).to_have_text("training")
    engine = site.running.services.engine
    with reading(engine) as connection:
        (wanted,) = training_autoencoders(connection)
    assert wanted.settings == {"side": 32, "colour": False, "latent": 64, "noise": 0.0, "flip": False}
    page.goto(f"{site.url}{EYE}/autoencoder")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("is in training already")
    fail_autoencoder(engine, wanted.key, "Too few images.")
    page.goto(f"{site.url}{EYE}/setup")
    failed = card.locator("tbody tr").first
    expect(failed.locator(".chip")).to_have_text("failed")
    expect(failed).to_contain_text("Too few images.")
