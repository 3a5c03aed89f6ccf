"""The manage pages over HTTP: who may see and do what, and what forms answer."""

from __future__ import annotations

import hashlib
import html
import uuid
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import delete
from tests.store.rows import NOON
from tests.web.pages.pictures import picture
from tests.web.serving import Running, serving

from driftwheel.predictions import Classification, Record
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.pools import list_pools, pool_by_key
from driftwheel.store.labels.projects import list_projects
from driftwheel.store.labels.review_queue import list_reviews
from driftwheel.store.labels.tasks import list_tasks
from driftwheel.store.models.models import find_model
from driftwheel.store.records.new_record import NewRecord
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.tables import records

START = {"project_name": "cats", "answer": "class", "classes": "cat\ndog | d | #009e73", "name": "first"}


@pytest.fixture(scope="module")
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An engineer on a server with 30 images of `cats`."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        running.model("cats")
        for name, role in (("ella", "engineer"), ("vic", "viewer"), ("anno", "annotator")):
            running.user(name, role)
        log_images(running, 30)
        client = running.logged_in("ella")
        client.running = running  # type: ignore[attr-defined]
        yield client


def log_images(running: Running, n: int) -> None:
    services = running.services
    with reading(services.engine) as connection:
        key = find_model(connection, "cats").key
    rows = []
    for i in range(n):
        image = services.blobs.put(picture(i, size=(72, 96)))
        record = Record(
            f"c{i:03}",
            "cats",
            NOON + timedelta(hours=i),
            tags={"camera": str(i % 2)},
            image=image.hex(),
            width=96,
            height=72,
            prediction=Classification("cat", {"cat": 0.6, "dog": 0.4}),
        )
        rows.append(NewRecord(key, record, hashlib.sha256(image).digest(), NOON))
    with writing(services.engine) as connection:
        write_records(connection, rows)


def started(lead: httpx.Client, query: str = "model=cats", **more: str) -> str:
    """Start a pool by the form, with a project of its own, and return the pool's address."""
    name = f"p {uuid.uuid4().hex[:8]}"
    form = START | {"project": "new", "project_name": name, "how_many": "10", "choice": "listed"} | more
    answer = lead.post(f"/labels/images?{query}", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def test_a_pool_of_a_filtered_list_with_a_new_project(lead: httpx.Client) -> None:
    form = lead.get("/labels/images?model=cats&tag=camera%3D1&sort=oldest").text
    assert "<b>15 images</b>" in form
    assert 'value="cats classes"' in form
    pool = started(
        lead,
        "model=cats&tag=camera%3D1&sort=oldest",
        price="0.05",
        budget="2",
        skills="x-ray=0.8",
        lease="30",
    )
    with reading(lead.running.services.engine) as connection:  # type: ignore[attr-defined]
        made = next(one for one in list_pools(connection, int(pool.split("/")[2])))
        tasks = list_tasks(connection, made.key)
    assert [one.record for one in tasks] == [f"c{i:03}" for i in range(1, 21, 2)]
    assert tasks[0].reason == "tag camera=1"
    assert (made.state, made.overlap, made.most_overlap, made.price, made.most_paid) == (
        "open",
        2,
        5,
        50_000,
        40,
    )
    assert (made.lease_seconds, made.requires["skills"]) == (1800, {"x-ray": 0.8})
    shown = lead.get(pool).text
    assert "x-ray of 0.8 or more" in shown
    assert "0.00 of 2.00" in shown


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("how_many", "many", "is no number of images"),
        ("how_many", "0", "give 1 to 10,000"),
        ("choice", "luck", "Images are not chosen by"),
        ("overlap", "2.5", "is no whole number for answers an image"),
        ("overlap", "30", "An overlap of 30 is more than is meant"),
        ("golden_share", "ten", "is no number for the share of golden tasks"),
        ("budget", "5", "give a price too"),
        ("skills", "x-ray", "is no skill; write its name and level"),
        ("classes", "cat", "There are 1 classes; give 2"),
        ("classes", "cat | c | red | x\ndog", "has too many parts"),
        ("project_name", "", "A project cannot be called"),
        ("project", "999", "There is no project 999"),
    ],
)
def test_what_cannot_be_used_is_told_and_the_form_keeps_what_was_typed(
    lead: httpx.Client, field: str, value: str, said: str
) -> None:
    form = START | {"project": "new", "project_name": "kept <name>", field: value}
    answer = lead.post("/labels/images?model=cats", data=form)
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "'")
    if field != "project_name":
        assert "kept &lt;name&gt;" in answer.text


