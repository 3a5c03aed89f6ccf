"""The overview and the page of a model that has drifted for three days, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.pages.conftest import Site, log_in, press
from tests.web.pages.watched import FAULTY, PER_DAY, weave
from tests.web.serving import serving

from driftwheel.services.alert.close_alerts import close_alerts
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.store.alerts.episodes import open_episodes
from driftwheel.store.engine.database import reading
from driftwheel.web.pages.alerts.alert_acts import SNOOZES

WEAVING = "/models/weaving"
_DAYS = 8


@pytest.fixture(scope="module")
def woven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, datetime]]:
    folder = tmp_path_factory.mktemp("woven")
    with serving(folder / "data") as running:
        first = weave(running.services, folder, days=_DAYS, embedder="none", causes=False)
        spare = NewModel("spare", "detection", embedder="none")
        register_model(running.services.engine, spare, by="test", now=running.clock())
        for name, role in (("ella", "engineer"), ("vic", "viewer"), ("anno", "annotator")):
            running.user(name, role)
        yield Site(running, folder), first


@pytest.fixture(scope="module")
def site(woven: tuple[Site, datetime]) -> Site:
    return woven[0]


@pytest.fixture(scope="module")
def faulty(woven: tuple[Site, datetime]) -> datetime:
    """Start of the first day with the fault."""
    return woven[1] + timedelta(days=_DAYS - FAULTY)


def day(moment: datetime) -> str:
    return f"{moment:%b} {moment.day}"


def test_the_overview_says_what_needs_a_person_first(page: Page, site: Site, faulty: datetime) -> None:
    log_in(page, site, "ella")
    expect(page.locator("nav [aria-current=page]")).to_have_text("Overview")
    need = page.locator("#needs li")
    expect(need).to_have_count(1)  # that of the camera goes with that of the whole
    expect(need).to_contain_text("critical")
    expect(need).to_contain_text("weaving Drift: the 48 images differ from the reference.")
    expect(need).to_contain_text(f"Since {day(faulty)}. Carried by camera = right. n = {PER_DAY}.")
    card = page.locator(".fleet .card", has_text="weaving")
    expect(card.locator(".chip").first).to_have_text("drift")
    expect(card.locator(".chip").nth(1)).to_have_text("2 alerts")
    expect(card.locator(".verdicts .a-drift")).to_have_count(FAULTY)
    expect(card.locator(".verdicts .a-ok")).to_have_count(_DAYS - FAULTY)
    expect(card.locator(".volumes-only .bar")).to_have_count(_DAYS)
    expect(page.locator(".fleet .card", has_text="spare")).to_contain_text("no records")
    card.get_by_role("link", name="weaving").click()
    page.wait_for_url(f"**{WEAVING}")


def test_the_places_are_in_the_menu(page: Page, site: Site) -> None:
    log_in(page, site, "vic")
    expect(page.locator("nav .place")).to_have_text(
        ["Overview", "Models", "Images", "Alerts", "Monitors", "Labels", "Settings"]
    )


def test_who_may_not_read_is_told_so(page: Page, site: Site) -> None:
    log_in(page, site, "anno")
    expect(page.locator("main")).not_to_contain_text("weaving")
    expect(page.locator("nav .place")).to_have_text(["Label", "Settings"])


def test_without_a_model_the_overview_leads_to_the_first_steps(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        running.user("ella", "engineer")
        running.user("vic", "viewer")
        arrived = running.logged_in("ella").get("/", follow_redirects=False)
        assert arrived.headers["location"] == "/start"
        assert "No model is registered yet" in running.logged_in("vic").get("/").text


def test_the_answer_comes_first_with_what_it_rests_on(page: Page, site: Site, faulty: datetime) -> None:
    log_in(page, site, "ella", to=WEAVING)
    answer = page.locator("#answer")
    expect(answer.locator("b")).to_have_text(
        f"Drift since {day(faulty)}: the 48 images differ from the reference."
    )
    expect(answer).to_contain_text("Carried by camera = right.")
    expect(answer).to_contain_text("At most 1 false alarm a year")
    expect(answer).to_contain_text("n = 48 images")
    for name in ("Acknowledge", "Snooze"):
        expect(answer.get_by_role("button", name=name)).to_be_visible()
    images = answer.get_by_role("link", name="Images of it")
    images.click()
    expect(page.locator(".shot")).to_have_count(PER_DAY // 2)  # of the right camera, of the last day


def test_a_viewer_sees_all_and_can_change_nothing(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to=WEAVING)
    expect(page.locator("#answer")).to_contain_text("Drift since")
    expect(page.locator("#answer button")).to_have_count(0)
    expect(page.locator("main form[method=post]")).to_have_count(0)
    client = site.running.logged_in("vic")
    for act in ("acknowledge", "snooze"):
        assert client.post(f"{WEAVING}/{act}", data={"alert": "1"}).status_code == 403


def test_the_map_shows_which_properties_moved_when(page: Page, site: Site, faulty: datetime) -> None:
    log_in(page, site, "vic", to=WEAVING)
    heat = page.locator("table.heat")
    expect(heat.locator(".answers .a-drift")).to_have_count(FAULTY)
    expect(heat.locator(".answers .a-ok")).to_have_count(_DAYS - FAULTY)
    sharpness = heat.locator("tr", has=page.get_by_role("rowheader", name="sharpness", exact=True))
    expect(sharpness.locator("td[class^=l] a")).to_have_count(FAULTY)
    expect(sharpness.locator("td[class^=g] a")).to_have_count(_DAYS - FAULTY)
    expect(sharpness.locator("td[class^=l] a").first).to_have_attribute(
        "title", re.compile(rf"sharpness, {day(faulty)}: [^,]*σ, counts above [^,]*σ, n = {PER_DAY}")
    )
    expect(heat.locator(".alarms a")).to_have_attribute("title", re.compile("2 alerts from .*: drift"))
    expect(heat.locator("tbody tr")).to_have_count(14)  # verdict, alerts, and 12 properties
    page.get_by_role("link", name="Show all").click()
    expect(heat.locator("tbody tr")).to_have_count(39)


def test_a_cell_is_looked_into_without_loading_the_page_anew(
    page: Page, site: Site, faulty: datetime
) -> None:
    log_in(page, site, "vic", to=WEAVING)
    page.evaluate("window.kept = true")
    title = page.locator("#cell h2")
    row = page.locator("table.heat tr", has=page.get_by_role("rowheader", name="sharpness", exact=True))
    calm = row.locator("td[class^=g] a").first
    first = faulty - timedelta(days=_DAYS - FAULTY)
    calm.click()
    expect(title).to_have_text(f"Sharpness, {day(first)}")
    expect(page.locator("#cell")).not_to_have_class(re.compile("drifted"))
    expect(calm).to_have_attribute("aria-current", "true")
    expect(page.locator("table.heat [aria-current]")).to_have_count(1)
    loud = row.locator("td[class^=l] a").first
    loud.click()
    expect(title).to_have_text(f"Sharpness, {day(faulty)}")
    cell = page.locator("#cell.drifted")
    expect(cell.locator(".legend")).to_contain_text("reference, n = 200")
    expect(cell.locator(".legend")).to_contain_text(f"{day(faulty)}, n = {PER_DAY}")
    expect(cell.locator("svg.chart path.cur")).to_have_count(1)
    expect(cell.locator("svg.chart rect.band")).to_have_count(1)
    expect(cell.locator("tr", has_text="effect").locator(".bad")).to_contain_text("σ")
    cell.get_by_text("Table behind the chart").click()
    expect(cell.locator("tr", has_text="images").first).to_contain_text("200")
    segments = page.locator("#segments")
    expect(segments.locator("tbody tr").first).to_contain_text(re.compile("right.*24.*σ.*100"))
    expect(segments.locator("tbody tr").nth(1)).to_contain_text(re.compile("left.*24.*0"))
    pictures = page.locator("#pictures")
    expect(pictures.locator(".album").first.locator("img")).to_have_count(8)
    expect(pictures.locator(".album.marked img")).to_have_count(8)
    expect(pictures).to_contain_text(f"{day(faulty - timedelta(days=1))}, the last day before without drift")
    assert page.evaluate("window.kept") is True
    assert "property=sharpness" in page.url
    page.reload()
    expect(title).to_have_text(f"Sharpness, {day(faulty)}")
    page.go_back()
    expect(title).to_have_text(f"Sharpness, {day(first)}")


def test_the_map_is_gone_through_by_keys(page: Page, site: Site, faulty: datetime) -> None:
    log_in(page, site, "vic", to=WEAVING)
    press(page, "h")
    start = page.evaluate("document.activeElement.getAttribute('aria-current')")
    assert start == "true"
    press(page, "ArrowLeft", "ArrowLeft", "Enter")
    expect(page.locator("#cell h2")).to_contain_text(day(faulty))
    before = page.locator("#cell h2").inner_text()
    press(page, "ArrowDown", "Enter")
    expect(page.locator("#cell h2")).not_to_have_text(before)
    expect(page.locator("table.heat a[tabindex='0']")).to_have_count(1)
    press(page, "Home")
    assert day(faulty - timedelta(days=_DAYS - FAULTY)) in page.evaluate("document.activeElement.title")


def test_one_segment_has_its_own_answer(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to=WEAVING)
    page.get_by_label("Segment").select_option("camera=left")
    expect(page.locator("#answer b")).to_have_text("No drift in camera = left.")
    expect(page.locator("#answer")).to_contain_text("2 alerts are open elsewhere")
    expect(page.locator(".answers .a-ok")).to_have_count(_DAYS)
    page.locator("#segments").get_by_role("link", name="right").click()
    expect(page.locator("#answer b")).to_contain_text("Drift (camera = right) since")
    expect(page.locator(".answers .a-drift")).to_have_count(FAULTY)
    expect(page.locator("#segments tr[aria-current=true]")).to_contain_text("right")


def test_everything_by_window_has_n_and_a_table_behind_it(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to=WEAVING)
    for name in ("records", "confidence", "accuracy", "error_share", "latency_p95", "unreadable_share"):
        chart = page.locator(f"#chart-{name}")
        expect(chart.locator("h2")).to_be_visible()
        chart.get_by_text("Table", exact=True).click()
        expect(chart.locator("thead")).to_have_text(re.compile(r"Day\s*Value\s*Usually\s*n"))
        expect(chart.locator("tbody tr").first).to_be_visible()
    volume = page.locator("#chart-records tbody tr")
    expect(volume).to_have_count(_DAYS)
    expect(volume.first.locator("td").last).to_have_text(str(PER_DAY))
    mix = page.locator("#chart-mix")
    expect(mix.locator("tbody tr").first).to_contain_text("good")
    expect(mix).to_contain_text("predictions of")
    page.get_by_text("All signals of").click()
    expect(page.locator("tr", has_text="latency (95th percentile)")).to_contain_text("ms")


def test_times_can_be_gone_back_to(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to=WEAVING)
    page.get_by_role("link", name="Earlier").click()
    expect(page.locator("#chart-records")).to_be_visible()
    expect(page.locator("table.heat")).to_have_count(0)  # nothing was logged then
    page.get_by_role("link", name="Newest").click()
    expect(page.locator("table.heat")).to_be_visible()
    page.get_by_label("Time", exact=True).select_option("28")
    expect(page.locator(".answers td")).to_have_count(29)


@pytest.mark.parametrize(
    "query",
    ["?at=never&property=none&segment=x&span=9999&until=x", "?until=1969-01-01", "?segment=camera%3Dnone"],
)
def test_an_address_that_says_nothing_is_no_error(site: Site, query: str) -> None:
    client = site.running.logged_in("vic")
    assert client.get(WEAVING + query).status_code == 200
    assert client.get(f"{WEAVING}/cell{query}").status_code in {200, 404}


def test_the_page_works_without_scripts(site: Site, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, site, "vic", to=WEAVING)
    page.locator("table.heat td[class^=g] a").first.click()
    expect(page.locator("#cell h2")).to_be_visible()
    assert "property=" in page.url
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen_or_without_a_name(
    browser: Browser, site: Site, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    log_in(page, site, "ella")
    for place in ("/", WEAVING, f"{WEAVING}?span=56&rows=all", f"{WEAVING}/setup", "/models/spare"):
        answer = page.goto(site.url + place)
        assert answer is not None
        assert answer.status == 200, place
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        nameless = page.evaluate(
            """[...document.querySelectorAll(
                "input:not([type=hidden]), select, button, a:not([aria-hidden]), svg[role=img]")]
                .filter(each => !(each.labels || []).length && !each.ariaLabel && !each.title
                    && !each.textContent.trim() && !each.querySelector("img, svg"))
                .map(each => each.outerHTML)"""
        )
        assert nameless == [], place
        assert page.evaluate("document.querySelectorAll('[style], script:not([src]), style').length") == 0
    context.close()


def test_alerts_are_acknowledged_and_snoozed_where_they_are_seen(page: Page, site: Site) -> None:
    """The last of this file: it changes what the others look at."""
    log_in(page, site, "ella", to=WEAVING)
    press(page, "a")
    expect(page.locator("[role=status]")).to_contain_text("Acknowledged")
    answer = page.locator("#answer")
    expect(answer).to_have_class(re.compile("warn"))  # red only for what needs a person
    expect(answer).to_contain_text("Acknowledged by ella")
    expect(answer.get_by_role("button", name="Acknowledge")).to_have_count(0)
    choices = answer.get_by_label("Snooze for")
    expect(choices.locator("option")).to_have_text([words for _, words in SNOOZES.values()])
    choices.select_option("24")
    press(page, "s")
    expect(page.locator("[role=status]")).to_contain_text("Snoozed")
    expect(answer).to_contain_text("Snoozed until")
    engine = site.running.services.engine
    with reading(engine) as connection:
        episodes = open_episodes(connection)
    assert {one.acknowledged_by for one in episodes} == {"ella"}
    day_on = site.running.clock() + timedelta(days=1)
    assert all(
        abs(one.snoozed_until - day_on) < timedelta(minutes=5) for one in episodes if one.snoozed_until
    )
    assert len([one for one in episodes if one.snoozed_until]) == 2
    page.goto(site.url)
    expect(page.locator(".say.ok")).to_contain_text("Nothing needs a person now.")
    expect(page.locator(".say.ok")).to_contain_text("2 alerts are open, and acknowledged or snoozed.")
    client = site.running.logged_in("ella")
    answer = client.post(f"{WEAVING}/acknowledge", data={"alert": ["99"]}, follow_redirects=False)
    assert answer.headers["location"].endswith("told=nothing")
    assert client.post(f"{WEAVING}/snooze", data={"alert": "1", "hours": "forever"}).status_code == 422


def test_drift_without_an_open_alert_is_not_passed_over(page: Page, site: Site) -> None:
    services, now = site.running.services, site.running.clock()
    with reading(services.engine) as connection:
        keys = [one.key for one in open_episodes(connection)]
    close_alerts(services.engine, keys, reason="a known thing", by="ella", now=now)  # the last test: all end
    log_in(page, site, "vic")
    expect(page.locator(".say.note")).to_contain_text("the newest window of weaving shows drift")
    expect(page.locator("main")).not_to_contain_text("Nothing needs a person")
    page.goto(site.url + WEAVING)
    expect(page.locator("#answer b").first).to_have_text("Drift, and no alert is open.")
    expect(page.locator("#answer")).to_contain_text("Its alert was closed: a known thing")
