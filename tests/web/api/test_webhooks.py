"""A crowd elsewhere, driven over HTTP from the pool to the label, and told of it by webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.notify.receivers import webhook
from tests.web.api.test_labelling import answer, log_images, open_project
from tests.web.serving import Running, serving

from driftwheel.notify.webhook_signature import verify
from driftwheel.services.label.webhooks.send_webhooks import send_webhooks


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data"), allow_private_channels=True) as running:
        running.model("cats")
        yield running


@pytest.fixture
def lead(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def test_a_crowd_elsewhere_from_the_pool_to_the_label(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 3, overlap=2, price=0.05, budget=1.0)
    golden = [{"record": one, "kind": "golden", "truth": {"class": "cat"}} for one in log_images(server, 1)]
    lead.post(f"{pool}/images", json={"images": golden})
    crowd = server.with_token("annotator")
    with webhook() as hook:
        body = {"url": f"http://127.0.0.1:{hook.port}/labels?key=s3cret", "note": "our crowd"}
        made = lead.post(f"{project}/webhooks", json=body).json()
        assert (made["where"], made["enabled"]) == (f"http://127.0.0.1:{hook.port}/…", True)
        assert lead.post(f"{project}/webhooks/{made['key']}/test").json()["sent"] is True
        for worker in ("w1", "w2"):  # as the platform calls them
            for task in crowd.post(f"{project}/next", json={"annotator": worker, "count": 9}).json()["tasks"]:
                path = f"{project}/tasks/{task['task']}/image"
                assert crowd.get(path, params={"annotator": worker}).status_code == 200
                told = answer(crowd, project, task["task"], annotator=worker)
                assert told.status_code == 202, told.text
        send_webhooks(server.services.engine, clock=server.clock, allow_private=True)
    calls = {call.json["type"]: call for call in hook.calls}
    kinds = [call.json["type"] for call in hook.calls]
    assert (kinds[0], kinds.count("task.completed"), kinds[-1]) == ("ping", 3, "pool.closed")
    closed = calls["pool.closed"].json["data"]
    assert (closed["done"], closed["because"], closed["paid"]) == (3, "finished", 6)
    assert calls["task.completed"].json["data"]["consensus"] == {"class": "cat"}
    for call in hook.calls:
        assert verify(made["secret"], call.headers, call.body, now=server.clock())
    (shown,) = lead.get(f"{project}/webhooks").json()
    assert (shown["waiting"], shown["dead"], "s3cret" in str(shown)) == (0, 0, False)


def test_a_webhook_is_changed_and_taken_away(server: Running, lead: httpx.Client) -> None:
    project, _ = open_project(server, lead, 1, rules={"review_share": 0.0})
    made = lead.post(f"{project}/webhooks", json={"url": "https://example.com/x", "events": ["pool.closed"]})
    at = f"{project}/webhooks/{made.json()['key']}"
    crowd = server.with_token("annotator")
    (task,) = crowd.post(f"{project}/next", json={"annotator": "w1"}).json()["tasks"]
    answer(crowd, project, task["task"], annotator="w1")
    page = lead.get(f"{at}/deliveries", params={"state": "waiting"}).json()
    assert [(one["event"], one["attempts"]) for one in page["deliveries"]] == [("pool.closed", 0)]
    again = lead.post(f"{at}/deliveries/{page['deliveries'][0]['key']}/again")
    assert (again.status_code, "waits to be sent anyway" in again.text) == (422, True)
    changed = lead.patch(at, json={"enabled": False, "new_secret": True}).json()
    assert (changed["enabled"], changed["secret"] != made.json()["secret"]) == (False, True)
    assert changed["off_because"].endswith(" switched it off.")
    assert lead.patch(at, json={"enabled": True}).json()["secret"] is None
    assert lead.patch(at, json={"events": ["task.done"]}).status_code == 422
    assert crowd.get(f"{project}/webhooks").status_code == 403
    assert lead.delete(at).status_code == 204
    assert lead.get(f"{at}/deliveries").status_code == 404