def test_a_project_is_made_and_changed_and_its_instructions_are_harmless(lead: httpx.Client) -> None:
    form = {
        "project_name": "instructed",
        "model": "cats",
        "answer": "multi-class",
        "classes": "cat",
        "instructions": "**Look** <script>alert(1)</script> [x](javascript:alert(1))",
    }
    made = lead.post("/labels/new", data=form)
    assert made.status_code == 303, made.text
    at = made.headers["location"].partition("?")[0]
    shown = lead.get(f"{at}/settings").text
    assert "<strong>Look</strong>" in shown
    assert "<script>alert" not in shown
    assert 'href="javascript' not in shown
    change = {"classes": "cat | k | #111111\nhorse", "instructions": "Look twice."}
    assert lead.post(f"{at}/settings", data=change).status_code == 303
    assert "Look twice." in lead.get(f"{at}/settings").text
    wrong = lead.post(f"{at}/settings", data={"classes": "dog", "instructions": ""})
    assert (wrong.status_code, "others may follow" in wrong.text) == (422, True)
    assert "No images yet." in lead.get(at).text
    twice = lead.post("/labels/new", data=form)
    assert (twice.status_code, "There is already a project" in twice.text) == (422, True)


def test_a_pool_is_paused_and_opened(lead: httpx.Client) -> None:
    pool = started(lead, act="draft")
    for act, state in (("open", "open"), ("close", "paused"), ("open", "open")):
        assert lead.post(f"{pool}/{act}").status_code == 303
        assert f">{state}</span>" in lead.get(pool).text
    again = lead.post(f"{pool}/open")
    assert (again.status_code, "is open already" in again.text) == (422, True)


def test_images_of_a_pool_page_by_key(lead: httpx.Client) -> None:
    pool = started(lead, how_many="30", choice="random")
    first = lead.get(pool).text
    assert first.count('class="shot"') == 30
    assert "To be labelled <small>30" in first
    with reading(lead.running.services.engine) as connection:  # type: ignore[attr-defined]
        keys = [one.key for one in list_tasks(connection, int(pool.split("/")[-1]))]
    assert lead.get(f"{pool}?show=open&after={keys[24]}").text.count('class="shot"') == 5
    assert lead.get(f"{pool}?show=disputed").text.count('class="shot"') == 0
    assert lead.get(f"{pool}?show=nonsense&after=x").status_code == 200


def test_a_link_lets_somebody_in_until_it_is_revoked(lead: httpx.Client) -> None:
    project = "/".join(started(lead).split("/")[:3])
    made = lead.post(
        f"{project}/annotators", data={"note": "the <night> shift", "most": "2", "tags": "night"}
    )
    secret = made.text.partition("/join/")[2].partition("<")[0].strip()
    assert "the &lt;night&gt; shift" in made.text
    running: Running = lead.running  # type: ignore[attr-defined]
    body = {"invitation": secret, "name": "ann"}
    assert running.client().post("/api/v1/join", json=body).status_code == 201
    page = lead.get(f"{project}/annotators").text
    assert secret not in page
    assert "1 of 2" in page
    key = page.partition(f"{project}/invitations/")[2].partition("/")[0]
    assert lead.post(f"{project}/invitations/{key}/revoke").status_code == 303
    assert running.client().post("/api/v1/join", json=body | {"name": "bob"}).status_code == 404
    assert lead.post(f"{project}/invitations/{key}/revoke").status_code == 422
    for form, said in (({"most": "no"}, "no number of people"), ({"days": "0"}, "no number of days")):
        wrong = lead.post(f"{project}/annotators", data=form)
        assert (wrong.status_code, said in wrong.text) == (422, True)


