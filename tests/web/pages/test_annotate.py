"""The annotate page, as annotators use it: classes, training, exam, what ends, a connection that drops."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from tests.web.pages.labelling_site import CLASSES, LabellingSite, join, labelling, press, task

from driftwheel.services.label.quality.challenge_annotator import ask_challenge
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.pools import open_pools

DISC, RING = {"class": "disc"}, {"class": "ring"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabellingSite]:
    with labelling(tmp_path_factory.mktemp("site")) as made:
        yield made


def payloads(site: LabellingSite, project: int) -> list[object]:
    return [one["payload"] for one in site.said(project)]


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("All answers saved")


def kept(page: Page) -> list[dict[str, object]]:
    """Return what the browser keeps of answers that are not confirmed."""
    found = page.evaluate(
        """Object.keys(localStorage).filter((key) => key.includes(" unsent ")).sort()
        .map((key) => localStorage[key])"""
    )
    return [json.loads(one) for one in found]


def test_classes_by_key_button_and_undo(page: Page, site: LabellingSite) -> None:
    project = site.project(7)
    join(page, site, project)
    expect(page.get_by_role("button", name="disc", exact=False)).to_contain_text("1")
    press(page, "1")
    before = task(page)
    page.get_by_role("button", name="ring R", exact=True).click()
    expect(page.locator("#annotate")).not_to_have_attribute("data-task", before)
    press(page, "z")
    assert task(page) == before  # undone: the same image again
    press(page, "1", "0")
    saved(page)
    kinds = [(one["kind"], one["payload"], one["state"]) for one in site.said(project)]
    assert kinds == [
        ("answer", DISC, "counted"),
        ("answer", RING, "undone"),
        ("answer", DISC, "counted"),
        ("cannot_tell", None, "counted"),
    ]
    page.keyboard.press("x")
    expect(page.get_by_role("dialog")).to_be_visible()
    before = task(page)
    page.keyboard.press("2")
    expect(page.locator("#annotate")).not_to_have_attribute("data-task", before)
    saved(page)
    last = site.said(project)[-1]
    assert (last["kind"], last["reason"]) == ("skip", "It is not what is asked about")
    for words in ("a hand", "a foot"):
        before = task(page)
        page.keyboard.press("x")
        page.get_by_label("Something else", exact=True).fill(words)
        page.keyboard.press("Enter")
        expect(page.locator("#annotate")).not_to_have_attribute("data-task", before)
    saved(page)
    assert [one["reason"] for one in site.said(project)[-2:]] == ["a hand", "a foot"]
    press(page, "r")
    expect(page.get_by_role("heading", name="Nothing to label just now", exact=True)).to_be_visible()
    assert all(0 <= one["seconds"] < 60 for one in site.said(project))
    pauses = page.evaluate("performance.getEntriesByName('between-tasks').map((one) => one.duration)")
    assert len(pauses) >= 4
    print("ms between tasks:", [round(one) for one in pauses])  # noqa: T201  reported, not asserted


def test_several_classes_and_a_draft_that_a_reload_keeps(page: Page, site: LabellingSite) -> None:
    project = site.project(2, "multi-class", classes=[*CLASSES, {"name": "a long name " * 5}])
    page.set_viewport_size({"width": 390, "height": 780})
    join(page, site, project)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.keyboard.press("1")
    page.keyboard.press("r")
    expect(page.locator(".choice[aria-pressed=true]")).to_have_count(2)
    page.keyboard.press("1")
    expect(page.locator(".choice[aria-pressed=true]")).to_have_count(1)
    page.reload()
    expect(page.locator(".choice[aria-pressed=true]")).to_have_text("ringR")
    press(page, "Enter", "Enter")
    expect(page.get_by_role("heading", name="All images are labelled", exact=True)).to_be_visible()
    assert payloads(site, project) == [{"classes": ["ring"]}, {"classes": []}]


def test_training_is_explained_and_an_exam_decides(page: Page, site: LabellingSite) -> None:
    special = [("training", RING), ("exam", DISC), ("exam", DISC)]
    project = site.project(2, special=special, instructions="Look **twice**.\n\n<b>x</b>")
    join(page, site, project)
    expect(page.get_by_role("dialog")).to_contain_text("Look twice. <b>x</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_have_text("Training 1 of 1")
    expect(page.get_by_role("button", name="Skip", exact=False).first).to_be_disabled()
    page.keyboard.press("1")
    expect(page.locator("#verdict")).to_have_text("Not right: see which class it is.")
    expect(page.locator(".choice[data-kind=right]")).to_contain_text("ring")
    expect(page.locator(".choice[data-kind=wrong]")).to_contain_text("disc")
    press(page, "Enter")
    expect(page.locator("#stage")).to_have_text("Exam 1 of 2")
    press(page, "r")
    expect(page.locator("#stage")).to_have_text("Exam 2 of 2")
    press(page, "r")
    expect(page.get_by_role("heading", name="The exam was not passed", exact=True)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("instructions and keys")


def test_answers_without_a_connection_are_kept_and_sent_once(page: Page, site: LabellingSite) -> None:
    project = site.project(12)
    join(page, site, project)
    press(page, "1")
    saved(page)
    page.context.set_offline(True)
    press(page, "r", "1")
    expect(page.locator("#saved")).to_have_text(
        "No connection. 2 answers are kept on this device, and sent when the connection is back"
    )
    ids = [one["id"] for one in kept(page)]
    assert len(site.said(project)) == 1
    press(page, "z")  # what was not sent is taken back here
    press(page, "r")
    ids = [*ids[:1], kept(page)[1]["id"]]
    page.context.set_offline(False)
    saved(page)
    assert kept(page) == []
    assert [one["id"] for one in site.said(project)][1:] == ids
    assert payloads(site, project) == [DISC, RING, RING]


def test_answers_outlive_a_reload_and_count_once(page: Page, site: LabellingSite) -> None:
    """The server gets them, and the page is closed before it hears of it."""
    project = site.project(12)
    join(page, site, project)
    address = f"**/api/v1/projects/{project}/answers"

    def swallow(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    page.route(address, swallow)
    press(page, "1", "1")
    expect(page.locator("#saved")).to_contain_text("2 answers are kept on this device")
    present = task(page)
    assert len(site.said(project)) == 1
    page.reload()
    expect(page.locator("#annotate")).to_have_attribute("data-task", present)  # not those that are answered
    page.unroute(address)
    page.evaluate("dispatchEvent(new Event('online'))")
    saved(page)
    assert payloads(site, project) == [DISC, DISC]
    assert {one["state"] for one in site.said(project)} == {"counted"}


def test_an_answer_that_the_server_does_not_take_is_told(page: Page, site: LabellingSite) -> None:
    project = site.project(3)
    join(page, site, project)
    page.context.set_offline(True)
    press(page, "1")
    entry = kept(page)[0]
    key = page.evaluate("Object.keys(localStorage).find((key) => key.includes(' unsent '))")
    page.evaluate(
        "([key, text]) => localStorage.setItem(key, text)", [key, json.dumps(entry | {"task": 10**9})]
    )
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_have_text("1 answer was not taken")
    expect(page.locator("#toast")).to_contain_text("There is no task 1000000000 that was given")
    page.get_by_role("button", name="See why", exact=True).click()
    saved(page)


@pytest.mark.parametrize("why", ["budget", "closed", "banned", "not qualified"])
def test_what_ends_is_said(page: Page, site: LabellingSite, why: str) -> None:
    more = {"budget": {"price": 1.0, "budget": 1.0}, "not qualified": {"requires": {"tags": ["x"]}}}
    project = site.project(2, **more.get(why, {}))
    join(page, site, project, ready=why != "not qualified")
    at = f"/api/v1/projects/{project}"
    if why == "closed":
        (pool,) = site.lead.get(f"{at}/pools").json()
        site.lead.post(f"{at}/pools/{pool['key']}/close", json={})
        press(page, "1", "1")
        title = "Labelling is closed"
    elif why == "budget":
        press(page, "1")
        title = "The budget is spent"
    elif why == "not qualified":
        title = "You lack something that is required"
    else:
        (person,) = site.lead.get(f"{at}/annotators").json()
        body = {"reason": "random answers"}
        assert site.lead.post(f"{at}/annotators/{person['key']}/ban", json=body).status_code == 200
        page.keyboard.press("1")
        title = "Your access has ended"
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    if why == "banned":
        page.reload()
        expect(page.get_by_role("main")).to_contain_text("Your access to this project has ended")


def challenge(site: LabellingSite, project: int) -> str:
    """Return the digits that the only annotator of a project is to type; ask for them where nothing waits."""
    services = site.running.services
    (person,) = site.lead.get(f"/api/v1/projects/{project}/annotators").json()
    with writing(services.engine) as connection:
        (pool,) = open_pools(connection, project)
        return ask_challenge(connection, pool, person["key"], site.running.clock()).digits


def press_until(page: Page, shown: Locator) -> None:
    """Answer as fast as the page takes it, until something else is shown."""
    for _ in range(30):
        if shown.is_visible():
            return
        press(page, "1")
        saved(page)


def test_challenges_and_pauses(page: Page, site: LabellingSite) -> None:
    project = site.project(40, rules={"too_fast": True, "fast_seconds": 60})
    join(page, site, project)
    challenge(site, project)
    field = page.get_by_label("Digits", exact=True)
    press_until(page, field)
    for text in ("no", None):
        expect(field).to_be_focused()  # what was typed before that is not the reply
        expect(field).to_have_value("")
        assert page.locator("#challenge img").evaluate("(image) => image.decode().then(() => image.width)")
        page.keyboard.type(text or challenge(site, project))
        page.keyboard.press("Enter")
        if text:
            expect(page.get_by_role("alert")).to_contain_text("That was not right")
    expect(page.locator("#canvas")).to_have_attribute("data-state", "shown")
    press_until(page, page.get_by_role("heading", name="Time for a pause", exact=True))
    expect(page.locator("#state")).to_contain_text("Tasks come again at ")


def test_who_joined_comes_back_by_the_link_and_sees_nothing_else(page: Page, site: LabellingSite) -> None:
    project = site.project(2, requires={"languages": ["de"]})
    link = site.link(project)
    page.goto(link)
    page.get_by_label("Your name", exact=True).fill(" ")
    page.get_by_role("button", name="Join and begin", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("is no name")
    page.get_by_label("Your name", exact=True).fill("berta")
    page.get_by_label("de", exact=True).check()
    page.get_by_role("button", name="Join and begin", exact=True).click()
    expect(page.locator("#canvas")).to_have_attribute("data-state", "shown")
    assert page.evaluate("document.cookie") == ""  # no script sees the token
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    for address in (link, f"{site.running.url}/", f"{site.running.url}/annotate"):
        page.goto(address)  # used up, and still the way back
        page.wait_for_url(f"**/annotate/{project}")
    other = site.project(1)
    for path in ("/settings", "/models", "/images", f"/annotate/{other}", f"/api/v1/projects/{project}"):
        assert page.goto(site.running.url + path).status in {403, 404}, path  # type: ignore[union-attr]
    without_secret = page.request.post(f"{site.running.url}/api/v1/projects/{project}/next", data={})
    assert without_secret.status == 403  # a form of another site
    page.context.clear_cookies()
    assert page.goto(link).status == 404  # type: ignore[union-attr]
    expect(page.get_by_role("main")).to_contain_text("It has ended, or is used up")


def test_users_choose_a_project_and_label_as_themselves(page: Page, site: LabellingSite) -> None:
    project = site.project(2, special=[("golden", DISC)], golden_share=0.0)
    site.running.user("anno", "annotator")
    client = site.running.logged_in("anno")
    cookie = {"name": "driftwheel_session", "value": client.cookies["driftwheel_session"]}
    page.context.add_cookies([cookie | {"url": site.running.url}])
    page.goto(site.running.url + "/annotate")
    name = site.lead.get(f"/api/v1/projects/{project}").json()["name"]
    page.get_by_role("link", name=f"Label {name}", exact=True).click()
    expect(page.locator("#canvas")).to_have_attribute("data-state", "shown")
    press(page, "1")
    saved(page)
    page.context.clear_cookies()
    press(page, "1")
    expect(page.get_by_role("heading", name="You are logged out", exact=True)).to_be_visible()
    page.context.add_cookies([cookie | {"url": site.running.url}])
    page.reload()
    expect(page.get_by_role("heading", name="All images are labelled", exact=True)).to_be_visible()
    assert payloads(site, project) == [DISC, DISC]


def test_what_a_rule_noticed_is_told_once_beside_the_image(page: Page, site: LabellingSite) -> None:
    project = site.project(30, rules={"skipping": True, "skips_in_row": 3})
    join(page, site, project)
    notice = page.locator("#notice")
    expect(notice).to_be_hidden()
    for skipped in range(1, 7):  # the fourth in a row is one too many, the seventh is a pause
        before = task(page)
        page.keyboard.press("x")
        page.keyboard.press("1")
        expect(page.locator("#annotate")).not_to_have_attribute("data-task", before)
        if skipped >= 4:  # told with the next tasks that are asked for
            with suppress(PlaywrightTimeout):
                notice.wait_for(state="visible", timeout=3000)
                break
    expect(notice).to_contain_text("You have passed over many images in a row.")
    expect(notice).to_contain_text("Tell who invited you")
    notice.get_by_role("button", name="I see", exact=True).click()
    expect(notice).to_be_hidden()
    page.reload()
    expect(page.locator("#canvas")).to_have_attribute("data-state", "shown")
    expect(notice).to_be_hidden()
