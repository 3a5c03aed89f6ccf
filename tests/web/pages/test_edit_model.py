from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.conftest import NOON, Site, log_in, press

from driftwheel.services.measure.backfill import asked_backfills
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, find_model
from driftwheel.store.operate.settings import delete_setting


def model(site: Site, name: str) -> Model:
    with reading(site.running.services.engine) as connection:
        return find_model(connection, name)


def wishes(site: Site) -> list[dict[str, object]]:
    """The backfills that were asked for, which are taken away."""
    with writing(site.running.services.engine) as connection:
        known = asked_backfills(connection)
        for name in known:
            delete_setting(connection, name)
    return list(known.values())


def test_a_model_is_changed_and_nothing_else_of_it(page: Page, site: Site) -> None:
    before = model(site, "discs")
    log_in(page, site, "ella", to="/models/discs")
    press(page, "e")
    expect(page.locator("textarea[name=classes]")).to_have_value("disc\nring")
    page.locator("textarea[name=classes]").fill("disc\nring\nsquare, red")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=changed")
    expect(page.get_by_role("status")).to_contain_text("The model is changed.")
    after = model(site, "discs")
    assert after.classes == ("disc", "ring", "square, red")
    assert (after.segment_tags, after.embedder, after.retention_days, after.keep_images) == (
        before.segment_tags,
        before.embedder,
        before.retention_days,
        before.keep_images,
    )
    assert wishes(site) == []


def test_other_segments_lead_to_measuring_again_where_one_asks_for_it(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models/parts/edit")
    page.fill("input[name=segment_tags]", "site, camera")
    page.locator("select[name=anew]").select_option("all")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=changed")
    expect(page.get_by_text("are being measured again")).to_be_visible()
    assert model(site, "parts").segment_tags == ("site", "camera")
    (wish,) = wishes(site)
    assert wish["model"] == model(site, "parts").key
    assert wish["since"] == NOON.isoformat()
    assert str(wish["until"]) > (NOON + timedelta(days=3)).isoformat()


def test_what_would_be_deleted_is_asked_for_by_name(page: Page, site: Site) -> None:
    """The clock stands three days after the first of 71 records, an hour apart."""
    log_in(page, site, "ella", to="/models/discs/edit")
    page.get_by_label("Keep records for").fill("1")
    page.get_by_label("Keep of the images").fill("50")
    page.get_by_role("button", name="Save").click()
    warned = page.get_by_role("alert")
    expect(warned).to_contain_text("37 records older than 1 day with their images")
    expect(warned).to_contain_text("all but 50 % of the images")
    assert model(site, "discs").retention_days is None
    page.get_by_label("Keep records for").fill("2")  # other than was agreed to
    page.get_by_label("Delete them").check()
    page.get_by_role("button", name="Save").click()
    expect(warned).to_contain_text("13 records older than 2 days")
    assert model(site, "discs").retention_days is None
    page.get_by_label("Delete them").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=changed")
    changed = model(site, "discs")
    assert (changed.retention_days, changed.keep_images) == (2, 0.5)
    page.goto(f"{site.url}/models/discs/edit")  # to keep more deletes nothing
    page.get_by_label("Keep records for").fill("")
    page.get_by_label("Keep of the images").fill("100")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=changed")
    assert model(site, "discs").retention_days is None


def test_after_another_embedder_the_reference_is_to_be_set_anew(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models/discs/edit")
    expect(page.locator("form.card")).to_contain_text("set the reference anew from a folder")
    page.locator("select[name=embedder]").select_option("none")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=embedder")
    expect(page.get_by_role("status")).to_contain_text("Set its reference anew")
    page.goto(f"{site.url}/models/discs/edit")
    page.locator("select[name=embedder]").select_option("gist")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**told=embedder")
    assert model(site, "discs").embedder == "gist"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("classes", "cat\ncat", "The class 'cat' is given twice"),
        ("segment_tags", "a, a", "The segment tag 'a' is given twice"),
        ("days", "soon", "'soon' is no number of days"),
        ("days", "0", "Records are kept for at least 1 day"),
        ("share", "200", "'200' is no share of the images"),
        ("embedder", "gits", "There is no embedder 'gits'. Did you mean 'gist'?"),
        ("anew", "ever", "'ever' is no choice of records"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(site: Site, field: str, value: str, told: str) -> None:
    before = model(site, "quiet")
    answer = site.running.logged_in("ella").post("/models/quiet/edit", data={field: value})
    assert answer.status_code == 422
    assert told in answer.text.replace("&#39;", "'")
    assert model(site, "quiet") == before


def test_images_measured_before_the_reference_can_be_measured_again(page: Page, site: Site) -> None:
    services = site.running.services
    with writing(services.engine) as connection:
        key = find_model(connection, "discs").key
        connection.exec_driver_sql(
            f"UPDATE records SET outlier_p = NULL WHERE model = {key} AND id IN ('disc-010', 'disc-011')"
        )
    log_in(page, site, "ella", to="/models/discs/setup")
    note = page.locator(".say", has_text="no outlier p-value")
    expect(note).to_contain_text("2 images have no outlier p-value")
    note.get_by_role("button", name="Measure again").click()
    page.get_by_role("dialog").get_by_role("button", name="Measure again").click()
    page.wait_for_url("**told=again")
    expect(page.get_by_role("status")).to_contain_text("measured again, the oldest first")
    (wish,) = wishes(site)
    assert wish["since"] == (NOON - timedelta(days=1)).isoformat()  # of the first record


@pytest.mark.parametrize("path", ["edit", "versions/new", "again"])
def test_a_viewer_changes_no_model(site: Site, path: str) -> None:
    viewer = site.running.logged_in("vic")
    assert viewer.post(f"/models/quiet/{path}", data={"version": "1"}).status_code == 403