def test_who_may_look_and_who_may_act(lead: httpx.Client) -> None:
    pool = started(lead)
    project = "/".join(pool.split("/")[:3])
    running: Running = lead.running  # type: ignore[attr-defined]
    body = {"invitation": invitation(lead, project), "name": "ann"}
    token = running.client().post("/api/v1/join", json=body).json()["token"]
    joined = running.client({"Authorization": f"Bearer {token}"})
    viewer, annotator = running.logged_in("vic"), running.logged_in("anno")
    limited = running.with_token("viewer", models=["cats"])
    seen = (
        "/labels",
        project,
        pool,
        f"{project}/annotators",
        f"{project}/settings",
        f"{project}/review",
        f"{project}/golden",
        f"{project}/errors",
        f"{project}/download?format=csv",
    )
    for path in seen:
        assert viewer.get(path).status_code == 200, path
        for nobody in (annotator, joined, limited):
            assert nobody.get(path).status_code == 403, path
    assert "Create link" not in viewer.get(f"{project}/annotators").text
    for path in ("/labels/new", "/labels/images?model=cats"):
        assert viewer.get(path).status_code == 403, path
    task = first_task(running, pool)
    acts = (
        "/labels/new",
        "/labels/images?model=cats",
        f"{project}/settings",
        f"{pool}/close",
        f"{project}/annotators",
        f"{project}/invitations/1/revoke",
        f"{project}/annotators/1",
        f"{project}/annotators/1/ban",
        f"{project}/events/1/undo",
        f"{project}/tasks/{task}/review",
        f"{project}/tasks/{task}/promote",
        f"{project}/golden/pick",
        f"{project}/golden/promote",
        f"{pool}/prelabels",
        f"{pool}/automatic",
        f"{pool}/rules",
    )
    for path in acts:
        for nobody in (viewer, annotator, joined):
            assert nobody.post(path, data={"reason": "x"}).status_code == 403, path
    del viewer.headers["X-CSRF-Token"]
    bare = running.logged_in("ella")
    del bare.headers["X-CSRF-Token"]
    for path in acts:
        assert bare.post(path, data={"reason": "x"}).status_code == 403, path


def test_what_is_of_another_project_is_not_found(lead: httpx.Client) -> None:
    one, other = started(lead), started(lead)
    project, elsewhere = ("/".join(each.split("/")[:3]) for each in (one, other))
    task = first_task(lead.running, other)  # type: ignore[attr-defined]
    for path in (
        "/labels/99999",
        f"{project}/pools/{other.split('/')[-1]}",
        f"{project}/tasks/{task}",
        f"{project}/annotators/99999",
    ):
        assert lead.get(path).status_code == 404, path
    assert lead.get(f"{elsewhere}/tasks/{task}").status_code == 200
    assert lead.post(f"{project}/pools/{other.split('/')[-1]}/close").status_code == 404
    assert lead.post(f"{project}/events/99999/undo").status_code == 404
    assert lead.post(f"{project}/annotators/99999/ban", data={"reason": "x"}).status_code == 404


