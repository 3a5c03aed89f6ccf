"""Labels go into the store and out of it in every format, and what does not join is told."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update
from tests.services.labelling import Labelling, labelling
from tests.workflows.installation import picture

from driftwheel.errors import LabelFormatError, UsageError
from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat
from driftwheel.formats.losses import Loss
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.exchange.export_labels import Exported, ExportOptions, export_labels
from driftwheel.services.exchange.import_count import ImportAs
from driftwheel.services.exchange.import_labels import Imported, import_labels
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.store.assist.prelabels import given_prelabels
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.labels.label_events import list_events
from driftwheel.store.labels.label_sources import sources_of
from driftwheel.store.labels.tasks import list_tasks
from driftwheel.store.schema.label_tables import tasks

CLASSES = [LabelFormat.COCO, LabelFormat.CVAT, LabelFormat.CSV, LabelFormat.LABEL_STUDIO, LabelFormat.FOLDERS]
BOXES = [LabelFormat.COCO, LabelFormat.CVAT, LabelFormat.LABEL_STUDIO, LabelFormat.YOLO, LabelFormat.VOC]


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def box(*edges: float, label: str = "cat", rotation: float = 0.0) -> dict[str, Any]:
    return {"class": label, **dict(zip("xywh", edges, strict=True)), "rotation": rotation}


def write(work: Labelling, blobs: Blobs, form: LabelFormat, path: Path, **options: Any) -> Exported:
    with path.open("w+b") as out:
        return export_labels(work.engine, blobs, work.project.key, form, out, ExportOptions(**options))


def read(work: Labelling, path: Path, what: ImportAs, pool: int | None = None, **options: Any) -> Imported:
    return import_labels(
        work.engine,
        work.project.key,
        pool or work.pool,
        path,
        what,
        by="lead",
        now=work.now,
        options=LabelOptions(**options),
    )


def another_pool(work: Labelling) -> int:
    new = NewPool(f"again {work.now:%f}")
    work.later(microseconds=1)
    return create_pool(work.engine, work.project.key, new, by="lead", now=work.now).key


def labels(work: Labelling, pool: int) -> dict[str, Any]:
    with reading(work.engine) as connection:
        return {one.record: one.consensus for one in list_tasks(connection, pool, limit=1000)}


def suffix(form: LabelFormat) -> str:
    return SINGLE_FILES.get(form, ".zip")


@pytest.mark.parametrize("form", BOXES)
def test_boxes_go_out_and_come_back(
    shared_database: Engine, blobs: Blobs, tmp_path: Path, form: LabelFormat
) -> None:
    work = labelling(shared_database, [PoolImage("line 1/a.jpg"), PoolImage("b")], answer="boxes")
    said = {"line 1/a.jpg": [box(10, 20, 30, 40), box(100, 50, 60, 70, label="dog")], "b": []}
    for one in work.ask("ann", 2):
        work.say("ann", one.task, {"boxes": said[work.task(one.task).record]})
    path = tmp_path / f"labels{suffix(form)}"
    done = write(work, blobs, form, path)
    assert (done.images, done.answers) == (2, 2)
    pool = another_pool(work)
    found = read(work, path, "consensus", pool)
    assert (found.form, found.images, found.taken, found.added) == (form, 2, 2, 2)
    assert found.not_joined == ()
    for record, payload in labels(work, pool).items():
        assert len(payload["boxes"]) == len(said[record])
        for back, was in zip(payload["boxes"], said[record], strict=True):
            assert back["class"] == was["class"]
            assert all(abs(back[name] - was[name]) <= 0.01 for name in ("x", "y", "w", "h"))


@pytest.mark.parametrize("form", CLASSES)
def test_classes_go_out_and_come_back(
    shared_database: Engine, blobs: Blobs, tmp_path: Path, form: LabelFormat
) -> None:
    work = labelling(shared_database, 3)
    for name, one in zip(("cat", "dog", "cat"), work.ask("ann", 3), strict=True):
        work.say("ann", one.task, name)
    path = tmp_path / f"labels{suffix(form)}"
    if form is LabelFormat.COCO:  # it has boxes only, and says so
        with pytest.raises(LabelFormatError, match="allow 'classes'"):
            write(work, blobs, form, path)
        return
    if form is LabelFormat.FOLDERS:
        with pytest.raises(LabelFormatError, match=r"image of 'i0\.jpg' is no longer kept"):
            write(work, blobs, form, path)
        return
    write(work, blobs, form, path)
    pool = another_pool(work)
    assert read(work, path, "consensus", pool).taken == 3
    assert labels(work, pool) == labels(work, work.pool)


def test_every_reason_why_an_image_gave_nothing_is_told(shared_database: Engine, tmp_path: Path) -> None:
    work = labelling(shared_database, 5)
    for one in work.ask("ann", 2):
        work.say("ann", one.task)
    lines = [
        "image,label",
        "i0.jpg,dog",
        "photos/i2.png,dog",
        "i3.jpg,cow",
        "i4,cat",
        "sub/i4.jpg,dog",
        "x,cat",
    ]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    found = read(work, path, "consensus")
    assert (found.images, found.taken, found.added) == (6, 2, 0)
    assert {one.why: one.names for one in found.not_joined} == {
        "there": ("i0.jpg",),
        "unknown_class": ("i3.jpg",),
        "twice": ("sub/i4.jpg",),
        "no_record": ("x",),
    }
    assert found.unknown_classes == {"cow": 1}
    by_record = labels(work, work.pool)
    assert (by_record["i0"], by_record["i2"]) == ({"class": "cat"}, {"class": "dog"})  # people's stays
    keys = {one.record: one.key for one in work.tasks()}
    with reading(work.engine) as connection:
        assert sources_of(connection, list(keys.values())) == {keys["i2"]: "import", keys["i4"]: "import"}
        assert list_events(connection, work.project.key)[0].kind == "labels_imported"
    assert work.state().done == 4
    again = read(work, path, "consensus")
    assert again.taken == 0
    assert work.ask("bob", 9)[0].task == keys["i3"]  # the rest is for people


def test_a_file_makes_golden_tasks_and_pre_labels(shared_database: Engine, tmp_path: Path) -> None:
    work = labelling(shared_database, 2)
    path = tmp_path / "labels.json"
    task = {"data": {"image": "/data/local-files/?d=i0"}}
    said = {"type": "choices", "from_name": "choice", "to_name": "image", "value": {"choices": ["dog"]}}
    person = {"id": 1, "result": [said | {"value": {"choices": ["cat"]}}]}
    model = {"model_version": "v1", "score": 0.8, "result": [said]}
    path.write_text(json.dumps([{"id": 1, **task, "annotations": [person], "predictions": [model]}]))
    assert read(work, path, "prelabels").taken == 1
    keys = {one.record: one.key for one in work.tasks()}
    with reading(work.engine) as connection:
        (given,) = given_prelabels(connection, list(keys.values())).values()
    assert (given.payload, given.confidence) == ({"class": "dog"}, 0.8)
    pool = another_pool(work)
    golden = read(work, path, "golden", pool)
    assert (golden.taken, golden.added) == (1, 1)
    with reading(work.engine) as connection:
        (one,) = list_tasks(connection, pool)
    assert (one.kind, one.truth, one.stratum) == ("golden", {"class": "cat"}, "cat")
    assert read(work, path, "golden", pool).not_joined[0].why == "there"
    with pytest.raises(UsageError, match="One answer of each image counts"):
        read(work, path, "golden", pool, answers="all")
    with pytest.raises(UsageError, match="Did you mean 'golden'"):
        read(work, path, "goldne")  # type: ignore[arg-type]


def test_all_answers_with_who_gave_them_and_what_was_not_answered(
    shared_database: Engine, blobs: Blobs, tmp_path: Path
) -> None:
    work = labelling(
        shared_database, [PoolImage("i0"), PoolImage("g", "golden", {"class": "dog"})], overlap=2
    )
    for name, said in (("ann", "cat"), ("bob", "cat")):
        work.say(name, work.ask(name)[0].task, said)
    path = tmp_path / "labels.json"
    done = write(work, blobs, LabelFormat.LABEL_STUDIO, path, what="answers", golden=True)
    assert (done.images, done.answers) == (2, 3)
    by_name = {one["data"]["image"].rpartition("=")[2]: one for one in json.loads(path.read_text())}
    people = [one["completed_by"]["email"] for one in by_name["i0"]["annotations"]]
    assert people == ["ann", "bob"]
    assert by_name["g"]["annotations"][0]["ground_truth"]
    with pytest.raises(LabelFormatError, match="has 2 answers"):
        write(work, blobs, LabelFormat.CSV, tmp_path / "a.csv", what="answers")


def test_images_come_with_their_labels_and_another_size_is_refused(
    shared_database: Engine, blobs: Blobs, tmp_path: Path
) -> None:
    work = labelling(shared_database, 1, answer="boxes")
    digest = blobs.put(picture(1))
    with writing(work.engine) as connection:
        connection.execute(
            update(tasks).where(tasks.c.pool == work.pool).values(image=digest, width=None, height=None)
        )
    work.say("ann", work.ask("ann")[0].task, {"boxes": [box(1, 2, 3, 4, rotation=30)]})
    path = tmp_path / "labels.zip"
    with pytest.raises(LabelFormatError, match="allow 'rotation'"):
        write(work, blobs, LabelFormat.YOLO, path)
    done = write(work, blobs, LabelFormat.YOLO, path, images=True, allow=frozenset({Loss.ROTATION}))
    assert [one.kind for one in done.lost] == [Loss.ROTATION]
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert sorted(archive.namelist()) == ["data.yaml", "images/i0.png", "labels/i0.txt"]
        assert archive.read("images/i0.png") == blobs.get(digest)
    found = read(work, path, "consensus", another_pool(work))  # the record says 640 × 480
    assert [one.why for one in found.not_joined] == ["size"]
    with pytest.raises(UsageError, match="is one file"):
        write(work, blobs, LabelFormat.COCO, path, images=True)
    with pytest.raises(UsageError, match="has no pool"):
        write(work, blobs, LabelFormat.COCO, path, pools=(10**6,))
