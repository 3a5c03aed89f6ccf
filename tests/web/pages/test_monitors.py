from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.services.judged_days import Watched
from tests.web.pages.alerting_site import UNREADABLE, alerting, episodes
from tests.web.pages.conftest import Site, log_in, press

from driftwheel.store.alerts.monitors import StoredMonitor, find_monitor, list_monitors, list_revisions
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model


@pytest.fixture
def made(tmp_path) -> Iterator[tuple[Site, Watched]]:
    with alerting(tmp_path) as made:
        yield made


def stored(it: Watched, name: str = UNREADABLE) -> StoredMonitor:
    with reading(it.engine) as connection:
        return find_monitor(connection, it.model.key, name)


def page_of(it: Watched, name: str = UNREADABLE) -> str:
    return f"/models/m/monitors/{stored(it, name).key}"


def test_the_list_says_what_each_said_last(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    it.monitor("dark", "property.brightness above 0.5", segments=("",))
    log_in(page, site, "vic", to="/monitors")
    page.wait_for_url("**/models/m/monitors")  # there is one model only
    rows = page.locator(".monitors tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("drift is found")
    expect(rows.first).to_contain_text("firing, 1 alert")
    expect(rows.nth(1)).to_contain_text("unreadable_share above 5 % until 2 %")
    expect(rows.nth(1)).to_contain_text("firing, 2 alerts")
    expect(rows.nth(1)).to_contain_text("whole model, each camera")
    expect(rows.nth(1)).to_contain_text("6 % n = 500")
    expect(rows.nth(2)).to_contain_text("no data")
    expect(page.get_by_role("button", name="Switch")).to_have_count(0)
    press(page, "j", "j", "Enter")
    page.wait_for_url(f"**{page_of(it)}")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)


def test_history_shows_how_often_it_would_have_fired_and_when(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    log_in(page, site, "vic", to=page_of(it))
    replay = page.locator("#replay")
    expect(replay).to_contain_text("In the last 10 days that were judged it would have fired twice.")
    expect(replay.locator(".firings li")).to_have_count(2)
    expect(replay.locator(".firings li").first).to_contain_text("Tue, Mar 10")
    expect(replay.locator(".rule-chart:visible")).to_have_count(3)
    expect(replay.locator(".rule-chart:visible").first.locator(".seen")).to_have_count(10)
    expect(replay.get_by_role("row", name="camera = 2")).to_contain_text("0 of 10")


def test_a_threshold_is_tried_as_one_writes_and_saved_after(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    log_in(page, site, "ella", to=page_of(it))
    replay = page.locator("#replay")
    threshold = page.locator("[data-threshold]")
    expect(threshold).to_have_value("5 %")
    expect(page.locator("[data-until]")).to_have_value("2 %")
    threshold.fill("10")
    expect(page.locator("textarea[name=when]")).to_have_value("unreadable_share above 10 % until 2 %")
    expect(replay).to_contain_text("it would have fired once.")
    expect(replay).to_contain_text("As it is saved: twice.")
    expect(replay.locator(".firings")).to_contain_text("camera = 1")
    threshold.fill("1")
    page.locator("[data-until]").fill("")
    expect(replay.locator(".firings")).to_contain_text("Mon, Mar 2")
    assert stored(it).revision == 1  # trying saves nothing
    threshold.fill("10")
    page.locator("select[name=severity]").select_option("critical")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=changed")
    after = stored(it)
    assert (after.revision, after.by, after.origin) == (2, "ella", "page")
    assert after.definition["when"] == "unreadable_share above 10 %"
    assert after.definition["severity"] == "critical"
    assert after.definition["note"] == "Open one of the files."
    page.goto(f"{site.url}{page_of(it)}")
    row = page.locator("table", has_text="What changed").locator("tbody tr").first
    expect(row).to_contain_text("rule: unreadable_share above 5 % until 2 % → unreadable_share above 10 %")
    expect(row).to_contain_text("severity: warning → critical")
    expect(row).to_contain_text("ella")


def test_an_old_revision_is_tried_again(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    client = site.running.logged_in("ella")
    form = {"when": "unreadable_share above 50 %", "severity": "info", "segments": "(whole)"}
    numbers = {"breaches": "2", "of_windows": "3", "keep_firing_for": "1", "least_n": "20"}
    assert client.post(page_of(it), data=form | numbers).status_code == 303
    assert stored(it).definition["segments"] == [""]
    assert {one.state for one in episodes(site) if one.value == "1"} == {"closed"}  # not watched any more
    log_in(page, site, "ella", to=page_of(it))
    expect(page.locator("#replay")).to_contain_text("it would not have fired.")
    page.get_by_role("link", name="Try it again").click()
    page.wait_for_url("**revision=1")
    expect(page.locator("textarea[name=when]")).to_have_value("unreadable_share above 5 % until 2 %")
    expect(page.locator("#replay")).to_contain_text("it would have fired twice.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=changed")
    with reading(it.engine) as connection:
        revisions = list_revisions(connection, stored(it).key)
    assert [one.revision for one in revisions] == [3, 2, 1]
    assert revisions[0].definition == revisions[2].definition


def test_a_wrong_rule_says_where_and_what_was_expected(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    log_in(page, site, "ella", to=page_of(it))
    rule = page.locator("textarea[name=when]")
    rule.fill("unreadable_shar above 5 %")
    expect(page.locator("#replay")).to_contain_text("Did you mean 'unreadable_share'?")
    expect(page.locator("[data-thresholds]")).to_be_visible()
    rule.fill("drift is found and records above 100")
    expect(page.locator("[data-thresholds]")).to_be_hidden()
    expect(page.locator("#replay")).to_contain_text("it would have fired once.")
    rule.fill("drift is gone")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("after 'drift is' comes 'found'")
    expect(rule).to_have_value("drift is gone")
    assert stored(it).revision == 1


def test_one_is_added_and_tried_by_key(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    log_in(page, site, "ella", to="/models/m/monitors")
    press(page, "n")
    page.wait_for_url("**/monitors/new")
    page.fill("input[name=name]", "too few / night <b>")
    press(page, "Escape", "r")
    page.keyboard.type("records below 600")
    press(page, "Escape", "t")
    expect(page.locator("#replay")).to_contain_text("it would have fired once.")
    page.get_by_label("each camera").uncheck()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**told=added")
    after = stored(it, "too few / night <b>")
    assert after.definition["segments"] == [""]
    assert after.origin == "page"
    page.get_by_role("link", name="too few / night <b>").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("too few / night <b>")


def test_the_form_works_without_scripts(made: tuple[Site, Watched]) -> None:
    site, it = made
    client = site.running.logged_in("ella")
    form = {"key": str(stored(it).key), "when": "unreadable_share above 10 %", "segments": "camera"}
    numbers = {"breaches": "1", "of_windows": "1", "keep_firing_for": "1", "least_n": "20"}
    answer = client.post("/models/m/monitors/try", data=form | numbers)
    assert "it would have fired once." in answer.text
    assert "<h2>On history</h2>" in answer.text
    assert client.post("/models/m/monitors/try", data=form | numbers | {"least_n": "x"}).status_code == 422


def test_it_is_switched_off_and_on_and_deleted(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    log_in(page, site, "ella", to="/models/m/monitors")
    page.get_by_role("button", name=f"Switch {UNREADABLE} off").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("its 2 open alerts are closed")
    dialog.get_by_role("button", name="Switch off").click()
    page.wait_for_url("**told=off")
    assert not stored(it).enabled
    assert {one.state for one in episodes(site) if one.name == UNREADABLE} == {"closed"}
    page.get_by_role("button", name=f"Switch {UNREADABLE} on").click()
    page.wait_for_url("**told=on")
    assert stored(it).enabled
    page.get_by_role("link", name=UNREADABLE).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**told=deleted")
    with reading(it.engine) as connection:
        assert [one.name for one in list_monitors(connection, it.model.key)] == ["drift"]


def test_the_dial_is_set(page: Page, made: tuple[Site, Watched]) -> None:
    site, it = made
    log_in(page, site, "ella", to="/models/m/monitors")
    expect(page.locator("#dial")).to_contain_text("may raise one a year for nothing")
    page.get_by_label("False alarms a year").select_option("12")
    page.get_by_role("button", name="Set").click()
    page.wait_for_url("**told=dial")
    expect(page.locator("#dial")).to_contain_text("one a month")
    with reading(it.engine) as connection:
        assert find_model(connection, "m").false_alarms_per_year == 12.0


@pytest.mark.parametrize("rate", ["0", "-1", "x", "400", "nan", "inf"])
def test_a_dial_that_is_none_is_told(made: tuple[Site, Watched], rate: str) -> None:
    answer = made[0].running.logged_in("ella").post("/models/m/monitors/dial", data={"rate": rate})
    assert answer.status_code == 422
    assert "false" in answer.text


def test_several_models_are_listed_with_their_monitors(page: Page, made: tuple[Site, Watched]) -> None:
    site, _ = made
    site.running.model("other")
    log_in(page, site, "vic", to="/monitors")
    expect(page.get_by_role("row", name="other")).to_contain_text("0")
    expect(page.locator("tr", has=page.get_by_role("link", name="m", exact=True))).to_contain_text("3 alerts")


@pytest.mark.parametrize("path", ["/models/m/monitors/999", "/models/nn/monitors", "/models/m/monitors/x"])
def test_what_is_not_there_is_told(made: tuple[Site, Watched], path: str) -> None:
    assert made[0].running.logged_in("ella").get(path).status_code in {404, 422}


def test_a_viewer_changes_nothing(made: tuple[Site, Watched]) -> None:
    site, it = made
    client = site.running.logged_in("vic")
    for path in ("", "/switch", "/delete"):
        assert client.post(page_of(it) + path, data={"when": "drift is found"}).status_code == 403
    assert client.get("/models/m/monitors/new").status_code == 403
    assert client.post("/models/m/monitors/dial", data={"rate": "4"}).status_code == 403
