"""From an alert to labels: a manager in Chromium, and annotators over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.services.judged_days import BEGIN, DAY
from tests.web.pages.alerting_site import DAYS, NOW, alerting, episodes
from tests.web.pages.conftest import Site, log_in, press
from tests.web.pages.pictures import picture

from driftwheel.predictions import Classification, Record
from driftwheel.services.ingest.ingest_values import Incoming

PICTURES = 24


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose camera 1 fails on its last two days; pictures of both cameras come every hour of them."""
    with alerting(tmp_path_factory.mktemp("alerting")) as (site, _):
        sent = [
            Incoming(
                Record(
                    f"p{i:02}",
                    "m",
                    BEGIN + (DAYS - 2) * DAY + timedelta(hours=2 * i),
                    tags={"camera": str(1 + i % 2)},
                    prediction=Classification("good", {"good": 0.6, "bad": 0.4}),
                ),
                picture(i),
            )
            for i in range(PICTURES)
        ]
        done = site.running.services.ingest.ingest(sent, received=NOW)
        assert {one.outcome for one in done} == {"accepted"}
        yield site


def answer_all(client: httpx.Client, project: str, said: str) -> int:
    """Answer everything that an annotator gets, and return how much that was."""
    n = 0
    while tasks := client.post(f"{project}/next", json={"count": 5}).json()["tasks"]:
        for task in tasks:
            body = {
                "id": str(uuid.uuid4()),
                "task": task["task"],
                "payload": {"class": said},
                "seconds": 2.0,
            }
            assert client.post(f"{project}/answers", json=body).status_code == 202
            n += 1
    return n


def join(site: Site, link: str, name: str) -> httpx.Client:
    body = {"invitation": link.rsplit("/", 1)[1], "name": name}
    joined = site.running.client().post("/api/v1/join", json=body)
    assert joined.status_code == 201, joined.text
    return site.running.client({"Authorization": f"Bearer {joined.json()['token']}"})


def test_from_an_alert_over_a_link_to_labels_and_a_ban_that_is_undone(page: Page, lasting: Site) -> None:
    (alert,) = [one for one in episodes(lasting) if one.value == "1"]
    log_in(page, lasting, "ella", to=f"/alerts/{alert.key}")
    page.get_by_role("link", name="Label 200 images of this alert").click()
    expect(page.locator(".list-of")).to_contain_text("12 images")  # of camera 1, on the two days
    expect(page.get_by_label("Name of the pool", exact=True)).to_have_value(f"Alert {alert.key}")
    page.get_by_label("Classes", exact=True).fill("good\nbad")
    page.get_by_label("and more, up to", exact=True).fill("2")
    page.get_by_label("at random", exact=True).check()
    page.get_by_role("button", name="Create and open").click()
    page.wait_for_url("**told=opened")
    expect(page.locator(".album .shot")).to_have_count(12)
    expect(page.locator(".album .when").first).to_contain_text(f"of alert {alert.key}: drawn at random")
    project = f"/api/v1/projects/{page.url.split('/labels/')[1].split('/')[0]}"

    page.get_by_role("link", name="Invite annotators", exact=True).click()
    page.get_by_label("Whom it is for", exact=True).fill("the shift")
    page.get_by_label("People", exact=True).fill("3")
    page.get_by_role("button", name="Create link").click()
    link = page.locator(".say .command pre").inner_text()
    ann, bob, mal = (join(lasting, link, name) for name in ("ann", "bob", "mallory"))
    assert [answer_all(each, project, said) for each, said in ((ann, "good"), (mal, "bad"))] == [12, 12]

    page.get_by_role("link", name="Overview", exact=True).last.click()
    expect(page.locator(".alpha")).not_to_have_text("–")
    row = page.locator(".people tr", has_text="mallory").first
    expect(row).to_contain_text("12")
    row.get_by_role("link", name="Ban …").click()
    page.get_by_label("Reason", exact=True).fill("answers <b>bad</b> to everything")
    page.get_by_role("button", name="Ban", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Banned")
    expect(page.locator(".say.bad")).to_contain_text("answers <b>bad</b> to everything")
    expect(page.locator(".say.bad")).to_contain_text("12 answers count no longer")
    assert mal.post(f"{project}/next", json={}).status_code == 401

    assert answer_all(bob, project, "good") == 12
    page.goto(page.url.rsplit("/annotators", 1)[0])
    expect(page.locator(".say .lead")).to_contain_text("All 12 images are labelled.")
    page.locator(".people tr", has_text="mallory").first.get_by_role("button", name="Undo ban").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo ban").click()
    page.wait_for_url("**told=undone")
    expect(page.locator(".people tr", has_text="mallory").first).to_contain_text("labels")
    assert mal.post(f"{project}/next", json={}).status_code == 200


def test_images_of_a_filter_are_labelled_by_one_key_an_image_in_review(page: Page, lasting: Site) -> None:
    log_in(page, lasting, "ella", to="/images?model=m&tag=camera%3D2&sort=oldest")
    page.get_by_role("link", name="Label these images").click()
    page.get_by_label("Project", exact=True).select_option("new")
    page.get_by_label("Name of the project", exact=True).fill("by one key")
    page.get_by_label("Classes", exact=True).fill("good | g\nbad | b")
    for label, value in (("How many", "3"), ("Answers an image", "2"), ("and more, up to", "2")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("the first of the list", exact=True).check()
    page.get_by_role("button", name="Create and open").click()
    page.wait_for_url("**told=opened")
    key = page.url.split("/labels/")[1].split("/")[0]
    made = lasting.running.logged_in("ella").post(f"/labels/{key}/annotators", data={"most": "2"})
    link = made.text.partition("<pre")[2].partition(">")[2].partition("<")[0]
    for name, said in (("cy", "good"), ("dan", "bad")):
        assert answer_all(join(lasting, link, name), f"/api/v1/projects/{key}", said) == 3

    page.goto(f"{lasting.url}/labels/{key}/review")
    expect(page.locator(".answers-list tbody tr")).to_have_count(2)
    shown = page.locator(".versus").inner_text()
    press(page, "b")
    page.wait_for_url("**told=edit**")
    expect(page.locator(".versus")).not_to_have_text(shown)
    press(page, "Enter")
    page.wait_for_url("**told=accept**")
    press(page, "Backspace")
    page.wait_for_url("**told=reject**")
    expect(page.get_by_role("heading", name="Nothing waits for a person")).to_be_visible()
    page.goto(f"{lasting.url}/labels/{key}")
    expect(page.locator(".say .lead")).to_contain_text("2 of 3 images are labelled.")


def test_every_page_fits_a_telephone_and_works_without_scripts(browser: Browser, lasting: Site) -> None:
    pages = ("", "/annotators", "/golden", "/review", "/errors", "/settings", "/pools/1", "/annotators/1")
    paths = ["/labels", "/labels/new", "/labels/images?model=m", *(f"/labels/1{one}" for one in pages)]
    for scripts in (True, False):
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, java_script_enabled=scripts, color_scheme="dark"
        )
        page = context.new_page()
        log_in(page, lasting, "ella", to="/labels")
        for path in paths:
            answer = page.goto(lasting.url + path)
            assert answer is not None
            assert answer.status == 200, path
            if scripts:
                assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
                nameless = page.evaluate(
                    """[...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
                        .filter(each => !each.labels.length && !each.ariaLabel).map(each => each.outerHTML)"""
                )
                assert nameless == [], path
                inline = "document.querySelectorAll('[style], script:not([src]), style').length"
                assert page.evaluate(inline) == 0, path
        context.close()