def test_a_task_is_reviewed_and_what_was_rejected_comes_again(lead: httpx.Client) -> None:
    pool = started(lead, how_many="3", overlap="1", most_overlap="1", golden_share="0")
    project = "/".join(pool.split("/")[:3])
    api, running = f"/api/v1/projects/{project.split('/')[-1]}", lead.running  # type: ignore[attr-defined]
    crowd = running.with_token("annotator")
    for task in crowd.post(f"{api}/next", json={"count": 3, "annotator": "w1"}).json()["tasks"]:
        body = {"id": str(uuid.uuid4()), "task": task["task"], "payload": {"class": "dog"}, "annotator": "w1"}
        assert crowd.post(f"{api}/answers", json=body).status_code == 202
    with reading(running.services.engine) as connection:
        keys = [one.key for one in list_tasks(connection, int(pool.split("/")[-1]))]
    page = f"{project}/tasks/{keys[0]}"
    assert "dog" in lead.get(page).text
    accept = {"decision": "accept", "seen": '{"class":"dog"}', "back": "task"}
    assert lead.post(f"{page}/review", data=accept).headers["location"].endswith("told=accept")
    assert "Accepted by ella" in lead.get(page).text
    twice = lead.post(f"{page}/review", data=accept)
    assert (twice.status_code, "say that you decide anew" in twice.text) == (422, True)
    edit = {"decision": 'edit:{"class":"cat"}', "anew": "yes", "back": "task", "reason": "a <cat>"}
    assert lead.post(f"{page}/review", data=edit).status_code == 303
    assert "a &lt;cat&gt;" in lead.get(page).text
    rejected = lead.post(f"{project}/tasks/{keys[1]}/review", data={"decision": "reject"})
    assert rejected.headers["location"].startswith(f"{project}/review?")
    assert "Back to be labelled by others." in lead.get(rejected.headers["location"]).text
    for form in (
        {"decision": "perhaps"},
        {"decision": "edit:nonsense"},
        {"decision": 'edit:{"class":"cow"}'},
    ):
        assert lead.post(f"{project}/tasks/{keys[2]}/review", data=form).status_code == 422
    found = {
        one["task"]: one for one in lead.get(f"{api}/pools/{pool.split('/')[-1]}/results").json()["results"]
    }
    assert [found[key]["consensus"] for key in keys] == [{"class": "cat"}, None, {"class": "dog"}]


def test_golden_tasks_are_picked_and_balanced_by_class(lead: httpx.Client) -> None:
    pool = started(lead, how_many="3")
    project, key = "/".join(pool.split("/")[:3]), pool.split("/")[-1]
    page = lead.get(f"{project}/golden?pool={key}").text
    assert page.count('name="truth"') == 21  # of the newest 24, those that the project has not asked about
    form = {"pool": key, "record": ["c000", "c001", "c002"], "truth": ["", "1:dog", "0:cat", "7:dog", "x"]}
    added = lead.post(f"{project}/golden/pick", data=form)
    assert added.headers["location"] == f"{project}/golden?pool={key}&added=2"
    shown = lead.get(added.headers["location"]).text
    assert "2 images are added." in shown
    with reading(lead.running.services.engine) as connection:  # type: ignore[attr-defined]
        found = {one.record: one.truth for one in list_tasks(connection, int(key), kind="golden")}
    assert found == {"c000": {"class": "cat"}, "c001": {"class": "dog"}}
    assert lead.get(f"{pool}?show=golden").text.count('class="shot"') == 2
    for path, wrong, said in (
        ("pick", form | {"truth": [""]}, "No right answer was said"),
        ("pick", form | {"truth": ["0:horse"]}, "has no class"),
        ("pick", form | {"kind": "real"}, "is no kind of task whose answer is known"),
        ("promote", {"pool": key, "count": "many"}, "is no number of tasks"),
        ("promote", {"pool": key, "count": "5"}, "There is no label of another pool"),
    ):
        answer = lead.post(f"{project}/golden/{path}", data=wrong)
        assert (answer.status_code, said in answer.text) == (422, True), said
    again = lead.post(f"{project}/golden/pick", data=form)
    assert "The pool had all of these already." in lead.get(again.headers["location"]).text


