"""The page of a model with windows of an hour, in a real browser in Berlin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.conftest import Site, log_in, press
from tests.web.pages.watched import FAULTY, PER_DAY, weave
from tests.web.serving import serving

WEAVING = "/models/weaving"
HOUR = timedelta(hours=1)
_HOURS = 6


@pytest.fixture(scope="module")
def woven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, datetime]]:
    folder = tmp_path_factory.mktemp("hours")
    with serving(folder / "data") as running:
        first = weave(running.services, folder, days=_HOURS, embedder="none", causes=False, window="hour")
        running.user("vic", "viewer")
        yield Site(running, folder), first


def clock(moment: datetime) -> str:
    """The time of day where the browser is."""
    return f"{moment.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}"


def test_the_map_of_hours_and_its_cells(page: Page, woven: tuple[Site, datetime]) -> None:
    site, first = woven
    faulty = first + (_HOURS - FAULTY) * HOUR
    log_in(page, site, "vic", to=WEAVING)
    expect(page.locator("#answer b").first).to_contain_text("Drift since")
    heat = page.locator("table.heat")
    expect(page.locator("#heat h2")).to_have_text("Drift by property and hour")
    expect(heat.locator(".answers .a-drift")).to_have_count(FAULTY)
    expect(heat.locator(".answers .a-ok")).to_have_count(_HOURS - FAULTY)
    row = heat.locator("tr", has=page.get_by_role("rowheader", name="sharpness", exact=True))
    expect(row.locator("td")).to_have_count(48 + 1)  # and the newest effect
    expect(row.locator("td[class^=l] a")).to_have_count(FAULTY)
    expect(row.locator("td[class^=g] a")).to_have_count(_HOURS - FAULTY)
    page.evaluate("window.kept = true")
    title = page.locator("#cell h2")
    row.locator("td[class^=l] a").first.click()
    expect(title).to_contain_text(clock(faulty))
    expect(page.locator("#cell.drifted .legend")).to_contain_text(f"n = {PER_DAY}")
    expect(page.locator("#segments tbody tr").first).to_contain_text(re.compile("right.*24.*σ.*100"))
    row.locator("td[class^=g] a").last.click()
    expect(title).to_contain_text(clock(faulty - HOUR))
    expect(page.locator("#cell")).not_to_have_class(re.compile("drifted"))
    assert page.evaluate("window.kept") is True  # nothing was loaded anew
    page.reload()
    expect(title).to_contain_text(clock(faulty - HOUR))


def test_hours_are_gone_through_by_keys_and_by_span(page: Page, woven: tuple[Site, datetime]) -> None:
    site, first = woven
    log_in(page, site, "vic", to=WEAVING)
    press(page, "h")
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    press(page, "ArrowLeft", "Enter")
    expect(page.locator("#cell h2")).to_contain_text(clock(first + (_HOURS - 2) * HOUR))
    page.get_by_label("Time", exact=True).select_option("24")
    row = page.locator("table.heat tr", has=page.get_by_role("rowheader", name="sharpness", exact=True))
    expect(row.locator("td")).to_have_count(24 + 1)
    page.get_by_label("Segment", exact=True).select_option("camera=left")
    expect(page.locator("table.heat .answers .a-drift")).to_have_count(0)
    expect(page.locator("table.heat .answers .a-ok")).to_have_count(_HOURS)
