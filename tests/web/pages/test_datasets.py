"""Pages of dataset versions: made, looked through, compared, corrected, in a browser and without one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.services.datasets.labelled_animals import picture
from tests.web.serving import PASSWORD, Running, serving

AT = "/models/cats/datasets"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with a model of eight told images, and an engineer `eva`."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        running.model("cats")
        running.user("eva", "engineer")
        client = running.with_token("engineer")
        for n in range(8):
            record = {"id": f"i{n}", "time": "2026-03-04T05:06:07Z", "tags": {"camera": str(n % 2)}}
            parts = {"record": (None, json.dumps(record)), "image": (f"{n}.png", picture(n), "image/png")}
            assert client.post("/api/v1/models/cats/records/images", files=parts).status_code == 202
            truth = {"record": f"i{n}", "truth": {"class": "cat" if n % 2 else "dog"}}
            assert client.post("/api/v1/models/cats/truths", json=truth).status_code == 202
        yield running


@pytest.fixture(scope="module")
def eva(site: Running) -> httpx.Client:
    return site.logged_in("eva")


def test_versions_are_made_compared_and_removed(site: Running, page: Page) -> None:
    page.goto(f"{site.url}/log-in")
    page.get_by_label("Name", exact=True).fill("eva")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.goto(site.url + AT)
    expect(page.get_by_role("heading", name="No dataset version yet", exact=True)).to_be_visible()
    page.get_by_role("button", name="Make one of all labels", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The version is made")
    expect(page.locator("#images .shot")).to_have_count(8)
    page.get_by_role("link", name="Datasets", exact=True).first.click()
    expect(page.locator("#answer")).to_contain_text("Version 1 holds all labels that there are.")
    truth = {"record": "i0", "truth": {"class": "cat"}}
    assert site.with_token("engineer").post("/api/v1/models/cats/truths", json=truth).status_code == 202
    page.reload()
    expect(page.locator("#answer")).to_contain_text("Since version 1, ground truth of 1 record was told.")
    page.get_by_role("button", name="Make the next version of it", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The version is made")
    page.get_by_role("link", name="what changed", exact=True).click()
    expect(page.locator(".say .lead")).to_contain_text("1 has another label")
    expect(page.locator("#images .shot")).to_have_count(1)
    expect(page.locator("#images .was")).to_have_text("dog")


def test_a_form_makes_what_it_says(site: Running, eva: httpx.Client) -> None:
    shown = eva.get(f"{AT}/new")
    assert (shown.status_code, "Together by tags" in shown.text) == (200, True)
    form = {
        "labels": "yes",
        "train": "50",
        "validation": "0",
        "test": "50",
        "tags": "camera",
        "note": "by page",
    }
    made = eva.post(f"{AT}/new", data=form | {"csrf": eva.headers["X-CSRF-Token"]})
    assert made.status_code == 303, made.text
    page = eva.get(made.headers["Location"])
    assert "by page" in page.text
    assert "together by the tag camera" in page.text
    assert "2 groups of several images" in page.text
    for change, words in (
        ({"train": "90"}, "add up to 1"),
        ({"train": "all"}, "&#39;all&#39; is no share in percent"),
        ({"since": "now"}, "&#39;now&#39; is no day"),
        ({"labels": ""}, "Say what the version is made of"),
        ({"source": ["review"]}, "No labelled image was found"),
    ):
        refused = eva.post(f"{AT}/new", data=form | change)
        assert (refused.status_code, words in refused.text) == (422, True), words


def test_a_file_corrects_a_version(site: Running, eva: httpx.Client) -> None:
    made = eva.post(f"{AT}/new", data={"labels": "yes", "note": "to be corrected"})
    number = made.headers["Location"].split("?")[0].rsplit("/", 1)[1]
    files = {"file": ("corrections.csv", b"image,label\ni1.png,dog\n", "text/csv")}
    done = eva.post(f"{AT}/folder", data={"parent": number}, files=files)
    assert done.status_code == 303, done.text
    later = done.headers["Location"].split("?")[0]
    page = eva.get(later).text
    assert "decided by a reviewer" in page
    assert "the folder &#39;corrections.csv&#39;" in page
    changes = eva.get(f"{later}/changes", params={"from": number}).text
    assert '<span class="was">cat</span> dog' in changes
    refused = eva.post(f"{AT}/folder", data={"parent": number})
    assert (refused.status_code, "Choose a zip archive" in refused.text) == (422, True)


def test_downloads_notes_and_removal(site: Running, eva: httpx.Client) -> None:
    made = eva.post(f"{AT}/new", data={"labels": "yes", "train": "100", "validation": "0", "test": "0"})
    at = made.headers["Location"].split("?")[0]
    assert eva.get(f"{at}/download", params={"format": "csv"}).text.startswith("image,label")
    for query, words in (
        ({"format": "coco"}, "allow &#39;classes&#39;"),
        ({"format": "cocoa"}, "Did you mean"),
    ):
        refused = eva.get(f"{at}/download", params=query)
        assert (refused.status_code, words in refused.text) == (422, True)
    assert eva.post(f"{at}/note", data={"note": "for the audit"}).status_code == 303
    assert "for the audit" in eva.get(at).text
    assert eva.post(f"{at}/remove").status_code == 303
    gone = eva.get(at)
    assert (gone.status_code, "Removed" in gone.text, "Take it elsewhere" in gone.text) == (200, True, False)
    assert "was removed" in eva.get(f"{at}/changes", params={"from": 1}).text
    assert eva.get(f"{AT}/99").status_code == 404
    site.user("vic", "viewer")
    viewer = site.logged_in("vic")
    assert viewer.get(AT).status_code == 200
    assert viewer.get(f"{AT}/new").status_code == 403
    assert viewer.post(f"{AT}/more").status_code == 403