def test_labels_are_downloaded_or_it_is_told_why_not(lead: httpx.Client) -> None:
    project = "/".join(started(lead, how_many="2").split("/")[:3])
    file = lead.get(f"{project}/download", params={"format": "csv"})
    assert (file.status_code, file.headers["content-type"].partition(";")[0]) == (200, "text/csv")
    assert "attachment" in file.headers["content-disposition"]
    wrong = lead.get(f"{project}/download", params={"format": "coc"})
    assert (wrong.status_code, "Did you mean" in wrong.text) == (422, True)


def test_instructions_show_pictures_of_the_model_and_no_others(lead: httpx.Client) -> None:
    project = "/".join(started(lead, how_many="1").split("/")[:3])
    running: Running = lead.running  # type: ignore[attr-defined]
    text = "![a cat](record:c005) ![far](https://elsewhere.example/x.png) ![<b>](record:c006)"
    change = {"classes": "cat | 1 | #0072b2\ndog | d | #009e73", "instructions": text}
    assert lead.post(f"{project}/settings", data=change).status_code == 303
    page = lead.get(f"{project}/settings").text
    key = project.rsplit("/", maxsplit=1)[-1]
    assert f'<img src="/annotate/{key}/examples?record=c005" alt="a cat"' in page
    assert 'alt="&lt;b&gt;"' in page
    assert '<img src="https' not in page
    body = {"invitation": invitation(lead, project), "name": "ann"}
    token = running.client().post("/api/v1/join", json=body).json()["token"]
    ann = running.client({"Authorization": f"Bearer {token}"})
    for who in (lead, ann, running.logged_in("vic")):
        shown = who.get(f"/annotate/{key}/examples", params={"record": "c005"})
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        assert who.get(f"/annotate/{key}/examples", params={"record": "c007"}).status_code == 404
    other = "/".join(started(lead, how_many="1").split("/")[:3]).rsplit("/", maxsplit=1)[-1]
    assert ann.get(f"/annotate/{other}/examples", params={"record": "c005"}).status_code == 404
    assert running.client().get(f"/annotate/{key}/examples?record=c005").status_code == 401
    ingest = running.with_token("ingest")
    assert ingest.get(f"/annotate/{key}/examples?record=c005").status_code == 403


def test_the_rules_of_a_pool(lead: httpx.Client) -> None:
    pool = started(lead, how_many="2")
    rules = {
        "review_share": "5",
        "review_below": "70",
        "fast_seconds": "0.5",
        "skips_in_row": "4",
        "challenge_every": "0",
        "pause_minutes": "15",
        "on": ["golden", "too_fast"],
    }
    assert lead.post(f"{pool}/rules", data=rules).status_code == 303
    with reading(lead.running.services.engine) as connection:  # type: ignore[attr-defined]
        kept = PoolRules.from_json(pool_by_key(connection, int(pool.split("/")[-1])).rules)
    assert (kept.review_share, kept.fast_seconds, kept.skips_in_row) == (0.05, 0.5, 4)
    assert (kept.golden, kept.too_fast, kept.collusion, kept.challenge_every) == (True, True, False, 0)
    assert 'value="4"' in lead.get(pool).text
    for name, value, said in (
        ("pause_minutes", "long", "is no number for"),
        ("skips_in_row", "2.5", "is no whole number for"),
        ("skips_in_row", "inf", "is no number for"),
        ("review_share", "500", "give a share from 0 to 1"),
    ):
        answer = lead.post(f"{pool}/rules", data=rules | {name: value})
        assert (answer.status_code, said in answer.text) == (422, True), name


