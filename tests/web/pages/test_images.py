import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.conftest import Site, log_in, press


def test_images_are_filtered_opened_and_left_again(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs")
    expect(page.locator(".shot")).to_have_count(60)
    page.fill("input[name=tag]", "camera=2")
    page.fill("input[name=predicted]", "ring")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**/images?**camera%3D2**")
    assert "since" not in page.url  # only what was asked for stands in the address
    expect(page.locator(".shot")).to_have_count(3)  # 0, 30, 60
    expect(page.locator(".active")).to_contain_text("camera = 2")
    page.locator(".shot").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("disc-060")
    press(page, "ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_contain_text("disc-030")
    press(page, "ArrowLeft")
    expect(page.get_by_role("heading", level=1)).to_contain_text("disc-060")
    press(page, "u")
    expect(page.locator(".shot")).to_have_count(3)


def test_pages_go_by_key_and_hold_every_image_once(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs&sort=oldest")
    names = page.locator(".shot").evaluate_all("all => all.map(each => each.title)")
    press(page, "n")
    page.wait_for_url("**after=**")
    names += page.locator(".shot").evaluate_all("all => all.map(each => each.title)")
    expect(page.get_by_text("That is all of them.")).to_be_visible()
    sent = [f"disc-{i:03}" for i in range(70)]
    assert [name for name in names if name in sent] == sent


def test_a_list_is_counted_and_walked_back(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs&sort=outlier")
    expect(page.locator(".head")).to_contain_text("69 images of discs, 60 on this page")
    expect(page.get_by_role("link", name="Before")).to_have_count(0)
    first = page.locator(".shot").evaluate_all("all => all.map(each => each.title)")
    press(page, "n")
    page.wait_for_url("**after=**")
    expect(page.locator(".head")).to_contain_text("69 images of discs, 9 on this page")
    page.locator(".shot").first.click()
    press(page, "ArrowLeft")  # the last of the page before
    expect(page.get_by_role("heading", level=1)).to_contain_text(first[-1])
    page.goto(f"{site.url}/images?model=discs&sort=outlier")
    press(page, "n")
    page.wait_for_url("**after=**")
    press(page, "p")
    page.wait_for_url("**before=**")
    assert page.locator(".shot").evaluate_all("all => all.map(each => each.title)") == first
    page.goto(f"{site.url}/images?model=discs&tag=camera%3D2")
    expect(page.locator(".head")).to_contain_text("24 images of discs")


def test_the_most_unusual_come_first(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs&sort=outlier&p=0.02")
    names = page.locator(".shot").evaluate_all("all => all.map(each => each.title)")
    assert {"disc-060", "disc-063", "disc-066", "disc-069"} <= set(names)
    assert len(names) < 10  # of 69 measured ones
    expect(page.locator(".shot").first).to_contain_text("p ")


def test_arrows_move_in_the_grid_and_enter_opens(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs")
    press(page, "ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp")
    assert page.evaluate("document.activeElement.title") == "disc-068"
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("disc-068")


def test_keys_do_nothing_while_one_types(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs")
    press(page, "/")
    page.keyboard.type("n?jk")
    expect(page.locator("input[name=tag]")).to_have_value("n?jk")
    press(page, "Escape")
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("move in the grid")


def test_times_are_the_viewers(page: Page, site: Site) -> None:
    """The first record is of 12:00 UTC; in Berlin it was 13:00 then."""
    log_in(page, site, "vic", to="/images?model=discs&sort=oldest")
    shot = page.locator("li", has=page.locator("[title=disc-000]"))
    expect(shot.locator("time")).to_contain_text("Nov 20, 2099, 13:00")
    page.fill("#since", "2099-11-20T14:30")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**since=2099-11-20T13%3A30%3A00Z**")
    assert page.locator(".shot").first.get_attribute("title") == "disc-002"
    expect(page.locator("#since")).to_have_value("2099-11-20T14:30")


def test_an_image_is_shown_beside_its_reference(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs&sort=outlier")
    page.locator("[title=disc-066]").click()
    expect(page.locator(".say")).to_contain_text("Unusual as a whole")
    expect(page.locator(".say")).to_contain_text("n = 130")
    row = page.locator(".strips tr", has_text="pixelation")
    expect(row).to_have_class("outside")
    expect(row.locator(".dot.far")).to_have_count(1)
    assert page.locator(".strips tbody tr").count() >= 30
    hue = page.locator(".strips tr", has=page.get_by_text("hue", exact=True))
    assert hue.locator("[fill^=hsl]").count() == 36  # the circle, with the reference in its middle
    expect(hue.locator(".dot")).to_have_count(1)
    width = page.locator(".fit img").evaluate("each => each.naturalWidth")
    assert width == 160  # the thumbnail never grows
    expect(page.locator(".similar .shot")).to_have_count(12)
    assert page.locator(".similar .shot").first.get_attribute("title") in {"disc-060", "disc-063", "disc-069"}


def test_truth_is_told_beside_the_prediction(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs&sort=oldest")
    page.locator("[title=disc-003]").click()
    expect(page.locator(".pairs").first).to_contain_text("ring not as predicted")
    expect(page.get_by_text("Say whether it is right")).to_have_count(0)  # a viewer changes nothing


def test_feedback_is_kept(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/images?model=discs&sort=oldest")
    page.locator("[title=disc-005]").click()
    press(page, "w")
    page.fill("input[name=truth]", "ring")
    page.fill("input[name=note]", "<b>look</b>")
    page.get_by_role("button", name="It is wrong").click()
    expect(page.get_by_role("status")).to_contain_text("Noted")
    expect(page.locator(".pairs").first).to_contain_text("wrong it is ring “<b>look</b>” by ella")


def test_boxes_lie_over_the_image_at_their_place(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=parts")
    page.locator(".shot").first.click()
    image = page.locator(".fit img").bounding_box()
    box = page.locator("#box-0 .said-box").first.bounding_box()
    assert image is not None
    assert box is not None
    scale = image["width"] / 160
    assert box["x"] - image["x"] == pytest.approx(20 * scale, abs=3)
    assert box["width"] == pytest.approx(40 * scale, abs=6)
    press(page, "b")
    expect(page.locator("#box-0")).to_be_hidden()


def test_boxes_lie_over_the_thumbnails_too(page: Page, site: Site) -> None:
    """An image of 160 × 120 in a square: its height fills the square, and its middle is shown."""
    log_in(page, site, "vic", to="/images?model=parts")
    frame = page.locator(".shot .frame").bounding_box()
    box = page.locator(".shot .said-box").first.bounding_box()  # the surest: the bolt
    assert frame is not None
    assert box is not None
    scale = frame["height"] / 120
    assert box["x"] - frame["x"] == pytest.approx((20 - 20) * scale, abs=3)
    assert box["y"] - frame["y"] == pytest.approx(30 * scale, abs=3)
    assert box["width"] == pytest.approx(40 * scale, abs=4)


def test_what_cannot_be_read_or_is_not_measured_is_told(page: Page, site: Site) -> None:
    log_in(page, site, "vic", to="/images?model=discs&state=rejected")
    page.locator(".shot").click()
    expect(page.locator(".say")).to_contain_text("This image cannot be read: truncated.")
    page.goto(f"{site.url}/images?model=discs&state=waiting")
    expect(page.locator(".shot")).to_contain_text("waiting")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("p=7", "'7' is no p-value; give a number from 0 to 1"),
        ("tag=camera", "'camera' is no tag; write its name and value"),
        ("since=yesterday", "'yesterday' is no time"),
        ("sort=newst", "Did you mean 'newest'?"),
        ("state=lost", "'lost' is no state of an image"),
        ("model=disks", "There is no model 'disks'. Did you mean 'discs'?"),
        ("after=nowhere", "'nowhere' is no place in a list"),
        ("after=1.99999999999999999999", "'1.99999999999999999999' is no place in a list"),
        ("since=9999-12-31T23:59-14:00", "'9999-12-31T23:59-14:00' is no time"),
        ("since=2099-11-21&until=2099-11-20", "The list ends before it begins"),
    ],
)
def test_a_wrong_filter_is_told_with_what_to_do(site: Site, query: str, told: str) -> None:
    answer = site.running.logged_in("vic").get(f"/images?{query}")
    assert answer.status_code == 422
    assert told in answer.text.replace("&#39;", "'")


@pytest.mark.parametrize("key", ["0", "-1", "99999999", "99999999999999999999", "x", "1%2F2", "%00"])
def test_a_key_that_is_none_is_no_image(site: Site, key: str) -> None:
    answer = site.running.logged_in("vic").get(f"/images/{key}")
    assert answer.status_code in {400, 404, 422}


def test_names_from_outside_are_only_text(page: Page, site: Site) -> None:
    hostile = '<img src=x onerror="document.title=1">'
    client = site.running.with_token("ingest")
    record = {
        "id": "hostile",
        "time": "2026-11-02T00:00:00Z",
        "tags": {hostile: hostile},
        "prediction": {"class": hostile, "scores": {hostile: 0.5}},
        "error": hostile,
    }
    assert client.post("/api/v1/models/quiet/records", json=record).status_code == 202
    log_in(page, site, "vic", to="/images?model=quiet")
    expect(page.locator(".shot")).to_contain_text("<img src=x")
    page.locator(".shot").click()
    expect(page.locator(".pairs").last).to_contain_text(hostile)
    assert page.locator("img[src=x]").count() == 0


def test_filters_are_behind_a_word_on_a_telephone(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, site, "vic", to="/images?model=discs")
    expect(page.locator("input[name=tag]")).to_be_hidden()
    page.get_by_text("More filters").click()
    page.fill("input[name=tag]", "camera=2")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**camera%3D2**")
