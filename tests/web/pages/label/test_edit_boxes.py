"""Under review, boxes are changed with the tools of the annotate page, in Chromium."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.conftest import log_in
from tests.web.pages.labelling_site import LabellingSite, labelling
from tests.web.pages.test_annotate_boxes import CLASSES, box, drag, spot

from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.tasks import Task, list_tasks


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabellingSite]:
    with labelling(tmp_path_factory.mktemp("site")) as made:
        made.running.user("ella", "engineer")
        yield made


def labelled(site: LabellingSite, project: int) -> Task:
    """Let somebody draw two boxes on the only image, and return its task."""
    at = f"/api/v1/projects/{project}"
    (given,) = site.lead.post(f"{at}/next", json={"annotator": "anna"}).json()["tasks"]
    drawn = {"boxes": [box("bolt", 20, 20, 40, 30), box("nut", 90, 60, 30, 30)]}
    said = {"id": str(uuid.uuid4()), "task": given["task"], "payload": drawn, "annotator": "anna"}
    assert site.lead.post(f"{at}/answers", json=said).status_code == 202
    return the_task(site, project)


def the_task(site: LabellingSite, project: int) -> Task:
    with reading(site.running.services.engine) as connection:
        (pool,) = list_pools(connection, project)
        (task,) = list_tasks(connection, pool.key)
    return task


def test_boxes_are_moved_drawn_and_relabelled_in_review(page: Page, site: LabellingSite) -> None:
    project = site.project(1, "boxes", classes=CLASSES)
    task = labelled(site, project)
    log_in(page, site.running, "ella")
    page.goto(f"{site.running.url}/labels/{project}/tasks/{task.key}")
    page.keyboard.press("e")
    expect(page.locator("#canvas")).to_have_attribute("data-state", "shown")
    expect(page.locator("#box-count")).to_have_text("2")
    page.mouse.click(*spot(page, 40, 35))
    drag(page, (40, 35), (50, 45))  # moved
    page.keyboard.press("2")  # it is a nut
    page.mouse.click(*spot(page, 105, 75))
    page.keyboard.press("Backspace")  # deletes the box, and does not reject the label
    page.mouse.click(*spot(page, 150, 10))
    drag(page, (100, 80), (140, 110))  # drawn
    page.keyboard.press("Enter")
    expect(page.get_by_text("Changed, and final.", exact=True)).to_be_visible()
    decided = the_task(site, project)
    assert (decided.state, decided.confidence) == ("done", 1.0)
    boxes = [
        {name: value if name == "class" else round(value) for name, value in one.items()}
        for one in (decided.consensus or {})["boxes"]
    ]
    assert boxes == [box("nut", 30, 30, 40, 30), box("nut", 100, 80, 40, 30)]
