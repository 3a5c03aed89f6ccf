import re

import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.conftest import Site, log_in

from driftwheel.store.access.tokens import list_tokens
from driftwheel.store.access.users import find_user
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model


def test_a_user_is_added_and_logs_in_with_the_password_shown_once(page: Page, site: Site) -> None:
    log_in(page, site, to="/settings/users")
    page.fill("input[name=name]", "greta")
    page.locator("form[action='/settings/users'] select[name=role]").select_option("engineer")
    page.get_by_role("button", name="Add").click()
    password = page.locator(".say .command pre").inner_text()
    assert len(password) == 20
    page.reload()  # the browser sends the form again: the name is taken
    page.goto(f"{site.url}/settings/users")
    expect(page.locator("body")).not_to_contain_text(password)
    page.get_by_role("button", name="Log out").click()
    page.fill("input[name=name]", "greta")
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{site.url}/")
    expect(page.locator(".who")).to_contain_text("engineer")


def test_a_bad_name_is_refused_with_what_to_do(page: Page, site: Site) -> None:
    log_in(page, site, to="/settings/users")
    page.fill("input[name=name]", "Anna Berg")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("A name is 1 to 128 small letters")
    expect(page.locator("input[name=name]")).to_have_value("Anna Berg")


def test_a_role_is_changed_and_a_user_switched_off_after_asking(page: Page, site: Site) -> None:
    site.running.user("olaf", "viewer")
    log_in(page, site, to="/settings/users")
    page.get_by_label("Role of olaf").select_option("engineer")
    expect(page.get_by_role("status")).to_contain_text("olaf has the role engineer now")
    row = page.locator("tr", has_text="olaf")
    row.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert _user(site, "olaf").active
    row.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("status")).to_contain_text("olaf is switched off")
    assert (_user(site, "olaf").active, _user(site, "olaf").role) == (False, "engineer")


def test_a_token_is_shown_once_works_and_is_revoked(page: Page, site: Site) -> None:
    log_in(page, site, to="/settings/tokens")
    page.fill("input[name=name]", "camera-9")
    page.get_by_label("discs").check()
    page.get_by_role("button", name="Create").click()
    text = page.locator(".say .command pre").inner_text()
    assert re.fullmatch(r"dw_[\w-]{43}", text)
    client = site.running.client({"Authorization": f"Bearer {text}"})
    record = {"id": "by-token", "time": "2026-11-01T00:00:00Z"}
    assert client.post("/api/v1/models/discs/records", json=record).status_code == 202
    assert client.post("/api/v1/models/parts/records", json=record).status_code == 403
    page.goto(f"{site.url}/settings/tokens")
    row = page.locator("tr", has_text="camera-9")
    expect(row).to_contain_text("discs")
    expect(row.locator("td[data-name='last used']")).not_to_have_text("never")
    expect(page.locator("body")).not_to_contain_text(text)
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status")).to_contain_text("camera-9 is revoked")
    again = {"id": "after", "time": "2026-11-01T00:00:00Z"}
    assert client.post("/api/v1/models/discs/records", json=again).status_code == 401
    with reading(site.running.services.engine) as connection:
        assert all(token.digest != text.encode() for token in list_tokens(connection))


def test_retention_is_changed_for_one_model(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/settings/retention")
    form = page.locator("form[action='/settings/retention/quiet']")
    form.get_by_label("days").fill("30")
    form.get_by_label("%").fill("25")
    form.get_by_role("button", name="Save").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("kept for 30 days, and 25 % of the images")
    with reading(site.running.services.engine) as connection:
        model = find_model(connection, "quiet")
    assert model is not None
    assert (model.retention_days, model.keep_images) == (30, 0.25)


def test_ones_own_password_needs_the_old_one(page: Page, site: Site) -> None:
    site.running.user("paul", "viewer")
    log_in(page, site, "paul", to="/settings/account")
    page.fill("input[name=old]", "not this one")
    page.fill("input[name=new]", "four green cows")
    page.fill("input[name=again]", "four green cows")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("alert")).to_contain_text("not your password now")
    page.fill("input[name=old]", "three blue horses")
    page.fill("input[name=new]", "four green cows")
    page.fill("input[name=again]", "four green cows")
    page.get_by_role("button", name="Change").click()
    page.wait_for_url("**/log-in")


@pytest.mark.parametrize(
    "path", ["/settings/users", "/settings/tokens", "/settings/retention", "/models/new"]
)
def test_a_viewer_may_not_change_settings(site: Site, path: str) -> None:
    viewer = site.running.logged_in("vic")
    assert viewer.get(path).status_code == 403
    assert viewer.post(path, data={"name": "x"}).status_code in {403, 404, 405}


def test_a_form_without_its_secret_changes_nothing(site: Site) -> None:
    admin = site.running.logged_in("chef")
    del admin.headers["X-CSRF-Token"]
    answer = admin.post("/settings/users", data={"name": "mallory", "role": "admin"})
    assert answer.status_code == 403
    with reading(site.running.services.engine) as connection:
        assert find_user(connection, "mallory") is None


def _user(site: Site, name: str):
    with reading(site.running.services.engine) as connection:
        user = find_user(connection, name)
    assert user is not None
    return user
