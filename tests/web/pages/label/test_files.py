"""Label files by page: what one would do is told, then it is read, and taken back."""

from __future__ import annotations

import io
import zipfile

import httpx
from tests.web.pages.label.test_manage import lead, started
from tests.web.pages.pictures import picture
from tests.web.serving import Running

from driftwheel.services.exchange.brought_images import Bringing
from driftwheel.services.exchange.kept_imports import read_kept
from driftwheel.services.exchange.undo_import import advance_undo
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_imports import active_imports
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.tasks import list_tasks

__all__ = ["lead"]  # the fixture

FORM = {"what": "consensus", "pool": "new", "name": "from files", "format": "", "answers": ""}


def archive(**labels: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for number, name in enumerate(labels):
            file.writestr(f"images/{name}.png", picture(100 + number))
        known = "".join(f"{name}.png,{label}\n" for name, label in labels.items() if label)
        file.writestr("labels.csv", "image,label\n" + known)
    return out.getvalue()


def work(running: Running) -> None:
    """Do what a worker does."""
    services = running.services
    with reading(services.engine) as connection:
        wanted = active_imports(connection)
    for one in wanted:
        if one.state == "undoing":
            while advance_undo(services.engine, one.key, now=running.clock()):
                pass
        else:
            read_kept(
                services.engine, one.key, Bringing(services.blobs, services.settings), now=running.clock()
            )


def test_a_file_is_looked_at_then_read_and_taken_back(lead: httpx.Client) -> None:
    running: Running = lead.running  # type: ignore[attr-defined]
    project = "/".join(started(lead, how_many="3").split("/")[:3])
    shown = lead.get(f"{project}/files").text
    assert "None yet." in shown
    data = archive(c000="cat", n1="dog", n2="", n3="cow")
    answer = lead.post(f"{project}/files", data=FORM, files={"files": ("mine.zip", data)})
    assert answer.status_code == 303, answer.text
    at = answer.headers["location"]
    page = lead.get(at).text
    assert "1 of 3 images would be taken." in page
    assert "they name a class that the project has not" in page
    assert "cow (1)" in page
    assert '<td class="names">c000.png</td>' in page  # another image of that name is there
    assert lead.post(at, data={"act": "read"}).status_code == 303
    assert 'data-refresh="1"' in lead.get(at).text
    wrong = lead.post(at, data={"act": "read"})
    assert (wrong.status_code, "was begun already" in wrong.text) == (422, True)
    work(running)
    page = lead.get(at).text
    assert "1 of 3 images were taken." in page
    assert "data-refresh" not in page
    with reading(running.services.engine) as connection:
        pool = next(
            one for one in list_pools(connection, int(project.split("/")[2])) if one.name == "from files"
        )
        states = {one.record: one.state for one in list_tasks(connection, pool.key)}
    assert states == {"n1.png": "done", "n2.png": "open", "n3.png": "open"}
    assert "from files" in lead.get(f"{project}/files").text
    assert lead.post(at, data={"act": "undo"}).status_code == 303
    work(running)
    assert "Taken back: 3." in lead.get(at).text
    with reading(running.services.engine) as connection:
        assert list_tasks(connection, pool.key) == []


def test_images_alone_are_brought_to_be_labelled(lead: httpx.Client) -> None:
    pool = started(lead, how_many="2")
    project = "/".join(pool.split("/")[:3])
    sent = [("files", (f"new-{n}.png", picture(200 + n))) for n in range(2)]
    form = FORM | {"what": "images", "pool": pool.rsplit("/", maxsplit=1)[-1]}
    at = lead.post(f"{project}/files", data=form, files=sent).headers["location"]
    page = lead.get(at).text
    assert "2 of 2 images would be taken." in page
    assert "new-0.png and 1 more" in page
    assert lead.post(at, data={"act": "discard"}).headers["location"] == f"{project}/files?told=discarded"
    assert lead.get(at).status_code == 404


def test_what_cannot_be_read_is_told_and_nothing_is_kept(lead: httpx.Client) -> None:
    project = "/".join(started(lead, how_many="2").split("/")[:3])
    cases = [
        (FORM, ("a.json", b'{"images": ['), "a.json"),
        (FORM, ("a.txt", b"hello"), "a.txt"),
        (FORM | {"what": "all"}, ("a.csv", b"image,label\n"), "Labels become"),
        (FORM | {"format": "coc"}, ("a.csv", b"image,label\n"), "Did you mean"),
        (FORM | {"pool": "12345"}, ("a.csv", b"image,label\n"), "Choose a pool"),
        (FORM | {"name": " "}, ("a.csv", b"image,label\n"), "A pool cannot be called"),
        (FORM, ("", b""), "Choose a file"),
    ]
    for form, (name, data), said in cases:
        wrong = lead.post(f"{project}/files", data=form, files={"files": (name, data)} if name else None)
        assert (wrong.status_code, said in wrong.text) == (422, True), wrong.text
        assert "/tmp" not in wrong.text
    with reading(lead.running.services.engine) as connection:  # type: ignore[attr-defined]
        names = [one.name for one in list_pools(connection, int(project.split("/")[2]))]
    assert names == ["first"]


def test_who_may_look_and_who_may_bring(lead: httpx.Client) -> None:
    project = "/".join(started(lead, how_many="2").split("/")[:3])
    viewer = lead.running.logged_in("vic")  # type: ignore[attr-defined]
    nobody = lead.running.logged_in("anno")  # type: ignore[attr-defined]
    assert viewer.get(f"{project}/files").status_code == 200
    assert nobody.get(f"{project}/files").status_code == 403
    for person in (viewer, nobody):
        sent = {"files": ("a.csv", b"image,label\n")}
        assert person.post(f"{project}/files", data=FORM, files=sent).status_code == 403
        assert person.post(f"{project}/files/1", data={"act": "read"}).status_code == 403
