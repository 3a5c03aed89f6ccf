from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.alerting_site import alerting
from tests.web.pages.conftest import Site, log_in, press

from driftwheel.services.browse.list_images import ImageQuery, list_images
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.schema.alert_tables import verdicts


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with alerting(tmp_path_factory.mktemp("site")) as (site, it):
        start = it.window(4, "2").start
        with writing(it.engine) as connection:  # camera 2 alone drifted on day 4
            mine = (verdicts.c.start == start, verdicts.c.tag == "camera", verdicts.c.value == "2")
            connection.execute(verdicts.update().where(*mine).values(answer="drift"))
        yield site


def ids(site: Site, **more: object) -> list[str]:
    with reading(site.running.services.engine) as connection:
        found = list_images(connection, ImageQuery("m", order="oldest", **more))
    return [one.id for one in found.records]


def test_images_of_windows_with_drift(page: Page, lasting: Site) -> None:
    log_in(page, lasting, "vic", to="/images?model=m")
    page.get_by_label("Verdict of its window").select_option("drift")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**verdict=drift**")
    expect(page.locator(".active")).to_contain_text("in windows with the verdict: drift")
    shown = page.locator(".shot").evaluate_all("all => all.map(each => each.title)")
    assert sorted(shown) == ["4-1", "4-3"] + [f"{day}-{i}" for day in (8, 9) for i in range(4)]
    page.locator("[title='8-0']").click()
    press(page, "ArrowRight")  # to what stands beside it in this list
    expect(page.get_by_role("heading", level=1)).to_contain_text("4-3")


def test_of_a_segment_its_own_verdict_counts(lasting: Site) -> None:
    assert ids(lasting, verdict="drift", tags={"camera": "2"}) == ["4-1", "4-3"]
    assert ids(lasting, verdict="drift", tags={"camera": "1"}) == []


def test_other_verdicts_are_of_the_whole_model(lasting: Site) -> None:
    assert len(ids(lasting, verdict="no_drift")) == 8 * 4
    assert ids(lasting, verdict="insufficient") == []


def test_a_verdict_that_is_none_is_told(lasting: Site) -> None:
    answer = lasting.running.logged_in("vic").get("/images?model=m&verdict=drif")
    assert answer.status_code == 422
    assert "Did you mean" in answer.text
