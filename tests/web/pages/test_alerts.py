from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from tests.services.alerting import fire
from tests.services.judged_days import Watched
from tests.web.pages.alerting_site import DAYS, NOW, UNREADABLE, alerting, episodes
from tests.web.pages.conftest import Site, log_in, press

from driftwheel.alerts.episode import Episode
from driftwheel.services.channels.send_notifications import make_messages
from driftwheel.store.alerts.monitors import find_monitor, set_enabled
from driftwheel.store.alerts.notifications import list_notifications, set_sent
from driftwheel.store.alerts.notified_groups import make_due
from driftwheel.store.engine.database import reading, writing
from driftwheel.web.pages.alerts.alert_acts import SNOOZES


@pytest.fixture
def made(tmp_path) -> Iterator[tuple[Site, Watched]]:
    with alerting(tmp_path) as made:
        yield made


@pytest.fixture
def lasting(made: tuple[Site, Watched]) -> Site:
    return made[0]


def of_camera(site: Site) -> Episode:
    (one,) = [each for each in episodes(site) if each.value == "1"]
    return one


def test_open_alerts_come_first_the_gravest_on_top_and_keys_go_through_them(
    page: Page, lasting: Site
) -> None:
    log_in(page, lasting, "ella", to="/alerts")
    expect(page.locator(".head")).to_contain_text("3 alerts wait for somebody")
    rows = page.locator(".alert")
    expect(rows.first).to_contain_text("critical")
    expect(rows.first).to_contain_text("Drift: the images are darker.")
    expect(rows.nth(1)).to_contain_text("n = 500")
    press(page, "j", "j", "k", "j", "Enter")
    page.wait_for_url("**/alerts/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text(UNREADABLE)
    press(page, "u")
    page.wait_for_url("**/alerts")


def test_an_alert_says_what_its_message_says(page: Page, lasting: Site) -> None:
    one = of_camera(lasting)
    log_in(page, lasting, "vic", to=f"/alerts/{one.key}")
    message = page.locator(".message")
    expect(message).to_contain_text("Unreadable images: 12 % (n = 500).")
    expect(message).to_contain_text("Unreadable images: at most 5 %.")
    expect(message).to_contain_text("2026-03-11 (UTC)")
    expect(message).to_contain_text("n = 500")
    expect(message).to_contain_text("Open one of the files.")
    expect(page.locator(".head")).to_contain_text("camera = 1")
    expect(page.locator(".rule-chart .seen.breach:visible")).to_have_count(2)
    expect(page.locator(".rule-chart:visible")).to_contain_text("alarm above 5 %")
    expect(page.locator(".rule-chart:visible")).to_contain_text("clears at most 2 %")
    expect(page.get_by_text("Its example images are no longer kept: a, b.")).to_be_visible()
    for name in ("Acknowledge", "Snooze", "More"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    answer = lasting.running.logged_in("vic").post(f"/alerts/{one.key}/acknowledge", data={"note": "x"})
    assert answer.status_code == 403


def test_it_is_acknowledged_by_key_with_a_note(page: Page, lasting: Site) -> None:
    one = of_camera(lasting)
    log_in(page, lasting, "ella", to=f"/alerts/{one.key}")
    press(page, "a")
    page.keyboard.type("cable <b>changed</b>")
    press(page, "Enter")
    page.wait_for_url("**told=acknowledged")
    expect(page.get_by_role("status")).to_contain_text("not repeated any more")
    expect(page.locator(".life")).to_contain_text("Acknowledged by ella")
    expect(page.locator(".life")).to_contain_text("“cable <b>changed</b>”")
    after = of_camera(lasting)
    assert (after.acknowledged_by, after.acknowledged_note) == ("ella", "cable <b>changed</b>")
    page.goto(f"{lasting.url}/alerts")
    expect(page.locator(".head")).to_contain_text("2 alerts wait for somebody · 1 more open")
    expect(page.locator(".alert").last).to_contain_text("acknowledged by ella")


def test_a_row_of_the_list_is_acknowledged_by_key(page: Page, lasting: Site) -> None:
    log_in(page, lasting, "ella", to="/alerts")
    press(page, "j", "a")
    page.wait_for_url("**told=acknowledged")
    assert [one.name for one in episodes(lasting) if one.acknowledged] == ["drift"]


def test_the_links_of_a_message_open_what_they_name(page: Page, lasting: Site) -> None:
    one = of_camera(lasting)
    log_in(page, lasting, "ella", to=f"/alerts/{one.key}")
    page.goto(f"{lasting.url}/alerts/{one.key}#acknowledge")
    expect(page.get_by_label("Note")).to_be_focused()
    page.goto("about:blank")
    page.goto(f"{lasting.url}/alerts/{one.key}#snooze")
    expect(page.get_by_role("button", name="4 hours")).to_be_visible()
    expect(page.locator("#snooze .choices button")).to_have_text([words for _, words in SNOOZES.values()])
    press(page, "Escape")
    expect(page.get_by_role("button", name="4 hours")).to_be_hidden()


def test_it_is_snoozed_until_a_time_and_woken(page: Page, lasting: Site) -> None:
    one = of_camera(lasting)
    log_in(page, lasting, "ella", to=f"/alerts/{one.key}")
    press(page, "s")
    page.get_by_role("button", name="4 hours").click()
    page.wait_for_url("**told=snoozed")
    until = of_camera(lasting).snoozed_until
    assert until is not None
    assert timedelta(hours=3, minutes=55) < until - datetime.now(UTC) <= timedelta(hours=4)
    expect(page.locator(".say.warn, .say.note").first).to_contain_text("Snoozed: until")
    press(page, "s")
    page.wait_for_url("**told=unsnoozed")
    expect(page.locator(".life")).to_contain_text("Snooze ended by ella")
    press(page, "s")
    day = datetime.now(ZoneInfo("Europe/Berlin")).replace(hour=9, minute=0, second=0, microsecond=0)
    day += timedelta(days=100)
    page.fill("#until", f"{day:%Y-%m-%dT%H:%M}")  # in Berlin
    page.locator("#snooze").get_by_role("button", name="Snooze").click()
    page.wait_for_url("**told=snoozed")
    until = of_camera(lasting).snoozed_until
    assert until is not None
    assert until == day


def test_a_snooze_that_is_past_is_told(page: Page, lasting: Site) -> None:
    answer = lasting.running.logged_in("ella").post(
        f"/alerts/{of_camera(lasting).key}/snooze", data={"until": "2026-03-01T00:00Z"}
    )
    assert answer.status_code == 422
    assert "A snooze ends later than now; 2026-03-01 00:00 UTC is past." in answer.text


def test_it_is_closed_for_a_reason(page: Page, lasting: Site) -> None:
    one = of_camera(lasting)
    log_in(page, lasting, "ella", to=f"/alerts/{one.key}")
    press(page, "c")
    page.keyboard.type("camera taken down")
    press(page, "Enter")
    page.wait_for_url("**told=closed")
    expect(page.locator(".head")).to_contain_text("closed")
    expect(page.locator(".life")).to_contain_text("Closed by ella")
    after = of_camera(lasting)
    assert (after.state, after.reason) == ("closed", "camera taken down")
    page.goto(f"{lasting.url}/alerts")
    expect(page.locator(".alerts").last).to_contain_text("camera taken down")


def test_its_monitor_is_disabled_and_all_of_its_alerts_are_closed(
    page: Page, made: tuple[Site, Watched]
) -> None:
    site, it = made
    log_in(page, site, "ella", to=f"/alerts/{of_camera(site).key}")
    press(page, "d")
    page.keyboard.type("new cameras next week")
    press(page, "Enter")
    page.wait_for_url("**told=disabled")
    with reading(it.engine) as connection:
        assert not find_monitor(connection, it.model.key, UNREADABLE).enabled
    closed = [one for one in episodes(site) if one.name == UNREADABLE]
    assert {one.state for one in closed} == {"closed"}
    assert len(closed) == 2
    press(page, "e")
    page.wait_for_url("**/models/m/monitors/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text(UNREADABLE)


def test_who_was_told_and_what_stands_in_its_life(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    with writing(it.engine) as connection:
        make_due(connection, it.model.key, NOW)
    assert make_messages(it.engine, now=NOW + timedelta(hours=1), public_url="https://watch.example") == 1
    with writing(it.engine) as connection:
        (message,) = list_notifications(connection)
        set_sent(connection, message.key, NOW + timedelta(hours=1))
    log_in(page, site, "vic", to=f"/alerts/{of_camera(site).key}")
    life = page.locator(".life li", has_text="Told ops")
    expect(life).to_be_visible()
    life.locator("summary").click()
    expect(life.locator("pre")).to_contain_text("What went wrong")
    expect(life.locator("pre")).to_contain_text(
        f"https://watch.example/alerts/{of_camera(site).key}#acknowledge"
    )


def test_history_goes_by_key_and_holds_every_alert_once(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    for number in range(120):
        then = NOW - timedelta(days=DAYS, minutes=number)
        fire(
            it.engine,
            it.model.key,
            1000 + number,
            now=then,
            name=f"old {number}",
            state="resolved",
            ended=then,
        )
    log_in(page, site, "vic", to="/alerts")
    seen: list[str] = []
    for _ in range(3):
        seen += page.locator(".alerts >> nth=-1").locator("b").all_inner_texts()
        if page.locator("a[rel=next]").count():
            before = page.url
            press(page, "n")
            page.wait_for_url(lambda url, before=before: url != before)
    assert sorted(seen) == sorted(f"old {number}" for number in range(120))
    expect(page.get_by_text("That is all of them.")).to_be_visible()


def test_the_list_is_narrowed(page: Page, made: tuple[Site, Watched]) -> None:
    site, _ = made
    site.running.model("other")
    log_in(page, site, "vic", to="/alerts")
    page.get_by_label("Severity").select_option("critical")
    page.wait_for_url("**severity=critical**")
    expect(page.locator(".alert")).to_have_count(1)
    page.goto(f"{site.url}/alerts?state=acknowledged")
    expect(page.get_by_text("No open alert fits.")).to_be_visible()
    page.goto(f"{site.url}/alerts?model=other")
    expect(page.locator(".alert")).to_have_count(0)
    page.goto(f"{site.url}/alerts?state=ended")
    expect(page.get_by_text("No alert that ended fits.")).to_be_visible()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("severity=critcal", "Did you mean 'critical'?"),
        ("state=lost", "'lost' is no state of an alert"),
        ("model=nn", "There is no model 'nn'"),
        ("before=x", "'x' is no place in the list"),
        ("before=99999999999999999999", "is no place in the list"),
    ],
)
def test_a_wrong_filter_is_told(lasting: Site, query: str, told: str) -> None:
    answer = lasting.running.logged_in("vic").get(f"/alerts?{query}")
    assert answer.status_code == 422
    assert told in answer.text.replace("&#39;", "'")


@pytest.mark.parametrize("key", ["0", "999999", "x", "99999999999999999999"])
def test_a_key_of_no_alert_is_told(lasting: Site, key: str) -> None:
    assert lasting.running.logged_in("vic").get(f"/alerts/{key}").status_code in {404, 422}


def test_who_acts_must_come_from_our_own_page(lasting: Site) -> None:
    client = lasting.running.logged_in("ella")
    del client.headers["X-CSRF-Token"]
    assert client.post(f"/alerts/{of_camera(lasting).key}/acknowledge").status_code == 403
    assert of_camera(lasting).acknowledged is None


def test_without_open_alerts_it_says_so(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    with writing(it.engine) as connection:
        stored = find_monitor(connection, it.model.key, "drift")
        set_enabled(connection, stored.key, enabled=False, watch_from=None, changed=NOW, by="me")
    client = site.running.logged_in("ella")
    for one in episodes(site):
        assert client.post(f"/alerts/{one.key}/close", data={"reason": "test"}).status_code == 303
    log_in(page, site, "vic", to="/alerts")
    expect(page.get_by_text("No alert is open.")).to_be_visible()
