import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.conftest import Site, log_in
from tests.web.pages.pictures import picture
from tests.web.serving import serving

from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.set_reference import finish_reference, measure_reference_row
from driftwheel.services.watch.judge_due import judge_due
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model
from driftwheel.store.models.references import list_references
from driftwheel.store.windows.verdicts import list_verdicts

pytestmark = pytest.mark.long


@pytest.fixture
def empty(tmp_path) -> Iterator[Site]:
    with serving(tmp_path / "data") as running:
        for name, role in (("chef", "admin"), ("ella", "engineer"), ("vic", "viewer")):
            running.user(name, role)
        yield Site(running, tmp_path)


def pictures(folder: Path, n: int, first: int) -> Path:
    folder.mkdir()
    for seed in range(first, first + n):
        (folder / f"{seed}.jpg").write_bytes(picture(seed))
    return folder


def measure_reference(site: Site) -> None:
    """Do what the worker does for the reference."""
    services, now = site.running.services, datetime.now(UTC)
    with reading(services.engine) as connection:
        key = list_references(connection, find_model(connection, "pets").key)[0].key
    artifact = measure_reference_row(services.engine, services.blobs, key, now=now)
    assert artifact is not None
    assert finish_reference(services.engine, services.blobs, key, artifact)
    begin_watching(services.engine, key, now=now)


def measure(site: Site) -> None:
    services, now = site.running.services, datetime.now(UTC)
    while measure_received(services.engine, services.blobs, Measurers(services.blobs), now=now).taken:
        pass
    while summarise_windows(services.engine, now=now).made:
        pass


def judge(site: Site) -> None:
    services = site.running.services
    known = KnownReferences(services.blobs)
    then = datetime.now(UTC) + timedelta(minutes=5)
    while judge_due(services.engine, known, now=then, settle=timedelta()):
        pass


def run(command: list[str], site: Site) -> None:
    env = {**os.environ, "NO_PROXY": "*", "no_proxy": "*"}
    done = subprocess.run(
        command, cwd=site.folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout


def test_from_an_empty_installation_to_the_first_verdict(page: Page, empty: Site) -> None:
    log_in(page, empty, "chef")
    page.wait_for_url("**/start")
    now = page.locator("[aria-current=step] h2")
    expect(now).to_contain_text("Register a model")
    page.fill("input[name=name]", "pets")
    page.get_by_text("Classes and segments").click()
    page.locator("textarea[name=classes]").fill("disc\nring")
    page.get_by_role("button", name="Register").click()
    expect(page.locator(".head")).to_contain_text("1 of 5 done")
    expect(page.locator("[data-step=model]")).to_contain_text("pets: classification, judged every day.")

    expect(now).to_contain_text("Set a reference")
    page.fill("input[name=path]", str(empty.folder / "nowhere"))
    page.get_by_role("button", name="Set it").click()
    expect(page.get_by_role("alert")).to_contain_text("nowhere")
    page.fill("input[name=path]", str(pictures(empty.folder / "training", 60, 1000)))
    page.get_by_role("button", name="Set it").click()
    expect(page.locator("[data-step=reference]")).to_contain_text("It is being measured")

    expect(now).to_contain_text("Make a token")  # what takes time is not waited for
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("[data-step=token]")).to_contain_text("shown this once")
    token = page.locator("[data-step=token] .command pre").inner_text()
    code = page.locator("[data-step=log] .command pre").nth(0).inner_text()
    shell = page.locator("[data-step=log] .command pre").nth(1).text_content() or ""
    assert token in code
    assert token in shell

    measure_reference(empty)
    expect(page.locator("[data-step=reference]")).to_have_attribute("data-state", "done", timeout=15_000)
    expect(page.locator("[data-step=token] .command pre")).to_have_text(token)  # it is not taken away
    page.reload()  # in a browser this sends the form again, or not: both are well
    page.goto(f"{empty.url}/start")
    expect(page.locator("body")).not_to_contain_text(token)
    expect(now).to_contain_text("Log images")

    images = pictures(empty.folder / "images", 40, 2000)
    run([sys.executable, "-c", code], empty)
    expect(page.locator("[data-step=log]")).to_contain_text("40 records came", timeout=15_000)
    for file in list(images.iterdir())[3:]:
        file.unlink()
    run(["bash", "-c", shell], empty)
    expect(page.locator("[data-step=log]")).to_contain_text("43 records came", timeout=15_000)
    expect(page.locator("[data-step=verdict]")).to_contain_text("43 images are being measured")
    measure(empty)
    expect(page.locator("[data-step=verdict]")).to_contain_text("judged within a minute", timeout=15_000)
    page.goto(f"{empty.url}/")
    expect(page.get_by_text("4 of 5 first steps are done")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url("**/start")

    judge(empty)
    expect(page.get_by_role("heading", level=1)).to_have_text("The first verdict is here", timeout=15_000)
    with reading(empty.running.services.engine) as connection:
        (verdict,) = list_verdicts(connection, find_model(connection, "pets").key)
    assert verdict.answer == "no_drift"
    expect(page.locator("[data-step=verdict]")).to_contain_text(verdict.headline)
    page.goto(f"{empty.url}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.get_by_text("first steps")).to_have_count(0)


def test_too_few_images_and_a_window_that_is_not_over_are_told(page: Page, empty: Site) -> None:
    log_in(page, empty, "ella")
    page.wait_for_url("**/start")
    page.fill("input[name=name]", "pets")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("[data-step=reference]")).to_contain_text("driftwheel reference set pets")
    expect(page.locator("input[name=path]")).to_have_count(0)  # a folder of the server is for admins
    client = empty.running.with_token("ingest")
    now = datetime.now(UTC)
    client.post("/api/v1/models/pets/records", json={"id": "a", "time": now.isoformat()})
    page.reload()
    expect(page.locator("[data-step=verdict]")).to_contain_text("The day of the last record is over in")


def test_they_can_be_put_aside(page: Page, empty: Site) -> None:
    log_in(page, empty, "ella", to="/start")
    page.fill("input[name=name]", "pets / 2")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("pets / 2")
    expect(page.locator("input[name=name]")).to_have_value("pets / 2")
    page.fill("input[name=name]", "pets")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("button", name="I know my way").click()
    page.wait_for_url(f"{empty.url}/")
    expect(page.get_by_text("first steps")).to_have_count(0)


def test_they_are_for_those_who_may_take_them(empty: Site) -> None:
    viewer = empty.running.logged_in("vic")
    assert viewer.get("/").status_code == 200
    assert viewer.get("/start").status_code == 403
    assert empty.running.logged_in("ella").post("/start/token").status_code == 403
    assert empty.running.logged_in("ella").post("/start/reference", data={"path": "/"}).status_code == 403


def test_an_empty_installation_does_not_say_that_all_is_well(page: Page, empty: Site) -> None:
    log_in(page, empty, "vic", to="/alerts")
    expect(page.locator("main")).to_contain_text("Nothing is watched yet.")
    expect(page.locator("main")).not_to_contain_text("No alert is open")
