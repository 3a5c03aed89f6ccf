"""Pages of trainings: none yet, asked for by the form, one that is done, compared, and an alert's repair."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from tests.learning.digits import need_training
from tests.services.train.blurred_alert import blurred_alert
from tests.services.train.striped_model import NOW, StripedModel, striped_model
from tests.web.serving import Running

from driftwheel.services.train.offer_repairs import offer_repairs
from driftwheel.store.engine.database import reading
from driftwheel.store.train.training_runs import open_runs

need_training()

AT = "/models/stripes/training"


@pytest.fixture(scope="module")
def stripes(server: Running, tmp_path_factory: pytest.TempPathFactory) -> StripedModel:
    services = server.services
    folder: Path = tmp_path_factory.mktemp("given")
    return striped_model(services.engine, services.blobs, folder)


@pytest.fixture(scope="module")
def client(server: Running, stripes: StripedModel) -> httpx.Client:
    del stripes
    server.user("ann", "engineer")
    return server.logged_in("ann")


def _post(client: httpx.Client, page: str, address: str, **form: str) -> httpx.Response:
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert csrf is not None
    return client.post(address, data={"csrf": csrf[1], **form})


def test_from_none_to_one_that_is_done(client: httpx.Client, stripes: StripedModel) -> None:
    assert "No training yet" in client.get(AT).text
    assert "Dataset version" in client.get(f"{AT}/new").text
    wrong = _post(client, f"{AT}/new", f"{AT}/new", epochs="many")
    assert (wrong.status_code, "The epochs is" in wrong.text) == (422, True)
    asked = _post(client, f"{AT}/new", f"{AT}/new", side="32", version="first")
    assert asked.status_code == 303
    page = asked.headers["location"].split("?")[0]
    assert "It waits for a worker." in client.get(asked.headers["location"]).text

    stripes.do(int(page.rsplit("/", 1)[1]))

    shown = client.get(page).text
    assert "It is version first." in shown
    assert "On images that were held out" in shown
    assert "data-open" not in client.get(f"{page}/live").text
    assert 'href="' + page + '"' in client.get(AT).text
    assert client.get(f"{AT}/compare", params={"run": page.rsplit("/", 1)[1]}).status_code == 200
    assert client.get(f"{AT}/999").status_code == 404


def test_a_run_is_stopped_and_a_command_is_not_taken(client: httpx.Client) -> None:
    asked = _post(client, f"{AT}/new", f"{AT}/new", side="32")
    page = asked.headers["location"].split("?")[0]
    assert _post(client, page, f"{page}/stop").status_code == 303
    assert "Stopped by ann." in client.get(page).text
    assert "is over already" in _post(client, f"{AT}/new", f"{page}/stop").text
    refused = _post(client, f"{AT}/new", f"{AT}/commands", called="mine", command="x")
    assert "DRIFTWHEEL_TRAINING_COMMANDS=true" in refused.text


def test_an_alert_offers_a_repair_with_what_to_expect(client: httpx.Client, stripes: StripedModel) -> None:
    alert = blurred_alert(stripes.engine, stripes.dataset.model)
    page = f"/alerts/{alert.key}"
    assert "What to expect is being measured" in client.get(page).text
    assert offer_repairs(stripes.engine, now=NOW) == 1
    with reading(stripes.engine) as connection:
        (rehearsal,) = open_runs(connection)
    stripes.do(rehearsal.key)

    shown = client.get(page).text
    asked = _post(client, page, f"{page}/repair", kind="retrain")

    assert "Expected gain: " in shown
    assert 'name="trainer" value="distillation"' in shown
    assert asked.status_code == 303
    assert 'name="trainer"' not in client.get(page).text
    again = _post(client, page, f"{page}/repair", kind="adapt")
    assert (again.status_code, "under way already" in again.text) == (422, True)
