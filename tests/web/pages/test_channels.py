from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.notify.receivers import webhook
from tests.web.pages.conftest import Site, log_in
from tests.web.serving import serving

from driftwheel.store.alerts.channels import Channel, find_channel, list_channels
from driftwheel.store.engine.database import reading

SECRET = "s3cr3t-t0ken"


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    with serving(tmp_path / "data", allow_private_channels=True) as running:
        running.model("cats")
        running.model("dogs")
        for name, role in (("ella", "engineer"), ("vic", "viewer")):
            running.user(name, role)
        yield Site(running, tmp_path)


def kept(site: Site, name: str = "line 2") -> Channel:
    with reading(site.running.services.engine) as connection:
        return find_channel(connection, name)


def add(page: Page, site: Site, url: str) -> None:
    log_in(page, site, "ella", to="/settings/channels")
    page.fill("input[name=name]", "line 2")
    page.fill("input[name=url]", url)
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**told=added")


def test_one_is_added_and_tried_and_its_address_is_never_shown(page: Page, site: Site) -> None:
    with webhook() as hook:
        add(page, site, f"json://robot:{SECRET}@127.0.0.1:{hook.port}/alerts")
        row = page.locator(".channels tbody tr")
        expect(row).to_contain_text("not tried yet")
        expect(row).to_contain_text("every severity · all models")
        page.get_by_role("button", name="Test line 2").click()
        expect(page.get_by_role("status")).to_contain_text("The test was sent to line 2")
        assert len(hook.calls) == 1
    expect(page.locator(".channels tbody tr")).to_contain_text("works")
    shown = page.content()
    page.get_by_role("link", name="line 2").click()
    expect(page.locator(".plain-list")).to_contain_text("Test of the channel 'line 2'")
    assert SECRET not in shown + page.content()
    assert SECRET in kept(site).url


def test_one_that_fails_says_since_when_and_why(page: Page, site: Site) -> None:
    with webhook() as hook:
        port = hook.port
    add(page, site, f"json://robot:{SECRET}@127.0.0.1:{port}/alerts")
    page.get_by_role("button", name="Test line 2").click()
    expect(page.get_by_role("alert")).to_contain_text("The test could not be sent to line 2")
    row = page.locator(".channels tbody tr")
    expect(row.locator(".chip")).to_have_text("failing")
    expect(row.locator(".wrong")).to_contain_text("since")
    assert SECRET not in page.content()
    page.get_by_role("link", name="line 2").click()
    expect(page.get_by_role("alert")).to_contain_text("It fails since")
    page.goto(f"{site.url}/alerts")
    expect(page.get_by_role("alert")).to_contain_text("line 2 cannot be reached")


def test_what_goes_to_it_is_chosen(page: Page, site: Site) -> None:
    add(page, site, "json://127.0.0.1:9/x")
    page.get_by_role("link", name="line 2").click()
    expect(page.locator("input[name=zone]")).to_have_value("Europe/Berlin")  # the browser's
    page.get_by_label("cats").check()
    page.get_by_label("critical", exact=True).check()
    page.get_by_label("warning", exact=True).check()
    page.get_by_label("alerts of a whole model").check()
    page.get_by_label("Alerts of segments").fill("camera=2, site=*")
    page.fill("input[name=start0]", "22:00")
    page.fill("input[name=end0]", "07:00")
    for day in ("sat", "sun"):
        page.locator(f".week input[value={day}]").first.uncheck(force=True)
    page.fill("input[name=repeat]", "1 d")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=changed")
    one = kept(site)
    assert (one.models, one.severities, one.segments) == (
        ("cats",),
        ("warning", "critical"),
        ("", "camera=2", "site=*"),
    )
    assert one.quiet_hours == {
        "zone": "Europe/Berlin",
        "spans": [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "22:00", "end": "07:00"}],
        "critical_passes": True,
    }
    assert (one.group_wait, one.group_interval, one.repeat) == (30, 300, 86_400)
    assert one.url == "json://127.0.0.1:9/x"  # an empty field leaves it as it is
    row = page.locator(".channels tbody tr")
    expect(row).to_contain_text("warning, critical · cats · whole model, camera=2, site=*")
    expect(row).to_contain_text("Monday to Friday 22:00–07:00 (Europe/Berlin), but for critical alerts")
    page.get_by_role("link", name="line 2").click()
    page.fill("input[name=start0]", "")
    page.fill("input[name=end0]", "")
    page.get_by_label("cats").uncheck()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=changed")
    assert (kept(site).quiet_hours, kept(site).models) == (None, None)


def test_it_is_switched_off_and_on_and_removed(page: Page, site: Site) -> None:
    add(page, site, "json://127.0.0.1:9/x")
    page.get_by_role("button", name="Switch line 2 off").click()
    page.wait_for_url("**told=off")
    assert not kept(site).enabled
    page.get_by_role("button", name="Switch line 2 on").click()
    page.wait_for_url("**told=on")
    page.get_by_role("link", name="line 2").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.wait_for_url("**told=removed")
    with reading(site.running.services.engine) as connection:
        assert list_channels(connection) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "nonsense"}, "The address of a channel begins with its kind and ://"),
        ({"name": " "}, "cannot be called"),
        ({"repeat": "soon"}, "'soon' is no span of time; write one such as 30 s, 5 min or 4 h."),
        ({"segments": "camera"}, "'camera' is no segment"),
        ({"start0": "22:00"}, "give both, or neither"),
        ({"start0": "22:00", "end0": "07:00"}, "has no days"),
        ({"start0": "22:00", "end0": "07:00", "days0": "mon", "zone": "Europe/Berln"}, "Europe/Berlin"),
    ],
)
def test_what_cannot_be_is_told_and_the_address_not_repeated(
    site: Site, wrong: dict[str, str], told: str
) -> None:
    good = {
        "name": "line 2",
        "url": f"json://robot:{SECRET}@127.0.0.1:9/x",
        "group_wait": "30 s",
        "group_interval": "5 min",
        "repeat": "4 h",
        "start0": "",
        "end0": "",
    }
    answer = site.running.logged_in("ella").post("/settings/channels", data=good | wrong)
    assert answer.status_code == 422
    assert told in answer.text.replace("&#39;", "'")
    assert SECRET not in answer.text
    with reading(site.running.services.engine) as connection:
        assert list_channels(connection) == []


def test_a_viewer_sees_no_channels(site: Site) -> None:
    client = site.running.logged_in("vic")
    assert client.get("/settings/channels").status_code == 403
    assert client.post("/settings/channels", data={"name": "x", "url": "json://x"}).status_code == 403
    assert site.running.logged_in("ella").get("/settings/channels/99").status_code == 404