def test_the_assistant_of_a_pool(lead: httpx.Client) -> None:
    pool = started(lead, how_many="2")
    page = lead.get(pool).text
    assert "It learns while people label: from about 30 labels on" in page
    assert lead.post(f"{pool}/prelabels", data={"prelabels": "off"}).status_code == 303
    assert '<option value="off" selected>' in lead.get(pool).text
    assert lead.post(f"{pool}/prelabels", data={"act": "off"}).status_code == 303
    assert "It is off." in lead.get(pool).text
    for path, form, said in (
        ("prelabels", {"prelabels": "magic"}, "magic"),
        ("automatic", {"bound": "2"}, "assistant"),
        ("automatic", {"bound": "few"}, "is no share of wrong labels"),
        ("automatic/7/undo", {}, "has no run 7"),
    ):
        answer = lead.post(f"{pool}/{path}", data=form)
        assert (answer.status_code, said in answer.text) == (422, True), path


def test_images_of_a_pool_are_shown_after_their_records_are_deleted(lead: httpx.Client) -> None:
    pool = started(lead, "model=cats&sort=oldest", how_many="1")
    running: Running = lead.running  # type: ignore[attr-defined]
    shown = lead.get(pool).text
    picture_of = html.unescape(shown.partition('<img src="')[2].partition('"')[0])
    assert lead.get(picture_of).status_code == 200
    with writing(running.services.engine) as connection:
        connection.execute(delete(records).where(records.c.id == "c000"))
    assert lead.get(picture_of).status_code == 200
    assert lead.get(picture_of.replace("/cats/", "/dogs/")).status_code == 404


def test_sets_of_classes_are_accepted_as_they_are_and_edited_where_they_differ(lead: httpx.Client) -> None:
    pool = started(lead, answer="multi-class", how_many="2", overlap="1", most_overlap="1", golden_share="0")
    project, running = "/".join(pool.split("/")[:3]), lead.running  # type: ignore[attr-defined]
    api, crowd = f"/api/v1/projects/{project.rsplit('/', maxsplit=1)[-1]}", running.with_token("annotator")
    for task in crowd.post(f"{api}/next", json={"count": 2, "annotator": "w1"}).json()["tasks"]:
        said = {"classes": ["cat", "dog"]}
        body = {"id": str(uuid.uuid4()), "task": task["task"], "payload": said, "annotator": "w1"}
        assert crowd.post(f"{api}/answers", json=body).status_code == 202
    with reading(running.services.engine) as connection:
        keys = [one.key for one in list_tasks(connection, int(pool.rsplit("/", maxsplit=1)[-1]))]
    seen = {"decision": "edit:classes", "seen": '{"classes":["cat","dog"]}', "back": "task"}
    for key, chosen in zip(keys, (["dog", "cat"], []), strict=True):
        assert lead.post(f"{project}/tasks/{key}/review", data=seen | {"chosen": chosen}).status_code == 303
    with reading(running.services.engine) as connection:
        made = list_reviews(connection, int(api.rsplit("/", maxsplit=1)[-1]))
    assert [(one.task, one.action, one.payload) for one in reversed(made)] == [
        (keys[0], "accept", {"classes": ["cat", "dog"]}),
        (keys[1], "edit", {"classes": []}),
    ]


def invitation(lead: httpx.Client, project: str) -> str:
    made = lead.post(f"{project}/annotators", data={"most": "1"})
    return made.text.partition("/join/")[2].partition("<")[0].strip()


def first_task(running: Running, pool: str) -> int:
    with reading(running.services.engine) as connection:
        return list_tasks(connection, int(pool.rsplit("/", maxsplit=1)[-1]), limit=1)[0].key


def test_the_list_says_how_to_begin_and_how_far_each_is(tmp_path) -> None:
    with serving(tmp_path) as running:
        running.user("ella", "engineer")
        lead = running.logged_in("ella")
        assert "No model is registered yet" in lead.get("/labels").text
        running.model("cats")
        assert "Nothing is labelled yet" in lead.get("/labels").text
        log_images(running, 4)
        pool = started(lead, how_many="4")
        with reading(running.services.engine) as connection:
            (project,) = list_projects(connection)
        page = lead.get("/labels").text
        assert f'href="/labels/{project.key}"' in page
        assert "0 of 4" in page
        assert pool.startswith(f"/labels/{project.key}/pools/")
