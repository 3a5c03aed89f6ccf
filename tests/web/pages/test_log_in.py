from playwright.sync_api import Page, expect
from tests.web.pages.conftest import Site, log_in


def test_a_stranger_is_led_to_the_log_in_and_back(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/images?model=discs&tag=camera%3D2")
    assert page.url.startswith(f"{site.url}/log-in?next=")
    page.fill("input[name=name]", "vic")
    page.fill("input[name=password]", "three blue horses")
    page.keyboard.press("Enter")
    page.wait_for_url("**/images?model=discs&tag=camera%3D2")
    expect(page.get_by_role("heading", name="Images")).to_be_visible()


def test_a_wrong_password_says_so_and_keeps_the_name(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/log-in")
    page.fill("input[name=name]", "vic")
    page.fill("input[name=password]", "wrong horses")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Name and password do not fit")
    expect(page.locator("input[name=name]")).to_have_value("vic")


def test_logging_out_ends_the_session(page: Page, site: Site) -> None:
    log_in(page, site, "vic")
    page.wait_for_url(f"{site.url}/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/log-in")
    page.goto(f"{site.url}/models")
    assert "/log-in" in page.url


def test_nobody_is_sent_to_another_site(site: Site) -> None:
    client = site.running.client()
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        form = {"name": "vic", "password": "three blue horses", "next": target}
        answer = client.post("/log-in", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_an_annotator_is_told_what_waits(page: Page, site: Site) -> None:
    log_in(page, site, "anno")
    expect(page.get_by_role("main")).to_contain_text("Images to label will wait here")
    expect(page.get_by_role("link", name="Models")).to_have_count(0)


def test_a_form_after_the_session_has_ended_leads_back_to_it(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models/new")
    page.locator("input[name=name]").fill("late")
    page.context.clear_cookies()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("main")).to_contain_text("Your session has ended")
    page.get_by_role("link", name="Log in").click()
    page.fill("input[name=name]", "ella")
    page.fill("input[name=password]", "three blue horses")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models/new")


def test_what_may_not_be_is_told_in_words(page: Page, site: Site) -> None:
    log_in(page, site, "vic")
    page.goto(f"{site.url}/settings/users")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is not for you")
    expect(page.get_by_role("main")).to_contain_text("The role viewer may not do this")
    page.goto(f"{site.url}/nowhere")
    expect(page.get_by_role("main")).to_contain_text("No page has this address")


def test_what_is_not_there_is_told_in_words(page: Page, site: Site) -> None:
    log_in(page, site, "vic")
    page.goto(f"{site.url}/models/disks")
    expect(page.get_by_role("main")).to_contain_text("There is no model 'disks'. Did you mean 'discs'?")
