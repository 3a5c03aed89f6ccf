"""Boxes on the annotate page, drawn and changed by mouse, keys and touch; what becomes of suggestions."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, expect
from tests.web.pages.labelling_site import LabellingSite, join, labelling, press

from driftwheel.predictions import Box, Classification, Detection
from driftwheel.store.assist.prelabels import Prelabel, put_prelabels
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.pools import open_pools
from driftwheel.store.labels.tasks import list_tasks

CLASSES = ({"name": "bolt"}, {"name": "nut"})
WIDTH, HEIGHT = 160, 120  # of the images


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabellingSite]:
    with labelling(tmp_path_factory.mktemp("site")) as made:
        yield made


def spot(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where in the window a point of the image is."""
    box = page.locator("#layer img").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"] / WIDTH, box["y"] + y * box["height"] / HEIGHT


def drag(page: Page, *points: tuple[float, float]) -> None:
    """Press at the first point of the image, go to the others, and let go."""
    page.mouse.move(*spot(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*spot(page, *point), steps=3)
    page.mouse.up()


def boxes(site: LabellingSite, project: int) -> list[dict[str, Any]]:
    """Return the boxes of the only answer of a project, in whole pixels."""
    (one,) = [one for one in site.said(project) if one["state"] == "counted"]
    return [
        {name: value if name == "class" else round(value) for name, value in box.items()}
        for box in one["payload"]["boxes"]
    ]


def box(name: str, *numbers: float) -> dict[str, Any]:
    """Return a box of x, y, w, h and perhaps its rotation."""
    return {"class": name, "rotation": 0} | dict(zip(("x", "y", "w", "h", "rotation"), numbers, strict=False))


def send(page: Page) -> None:
    press(page, "Enter")
    expect(page.locator("#saved")).to_have_text("All answers saved")


def test_by_mouse(page: Page, site: LabellingSite) -> None:
    project = site.project(2, "boxes", classes=CLASSES)
    join(page, site, project)
    expect(page.get_by_role("button", name="Nothing to mark Enter", exact=True)).to_be_enabled()
    drag(page, (20, 20), (60, 50))
    drag(page, (40, 35), (50, 45))  # the box is chosen: it is moved
    drag(page, (70, 60), (90, 80))  # its lower right handle
    page.mouse.click(*spot(page, 150, 10))  # beside it: none is chosen
    page.get_by_role("button", name="nut", exact=False).click()
    drag(page, (100, 90), (170, 130))  # to beyond the edge
    drag(page, (130, 105), (10, 10))  # moved as a whole, it stops there
    drag(page, (40, 40), (80, 70))  # none chosen there: inside the first a new one is drawn
    page.get_by_role("button", name="Delete Del", exact=True).click()
    expect(page.locator("#box-count")).to_have_text("2")
    page.mouse.click(*spot(page, 85, 75))
    page.get_by_role("button", name="bolt", exact=False).first.click()
    send(page)
    assert boxes(site, project) == [box("bolt", 30, 30, 60, 50), box("nut", 0, 0, 60, 30)]


def test_by_keys(page: Page, site: LabellingSite) -> None:
    project = site.project(2, "boxes", classes=CLASSES)
    join(page, site, project)
    page.keyboard.press("b")  # a quarter of what is seen, in the middle
    for key in ("ArrowRight", "Shift+ArrowUp", "Alt+ArrowRight", "Shift+Alt+ArrowDown", "2"):
        page.keyboard.press(key)
    expect(page.locator(".pick")).to_have_text("nut41 × 40")
    page.keyboard.press("c")
    page.keyboard.press("1")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("]")
    page.keyboard.press("n")
    expect(page.locator(".pick").first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Delete")
    expect(page.locator("#box-count")).to_have_text("1")
    page.keyboard.press("Control+z")
    expect(page.locator("#box-count")).to_have_text("2")
    page.keyboard.press("Escape")
    expect(page.locator(".pick[aria-pressed=true]")).to_have_count(0)
    send(page)
    first, second = boxes(site, project)
    assert first == box("nut", 61, 35, 41, 40)
    assert second == box("bolt", 75, 39, 41, 40, 1)
    press(page, "z")  # no step is left: the answer comes back with its boxes
    expect(page.locator("#box-count")).to_have_text("2")


def test_zoomed_and_panned_boxes_lie_where_they_are_drawn(page: Page, site: LabellingSite) -> None:
    project = site.project(1, "boxes", classes=CLASSES)
    join(page, site, project)
    page.mouse.move(*spot(page, 40, 30))
    page.mouse.wheel(0, -300)
    expect(page.locator("#zoom-now")).not_to_have_text("100 %")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("h")
    drag(page, (40, 30), (44, 33))  # the hand moves the image
    page.keyboard.press("h")
    drag(page, (32, 24), (52, 42))
    page.keyboard.press("[")
    page.keyboard.press("f")
    expect(page.locator("#zoom-now")).to_have_text("100 %")
    send(page)
    assert boxes(site, project) == [box("bolt", 32, 24, 20, 18, -1)]


def touches(cdp: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    at = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})


def finger(page: Page, cdp: CDPSession, *points: tuple[float, float]) -> None:
    touches(cdp, "touchStart", spot(page, *points[0]))
    for point in points[1:]:
        touches(cdp, "touchMove", spot(page, *point))
    touches(cdp, "touchEnd")


def test_by_touch_on_a_telephone(browser: Browser, site: LabellingSite) -> None:
    project = site.project(2, "boxes", classes=CLASSES)
    context = browser.new_context(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(10_000)
    join(page, site, project)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    cdp = context.new_cdp_session(page)
    finger(page, cdp, (20, 20), (40, 40), (60, 50))
    expect(page.locator("#box-count")).to_have_text("1")
    finger(page, cdp, (40, 35), (46, 40), (50, 45))  # moved
    finger(page, cdp, (70, 60), (80, 70), (90, 80))  # resized by its handle
    page.get_by_role("button", name="nut", exact=False).first.tap()
    x, y = spot(page, 120, 60)
    touches(cdp, "touchStart", (x, y))
    touches(cdp, "touchStart", (x, y), (x + 20, y))  # a second finger: it pinches, and draws nothing
    touches(cdp, "touchMove", (x - 20, y), (x + 40, y))
    touches(cdp, "touchEnd")
    expect(page.locator("#zoom-now")).not_to_have_text("100 %")
    expect(page.locator("#box-count")).to_have_text("1")
    page.locator("#zoom-now").tap()
    expect(page.locator("#zoom-now")).to_have_text("100 %")
    page.locator("#primary").tap()
    expect(page.locator("#saved")).to_have_text("All answers saved")
    expect(page.locator("#box-count")).to_have_text("0")
    assert boxes(site, project) == [box("nut", 30, 30, 60, 50)]
    context.close()


def marked(orientation: int) -> bytes:
    """Return a JPEG of 160 × 120 as stored, green at the left above, with an EXIF orientation."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (200, 30, 30))
    image.paste((30, 200, 30), (0, 0, 50, 40))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(data := io.BytesIO(), "JPEG", exif=exif, quality=95)
    return data.getvalue()


def test_images_lie_as_the_server_reads_them(page: Page, site: LabellingSite) -> None:
    """Turned by EXIF, and of a format that browsers do not show."""
    Image.new("RGB", (WIDTH, HEIGHT), (30, 200, 30)).save(tiff := io.BytesIO(), "TIFF")
    images = [marked(6), marked(3), tiff.getvalue()]
    project = site.project(3, "boxes", classes=CLASSES, images=images)
    join(page, site, project)
    seen = []
    for number in range(3):
        seen.append(
            page.locator("#layer img").evaluate(
                """(image) => {
                  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
                  const context = canvas.getContext("2d", { willReadFrequently: true });
                  context.drawImage(image, 0, 0);
                  const green = (x, y) => context.getImageData(x, y, 1, 1).data[1] > 120;
                  const [width, height] = [image.naturalWidth, image.naturalHeight];
                  const [right, below] = [width - 5, height - 5];
                  return [width, green(5, 5), green(right, 5), green(5, below), green(right, below)];
                }"""
            )
        )
        if number < 2:
            press(page, "Enter")
    assert seen == [
        [120, False, True, False, False],
        [160, False, False, False, True],
        [160, True, True, True, True],
    ]


def test_suggested_boxes_are_accepted_edited_or_rejected(page: Page, site: LabellingSite) -> None:
    said = Detection((Box("bolt", 20, 20, 40, 30, 0.9), Box("nut", 90, 60, 30, 30, 0.8)))
    project = site.project(3, "boxes", classes=CLASSES, prediction=said)
    join(page, site, project)
    expect(page.locator(".pick")).to_have_text(["boltsuggested", "nutsuggested"])
    expect(page.locator("#primary")).to_have_text("Accept Space")
    press(page, " ")
    page.keyboard.press("n")
    page.keyboard.press("Delete")
    expect(page.locator("#primary")).to_have_text("Send Enter")
    press(page, "Enter")
    page.keyboard.press("r")
    expect(page.locator("#box-count")).to_have_text("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All images are labelled", exact=True)).to_be_visible()
    n = [len(one["payload"]["boxes"]) for one in site.said(project)]
    assert n == [2, 1, 0]


def test_a_suggested_class_is_accepted_or_another_chosen(page: Page, site: LabellingSite) -> None:
    project = site.project(3, prediction=Classification("ring", {"ring": 0.9, "disc": 0.1}))
    join(page, site, project)
    expect(page.locator(".choice[data-kind=suggested]")).to_have_text("ringsuggested, 90 %R")
    press(page, " ", "1")
    page.get_by_role("button", name="Reject", exact=False).click()
    expect(page.locator(".choice[data-kind=suggested]")).to_have_count(0)
    page.keyboard.press(" ")  # nothing is suggested any more
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="All images are labelled", exact=True)).to_be_visible()
    assert [one["payload"]["class"] for one in site.said(project)] == ["ring", "disc", "ring"]


def test_suggested_classes_are_accepted_or_changed(page: Page, site: LabellingSite) -> None:
    project = site.project(2, "multi-class", classes=CLASSES)
    services = site.running.services
    with writing(services.engine) as connection:
        (pool,) = open_pools(connection, project)
        said = {
            one.key: Prelabel({"classes": ["nut"]}, 0.8) for one in list_tasks(connection, pool.key, limit=9)
        }
        put_prelabels(connection, pool.key, said, time=site.running.clock(), by="a file")
    at = f"/api/v1/projects/{project}/pools/{pool.key}/prelabels"
    assert site.lead.patch(at, json={"hidden_share": 0.0}).status_code == 200
    join(page, site, project)
    expect(page.locator(".choice[aria-pressed=true]")).to_have_text("nutsuggested, 80 %2")
    expect(page.locator("#primary")).to_have_text("Accept Space")
    press(page, " ")
    page.keyboard.press("1")
    expect(page.locator("#primary")).to_have_text("Send Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All images are labelled", exact=True)).to_be_visible()
    assert [one["payload"]["classes"] for one in site.said(project)] == [["nut"], ["bolt", "nut"]]


def test_boxes_of_training_are_shown_beside_the_right_ones(page: Page, site: LabellingSite) -> None:
    truth = {"boxes": [box("bolt", 20, 20, 40, 30)]}
    project = site.project(1, "boxes", classes=CLASSES, special=[("training", truth), ("training", truth)])
    join(page, site, project)
    drag(page, (20, 20), (59, 49))
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_have_text("Right.")
    expect(page.locator(".box.truth")).to_have_count(1)
    press(page, "Enter")
    expect(page.locator("#box-count")).to_have_text("0")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_have_text("Not quite: the dashed boxes are right.")
