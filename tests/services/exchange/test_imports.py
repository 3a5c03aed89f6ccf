"""What an import would do is what it does; images come along; and all of it is undone in one step."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.services.exchange.test_exchange_labels import another_pool
from tests.services.labelling import Labelling, labelling
from tests.services.labelling_faults import labelling_faults
from tests.workflows.installation import picture

from driftwheel.errors import LabelFormatError, UsageError
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.exchange import import_labels as importing
from driftwheel.services.exchange.brought_images import Bringing
from driftwheel.services.exchange.import_count import ImportAs, Imported
from driftwheel.services.exchange.import_labels import check_labels, import_labels
from driftwheel.services.exchange.kept_imports import (
    begin_import,
    discard_import,
    forget_checked,
    import_of_project,
    keep_upload,
    read_kept,
)
from driftwheel.services.exchange.undo_import import advance_undo, undo_import, undo_now
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.pools.open_pool import open_pool
from driftwheel.settings import Settings
from driftwheel.store.assist.prelabels import given_prelabels
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.labels.label_imports import list_imports
from driftwheel.store.labels.tasks import Task, list_tasks


@pytest.fixture
def bringing(tmp_path: Path) -> Bringing:
    return Bringing(Blobs.open(str(tmp_path / "blobs")), Settings(data=tmp_path, _env_file=None))


def table(path: Path, **labels: str) -> Path:
    path.write_text("image,label\n" + "".join(f"{name},{label}\n" for name, label in labels.items()))
    return path


def archive(path: Path, **labels: str) -> Path:
    """An archive with an image of each name, and a table of labels of those that have one."""
    with zipfile.ZipFile(path, "w") as out:
        for number, name in enumerate(labels):
            out.writestr(f"{name}.png", picture(number))
        known = "".join(f"{name}.png,{label}\n" for name, label in labels.items() if label)
        if known:
            out.writestr("labels.csv", "image,label\n" + known)
    return path


def both(
    work: Labelling, path: Path, what: ImportAs, pool: int, bringing: Bringing | None = None
) -> tuple[Imported, Imported]:
    """What a file would do, and what it does."""
    where = (work.engine, work.project.key, pool, path, what)
    would = check_labels(*where, now=work.now, bringing=bringing)
    return would, import_labels(*where, by="lead", now=work.now, bringing=bringing)


def tasks_of(work: Labelling, pool: int) -> dict[str, Task]:
    with reading(work.engine) as connection:
        return {one.record: one for one in list_tasks(connection, pool, limit=1000)}


def numbers(one: Imported) -> tuple[Any, ...]:
    return (one.images, one.taken, one.added, one.corrected, one.brought, one.not_joined)


def faults(work: Labelling) -> list[str]:
    """What is wrong, but for tasks that were labelled by a file."""
    return [one for one in labelling_faults(work.engine) if "done with 0 answers" not in one]


def undone(work: Labelling, key: int) -> str:
    return undo_now(work.engine, work.project.key, key, by="lead", now=work.now).reason or ""


@pytest.mark.parametrize("what", ["consensus", "golden", "prelabels", "images"])
def test_what_would_be_done_is_done_and_undone(
    shared_database: Engine, tmp_path: Path, bringing: Bringing, what: ImportAs
) -> None:
    work = labelling(shared_database, 4)
    work.label("ann", "dog")  # i0
    (held,) = work.ask("bob", 1)  # somebody is at i1
    before = tasks_of(work, work.pool)
    path = archive(tmp_path / "new.zip", i0="cat", i2="dog", n1="cat", n2="", n3="dog")
    if what != "images":
        path.unlink()
        path = archive(tmp_path / "new.zip", n1="cat", n2="", n3="dog")
    would, did = both(work, path, what, work.pool, bringing)
    assert numbers(would) == numbers(did)
    assert (would.key, did.key > 0) == (0, True)
    after = tasks_of(work, work.pool)
    new = {name.removesuffix(".png") for name in set(after) - set(before)}
    assert new == ({"n1", "n3"} if what == "golden" else {"n1", "n2", "n3"})
    states = {name: (one.kind, one.state) for name, one in after.items() if name.startswith("n")}
    if what == "consensus":
        assert states["n2.png"] == ("real", "open")
        assert after["n1.png"].consensus == {"class": "cat"}
    elif what == "golden":
        assert states["n1.png"] == ("golden", "open")
        assert did.not_joined[0].why == "unlabelled" if did.not_joined else True
    elif what == "prelabels":
        with reading(work.engine) as connection:
            assert set(given_prelabels(connection, [after["n1.png"].key])) == {after["n1.png"].key}
    assert faults(work) == []
    assert "stay" in undone(work, did.key)
    assert tasks_of(work, work.pool) == before
    assert work.say("bob", held.task).state == "counted"
    assert faults(work) == []


def test_labels_of_open_tasks_are_taken_away_and_corrected_ones_restored(
    shared_database: Engine, tmp_path: Path
) -> None:
    work = labelling(shared_database, 5)
    first = table(tmp_path / "a.csv", i0="cat", i1="cat", i2="cat")
    second = table(tmp_path / "b.csv", i0="dog", i1="cat", i3="dog")
    _, one = both(work, first, "consensus", work.pool)
    would, two = both(work, second, "consensus", work.pool)
    assert numbers(would) == numbers(two)
    assert (two.taken, two.corrected, two.not_joined[0].names) == (2, 1, ("i1",))
    assert tasks_of(work, work.pool)["i0"].consensus == {"class": "dog"}
    undone(work, one.key)  # i0 is the second file's now: it stays
    now = tasks_of(work, work.pool)
    assert [(name, now[name].state) for name in ("i0", "i1", "i2", "i3")] == [
        ("i0", "done"),
        ("i1", "open"),
        ("i2", "open"),
        ("i3", "done"),
    ]
    undone(work, two.key)
    assert tasks_of(work, work.pool)["i0"].consensus == {"class": "cat"}
    assert {one.state for name, one in tasks_of(work, work.pool).items() if name != "i0"} == {"open"}
    assert faults(work) == []
    with pytest.raises(UsageError, match="is undone; there is nothing to undo"):
        undone(work, two.key)


def test_what_people_did_since_stays(shared_database: Engine, tmp_path: Path, bringing: Bringing) -> None:
    work = labelling(shared_database, 1)
    pool = another_pool(work)
    _, did = both(work, archive(tmp_path / "new.zip", a="", b=""), "images", pool, bringing)
    assert (did.taken, did.brought) == (2, 2)
    open_pool(work.engine, work.project.key, pool, by="lead", now=work.now)
    given = [one for one in work.ask("ann", 3) if one.pool == pool]
    work.say("ann", given[0].task)
    reason = undone(work, did.key)
    assert reason == "Taken back: 0. Touched since, so they stay: 2."  # one is answered, one is held
    assert len(tasks_of(work, pool)) == 2


def test_an_image_is_not_taken_for_another_of_its_name(
    shared_database: Engine, tmp_path: Path, bringing: Bringing
) -> None:
    work = labelling(shared_database, [PoolImage("a.png")])
    path = archive(tmp_path / "new.zip", a="cat", b="dog")
    with zipfile.ZipFile(path, "a") as out:
        out.writestr("c.png", b"no image")
    would, did = both(work, path, "images", work.pool, bringing)
    assert numbers(would) == numbers(did)
    assert {one.why: one.names for one in did.not_joined} == {
        "another_image": ("a.png",),
        "unreadable": ("c.png",),
    }


def test_a_file_is_kept_checked_and_read_by_a_worker(
    shared_database: Engine, tmp_path: Path, bringing: Bringing
) -> None:
    work = labelling(shared_database, 3)
    path = table(tmp_path / "labels.csv", i0="dog", i1="cow")
    where = (work.engine, work.project.key)

    def keep() -> int:
        return keep_upload(
            *where,
            work.pool,
            path,
            "consensus",
            name="mine.csv",
            options=LabelOptions(),
            bringing=bringing,
            by="lead",
            now=work.now,
        ).key

    key = keep()
    kept = import_of_project(*where, key)
    assert (kept.state, kept.name, (kept.report or {})["taken"]) == ("checked", "mine.csv", 1)
    assert read_kept(work.engine, key, bringing, now=work.now) == "checked"  # nobody has asked for it
    begin_import(*where, key, by="lead")
    with pytest.raises(UsageError, match="begun already"):
        discard_import(*where, key)
    assert read_kept(work.engine, key, bringing, now=work.now) == "done"
    done = import_of_project(*where, key)
    assert (done.state, done.file, done.images) == ("done", None, 2)
    assert tasks_of(work, work.pool)["i0"].consensus == {"class": "dog"}
    undo_import(*where, key, by="lead", now=work.now)
    while advance_undo(work.engine, key, now=work.now):
        pass
    assert import_of_project(*where, key).state == "undone"
    assert tasks_of(work, work.pool)["i0"].state == "open"
    discard_import(*where, keep())
    keep()
    work.later(days=3)
    assert forget_checked(work.engine, now=work.now) >= 1
    with reading(work.engine) as connection:
        assert [one.key for one in list_imports(connection, work.project.key)] == [key]


def test_reading_that_was_cut_off_goes_on_and_counts_all(
    shared_database: Engine, tmp_path: Path, bringing: Bringing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_AT_ONCE", 2)
    work = labelling(shared_database, 6)
    path = table(tmp_path / "labels.csv", **{f"i{n}": "dog" for n in range(6)})
    key = keep_upload(
        work.engine,
        work.project.key,
        work.pool,
        path,
        "consensus",
        name="labels.csv",
        options=LabelOptions(),
        bringing=bringing,
        by="lead",
        now=work.now,
    ).key
    begin_import(work.engine, work.project.key, key, by="lead")
    taken = importing.import_images

    class Killed(BaseException):
        pass

    def cut_off(*given: Any, **more: Any) -> None:
        taken(*given, **more)
        raise Killed

    monkeypatch.setattr(importing, "import_images", cut_off)
    with pytest.raises(Killed):
        read_kept(work.engine, key, bringing, now=work.now)
    monkeypatch.setattr(importing, "import_images", taken)
    assert read_kept(work.engine, key, bringing, now=work.now) == "done"
    report = import_of_project(work.engine, work.project.key, key).report or {}
    assert (report["images"], report["taken"], report["not_joined"]) == (6, 6, [])
    assert undone(work, key).startswith("Taken back: 6.")


def test_a_damaged_file_says_where_and_changes_nothing(
    shared_database: Engine, tmp_path: Path, bringing: Bringing
) -> None:
    work = labelling(shared_database, 1)
    broken = tmp_path / "labels.json"
    broken.write_bytes(io.BytesIO(b'{"images": [').getvalue())
    with pytest.raises(LabelFormatError):
        check_labels(work.engine, work.project.key, work.pool, broken, "consensus", now=work.now)
    empty = tmp_path / "none.zip"
    with zipfile.ZipFile(empty, "w") as out:
        out.writestr("notes.txt", "hello")
    with pytest.raises(UsageError, match=r"There is no image in 'none\.zip'"):
        both(work, empty, "images", work.pool, bringing)
    with pytest.raises(UsageError, match="none are to come along"):
        both(work, empty, "images", work.pool)
