import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.conftest import Site, log_in, press

from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model
from driftwheel.store.models.references import list_references

PLACES = [
    "/",
    "/models",
    "/models/discs",
    "/models/discs/setup",
    "/models/parts",
    "/models/quiet",
    "/models/new",
    "/models/discs/reference",
    "/models/discs/edit",
    "/models/discs/versions",
    "/models/discs/versions/new",
]
MORE_PLACES = ["/models/discs/reference", "/images?model=discs", "/images?model=quiet&tag=a%3Db", "/images/1"]
MORE_PLACES += ["/images/8", "/images/71"]
SETTINGS = ["/settings/users", "/settings/tokens", "/settings/retention", "/settings/account"]


def test_the_list_tells_how_each_model_is(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/models")
    row = page.locator("tr", has_text="discs")
    expect(row).to_contain_text("watched")
    expect(page.locator("tr", has_text="parts")).to_contain_text("no reference")
    row.get_by_role("link").click()
    expect(page.locator(".say")).to_contain_text("Watched.")
    page.get_by_role("link", name="Reference, versions, windows").click()
    expect(page.locator("tr", has_text="usual")).to_contain_text("130")
    expect(page.get_by_text("Set a reference")).to_have_count(0)  # a viewer changes nothing


def test_records_of_long_ago_are_counted_with_the_days_they_are_of(page: Page, site: Site) -> None:
    clock = site.running.clock
    usual, clock.ahead = clock.ahead, clock.ahead + timedelta(days=60)
    try:
        log_in(page, site, "vic", to="/")
        card = page.locator(".fleet .card", has_text="discs")
        expect(card).to_contain_text("records of the 30 days to Nov 23")
        expect(card.locator("dl")).to_contain_text(re.compile(r"records\s*69\s*cannot be read\s*1"))
        expect(card.locator(".volumes-only .bar")).to_have_count(4)
        page.goto(f"{site.url}/models")
        row = page.locator("tr", has_text="discs")
        expect(row.locator(".volume-cell small")).to_have_text("30 days to Nov 23")
        page.set_viewport_size({"width": 390, "height": 844})
        for cell in row.locator("td").all():  # nothing runs into the cell beside it
            assert cell.evaluate("each => each.scrollWidth <= each.clientWidth")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{site.url}/models/discs/setup")
        expect(page.get_by_text("Records of each day of the 30 days to Nov 23")).to_be_visible()
        expect(page.locator("tr", has_text="Nov 20, 2099").first).to_be_visible()
    finally:
        clock.ahead = usual


def test_windows_are_told_with_n_and_lead_to_their_images(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/models/discs/setup")
    row = page.locator("tr", has_text="camera = 2").filter(has_text="Nov 20, 2099")
    expect(row.locator("[data-name=records]")).to_have_text("4")  # of 12 records from noon, every third
    expect(row.locator("time").first).to_have_text("Nov 20, 2099")  # windows are of UTC, wherever one is
    row.get_by_role("link", name="Images").click()
    expect(page.locator(".shot")).to_have_count(4)


def test_a_model_is_registered_and_told_how_to_log(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models")
    press(page, "n")
    page.locator("input[name=name]").fill("bolts")
    page.locator("select[name=task]").select_option("detection")
    page.locator("textarea[name=classes]").fill("bolt\nnut, small")
    page.locator("select[name=embedder]").select_option("none")
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/models/bolts**")
    expect(page.locator(".command").first).to_contain_text(f'Client("{site.url}", model="bolts",')
    with reading(site.running.services.engine) as connection:
        model = find_model(connection, "bolts")
    assert model is not None
    assert (model.task, model.classes, model.window) == ("detection", ("bolt", "nut, small"), "day")


def test_a_taken_name_is_told_and_the_form_keeps_what_was_written(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models/new")
    page.locator("input[name=name]").fill("discs")
    page.locator("textarea[name=classes]").fill("a\nb")
    page.locator("select[name=embedder]").select_option("none")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("There is already a model 'discs'")
    expect(page.locator("textarea[name=classes]")).to_have_value("a\nb")
    expect(page.locator("select[name=embedder]")).to_have_value("none")


def test_only_an_admin_may_name_a_file_of_the_server_as_the_embedder(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models/new")
    expect(page.locator("select[name=embedder] option")).to_have_count(4)
    expect(page.get_by_role("textbox", name="ONNX file")).to_have_count(0)
    for place, form in (
        ("/models/new", {"name": "sneaky", "embedder": "file", "embedder_path": "/etc/passwd.onnx"}),
        ("/models/new", {"name": "sneaky", "embedder": "/etc/passwd.onnx"}),
        ("/models/quiet/edit", {"embedder": "file", "embedder_path": "/etc/passwd.onnx"}),
    ):
        answer = site.running.logged_in("ella").post(place, data=form)
        assert answer.status_code == 422
        assert "Only an admin may name a file of the server" in answer.text
    api = site.running.with_token("engineer")
    for embedder in ("/etc/passwd.onnx", "x.onnx"):
        body = {"name": "sneaky", "task": "classification", "embedder": embedder}
        assert api.post("/api/v1/models", json=body).status_code == 422
        assert api.patch("/api/v1/models/quiet", json={"embedder": embedder}).status_code == 422


def test_an_admin_names_a_file_that_is_looked_at(page: Page, site: Site) -> None:
    log_in(page, site, "chef", to="/models/new")
    page.locator("input[name=name]").fill("own")
    page.locator("select[name=embedder]").select_option("file")
    page.get_by_role("textbox", name="ONNX file").fill("/no/such/embedder.onnx")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be opened: there is no such file")
    expect(page.get_by_role("textbox", name="ONNX file")).to_have_value("/no/such/embedder.onnx")


def test_a_reference_is_set_from_a_past_time_in_the_viewers_zone(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models/parts/reference")
    page.get_by_label("Made from").select_option("range")
    expect(page.get_by_label("Folder or archive")).to_have_count(0)  # only an admin names folders
    page.fill("#start", "2026-11-01T01:00")
    page.fill("#end", "2026-11-19T01:00")
    page.get_by_role("button", name="Set the reference").click()
    page.wait_for_url("**/models/parts?**")
    page.get_by_role("link", name="Reference, versions, windows").click()
    expect(page.locator("tr", has_text="records from")).to_contain_text("measuring")
    with reading(site.running.services.engine) as connection:
        model = find_model(connection, "parts")
        assert model is not None
        newest = list_references(connection, model.key)[0]
    assert newest.source == {"since": "2026-11-01T00:00:00+00:00", "until": "2026-11-19T00:00:00+00:00"}


def test_only_an_admin_may_name_a_folder_of_the_server(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models/parts/reference")
    page.evaluate("document.querySelector('select[name=kind]').innerHTML = '<option value=folder>'")
    page.get_by_role("button", name="Set the reference").click()
    expect(page.get_by_role("alert")).to_contain_text("Only an admin may name a folder of the server")


def test_a_folder_that_is_not_there_is_told(page: Page, site: Site) -> None:
    log_in(page, site, "chef", to="/models/parts/reference")
    page.get_by_label("Folder or archive").fill("/no/such/folder")
    page.get_by_role("button", name="Set the reference").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no '/no/such/folder' on this machine")


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_the_screen_and_every_field_has_a_name(
    page: Page, site: Site, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    log_in(page, site)
    for place in [*PLACES, *MORE_PLACES, *SETTINGS]:
        answer = page.goto(site.url + place)
        assert answer is not None
        assert answer.status == 200, place
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        nameless = page.evaluate(
            """[...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
                .filter(each => !each.labels.length && !each.ariaLabel).map(each => each.outerHTML)"""
        )
        assert nameless == [], place
        assert page.evaluate("document.querySelectorAll('[style], script:not([src]), style').length") == 0, (
            place
        )


@pytest.mark.parametrize("width", [360, 390])
def test_every_place_and_tab_is_in_sight_on_a_telephone(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    log_in(page, site, to="/settings/users")
    for names, n in (("nav .place", 7), (".tabs a", 5)):
        expect(page.locator(names)).to_have_count(n)
        boxes = [one.bounding_box() for one in page.locator(names).all()]
        assert all(box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
        assert len({box["y"] for box in boxes if box is not None}) == 1  # one line
        assert page.locator(names).first.evaluate("each => each.parentElement.scrollWidth") <= width
    expect(page.get_by_role("button", name="Log out")).to_be_in_viewport()


def test_pages_work_without_scripts(site: Site, browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, site, "vic", to="/images?model=discs&sort=oldest")
    expect(page.locator("li", has=page.locator("[title=disc-000]")).locator("time")).to_have_text(
        "2099-11-20 12:00 UTC"
    )
    page.fill("input[name=tag]", "camera=2")
    page.get_by_role("button", name="Filter").click()
    assert page.locator(".shot").count() == 24
    context.close()
