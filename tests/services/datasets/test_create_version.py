"""Dataset versions from labels: what counts, where it came from, and that the same is the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.services.datasets.labelled_animals import animals, picture
from tests.services.labelling import NOON

from driftwheel.datasets.splits import SplitShares
from driftwheel.errors import UsageError
from driftwheel.services.datasets.create_version import create_version
from driftwheel.services.datasets.new_version import GroupRule, LabelChoice, NewVersion, SplitRule
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.review.review_task import Decision, review_task
from driftwheel.services.operate.apply_retention import delete_unused_blobs
from driftwheel.store.datasets.dataset_versions import drop_abandoned, list_dataset_versions
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.labels.image_use import is_image_of
from driftwheel.store.labels.task_selections import TaskSelection, put_selections
from driftwheel.store.models.models import find_model
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.records.records import find_record
from driftwheel.store.records.retention import delete_records
from driftwheel.store.schema.dataset_tables import dataset_images
from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.tables import records

HALVES = SplitRule(SplitShares(0.5, 0.0, 0.5))


def test_a_version_says_who_labelled_what_and_why(shared_database: Engine, dataset_blobs: Blobs) -> None:
    chosen = [PoolImage("i0", reason="of alert 12: the model is in doubt"), PoolImage("i1"), PoolImage("i2")]
    it = animals(shared_database, dataset_blobs, chosen, overlap=2)
    for _ in range(3):
        it.work.label("ann", "dog")
        it.work.label("ben", "dog")
    task = it.work.tasks()[1]
    decision = Decision("edit", {"class": "cat"})
    review_task(shared_database, it.work.project.key, task.key, decision, by="lead", now=NOON)
    it.tell({"i2": "cat", "i9": "cat"})
    version = it.version(note="the first")
    found = it.examples(version)
    assert {name: (one.label.words, one.origin.source, one.origin.by) for name, one in found.items()} == {
        "i0": ("dog", "consensus", ("ann", "ben")),
        "i1": ("cat", "review", ("lead",)),
        "i2": ("cat", "told", ("token x",)),
    }
    origin = found["i0"].origin
    assert (origin.alert, origin.pool, origin.record, origin.model_version) == (12, "first", "i0", "1")
    assert (origin.time, origin.taken, found["i0"].width) == (NOON, NOON, 640)
    assert (version.number, version.images, version.kind, version.note) == (1, 3, "class", "the first")
    assert version.classes == ("cat", "dog")
    counted = version.contents
    assert (counted.alerts, counted.people["ann"], counted.sources["told"]) == ({12: 1}, 1, 1)
    with reading(shared_database) as connection:
        entry = list_audit(connection)[0]
        assert (entry.action, entry.details["version"]) == ("create-dataset", 1)


def test_the_same_labels_are_the_same_version(shared_database: Engine, dataset_blobs: Blobs) -> None:
    it = animals(shared_database, dataset_blobs)
    it.tell({f"i{n}": "cat" if n % 2 else "dog" for n in range(6)})
    first = it.make()
    again = it.make(by="other", now=NOON + timedelta(days=9), note="again")
    assert (first.is_new, again.is_new) == (True, False)
    assert again.version == first.version
    it.tell({"i0": "cat"}, when=NOON + timedelta(hours=1))
    other = it.make()
    assert other.is_new
    assert (other.version.number, other.version.digest != first.version.digest) == (2, True)
    seeded = it.make(splits=SplitRule(seed=5)).version
    assert seeded.content != other.version.content
    with reading(shared_database) as connection:
        model = find_model(connection, it.model).key
        assert [one.number for one in list_dataset_versions(connection, model)] == [3, 2, 1]


def test_what_is_drawn_to_measure_on_is_never_learnt_from(
    shared_database: Engine, dataset_blobs: Blobs
) -> None:
    it = animals(shared_database, dataset_blobs, 8)
    with writing(shared_database) as connection:
        put_selections(
            connection,
            it.work.pool,
            {"i0": TaskSelection("holdout", 0.25), "i2": TaskSelection("random", 0.5)},
        )
    all_train = SplitRule(SplitShares(1.0, 0.0, 0.0))
    it.tell({"i0": "dog", "i1": "cat"})
    told = it.examples(it.version(splits=all_train))
    assert (told["i0"].split, told["i1"].split) == ("test", "train"), "its task is still open"
    for n in range(8):
        it.work.label("ann", "cat" if n % 2 else "dog")
    labels = LabelChoice(sources=("consensus", "told"))
    found = it.examples(it.version(splits=all_train, labels=labels))
    assert {name: one.split for name, one in found.items() if one.split != "train"} == {"i0": "test"}
    assert (found["i0"].holdout, found["i2"].holdout, found["i2"].origin.probability) == (True, False, 0.5)
    asked = LabelChoice(pools=(it.work.pool,), sources=("told", "consensus"))
    assert it.examples(it.version(splits=all_train, labels=asked))["i0"].holdout


def test_only_what_is_asked_for(shared_database: Engine, dataset_blobs: Blobs) -> None:
    it = animals(shared_database, dataset_blobs, 4)
    it.work.label("ann", "dog")
    it.work.label("ann", "dog")
    it.tell({"i0": "cat", "i3": "cow"})
    assert set(it.examples(it.version())) == {"i0", "i1"}
    assert it.version().left_out == {"unknown_class": (1, ("i3",))}
    assert set(it.examples(it.version(new_classes=True))) == {"i0", "i1", "i3"}
    assert it.version(new_classes=True).classes == ("cat", "dog", "cow")
    consensus = it.version(labels=LabelChoice(sources=("consensus",)))
    assert set(it.examples(consensus)) == {"i1"}, "of i0 something surer is known"
    pooled = it.version(labels=LabelChoice(pools=(it.work.pool,)), new_classes=True)
    assert {name: one.label.words for name, one in it.examples(pooled).items()} == {
        "i0": "cat", "i1": "dog", "i3": "cow",
    }  # fmt: skip
    for choice, message in (
        (LabelChoice(until=NOON), "No labelled image was found"),
        (LabelChoice(since=NOON + timedelta(seconds=1)), "No labelled image was found"),
        (LabelChoice(pools=(10**6,)), "has no pool 1000000"),
    ):
        with pytest.raises(UsageError, match=message):
            it.make(labels=choice)
    with pytest.raises(UsageError, match="no source 'tolt'"):
        LabelChoice(sources=("tolt",))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'boxes' is asked"):
        it.make(kind="boxes", labels=LabelChoice(pools=(it.work.pool,)))


def test_boxes_and_sets_of_classes(shared_database: Engine, dataset_blobs: Blobs) -> None:
    it = animals(shared_database, dataset_blobs, 1, answer="boxes")
    box = {"class": "dog", "x": 1, "y": 2, "w": 3, "h": 4, "rotation": 30}
    it.work.say("ann", it.work.ask("ann")[0].task, {"boxes": [box, box | {"x": 90}]})
    version = it.version(kind="boxes")
    (one,) = it.examples(version).values()
    assert (one.label.words, one.label.boxes[0].rotation) == ("2 × dog", 30)
    assert (version.contents.boxes, version.kind) == (2, "boxes")
    several = animals(shared_database, dataset_blobs, 1, answer="multi-class")
    several.work.say("ann", several.work.ask("ann")[0].task, {"classes": ["dog", "cat"]})
    (both,) = several.examples(several.version(kind="multi-class")).values()
    assert both.label.classes == ("cat", "dog")


def test_groups_stay_together(shared_database: Engine, dataset_blobs: Blobs) -> None:
    images = [PoolImage(f"p{patient}_{n}") for patient in range(6) for n in range(2)]
    it = animals(shared_database, dataset_blobs, images)
    it.tell({one.record: "cat" for one in images})
    rule = SplitRule(SplitShares(0.5, 0.0, 0.5), GroupRule(pattern="{patient}_{_}"))
    version = it.version(splits=rule)
    splits: dict[str, set[str]] = {}
    for name, one in it.examples(version).items():
        assert one.group == f"patient={name[:2]}"
        splits.setdefault(one.group, set()).add(one.split)
    assert all(len(found) == 1 for found in splits.values())
    assert (version.contents.groups, version.contents.splits["test"]) == (6, 6)
    with pytest.raises(UsageError, match="neither a time nor a tag"):
        GroupRule(pattern="_.jpg")


def test_an_earlier_version_with_more(shared_database: Engine, dataset_blobs: Blobs) -> None:
    it = animals(shared_database, dataset_blobs, 12)
    it.tell({f"i{n}": "cat" if n % 2 else "dog" for n in range(8)})
    first = it.version(splits=HALVES)
    it.tell({"i0": "cat", **{f"i{n}": "dog" for n in range(8, 12)}}, when=NOON + timedelta(hours=1))
    second = it.version(parent=1, labels=LabelChoice())
    before, after = it.examples(first), it.examples(second)
    assert {name: after[name].split for name in before} == {name: one.split for name, one in before.items()}
    assert (after["i0"].label.words, len(after)) == ("cat", 12)
    assert (second.parent, second.made_from["parent"]["number"]) == (first.key, 1)
    assert second.made_from["splits"] == first.made_from["splits"], "as the parent was split"
    assert abs(second.contents.splits["test"] - 6) <= 1
    with pytest.raises(UsageError, match="no dataset version 9; they go from 1 to 2"):
        it.make(parent=9)
    with pytest.raises(UsageError, match="cannot be added"):
        it.make(parent=1, kind="boxes")


def test_what_a_version_names_is_kept(shared_database: Engine, dataset_blobs: Blobs) -> None:
    it = animals(shared_database, dataset_blobs, 3)
    data = picture(77)
    image = dataset_blobs.put(data)
    with writing(shared_database) as connection:
        model = find_model(connection, it.model).key
        found = find_record(connection, model, "i0")
        assert found is not None
        connection.execute(records.update().where(records.c.key == found.key).values(image=image))
    it.tell({"i0": "cat"})
    version = it.version()
    with writing(shared_database) as connection:
        delete_records(connection, [found.key])
    names = [image, version.digest]
    assert delete_unused_blobs(shared_database, dataset_blobs, names) == 0
    assert dataset_blobs.get(image) == data
    with reading(shared_database) as connection:
        assert is_image_of(connection, model, image)
    again = it.version(parent=1)
    assert again.digest == version.digest, "what is held is there, though its record is gone"


def test_an_image_that_is_gone_is_left_out(shared_database: Engine, dataset_blobs: Blobs) -> None:
    """Between being found and being held, its record was deleted."""
    it = animals(shared_database, dataset_blobs, 2)
    it.tell({"i0": "cat", "i1": "dog"})
    first = it.version()
    with writing(shared_database) as connection:
        gone = it.examples(first)["i0"].image
        for table in (records, tasks, dataset_images):
            connection.execute(table.delete().where(table.c.image == gone))
    after = it.version(parent=1)
    assert (set(it.examples(after)), after.left_out) == ({"i1"}, {"no_image": (1, ("i0",))})


def test_what_never_got_ready_leaves_nothing(shared_database: Engine, dataset_blobs: Blobs) -> None:
    it = animals(shared_database, dataset_blobs, 2)
    it.tell({"i0": "cat"})

    def fail(stage: str, done: int, total: int | None) -> None:
        if stage == "writing":
            raise KeyboardInterrupt

    wish = NewVersion(it.model, labels=LabelChoice())
    with pytest.raises(KeyboardInterrupt):
        create_version(shared_database, dataset_blobs, wish, by="me", now=NOON, on_progress=fail)
    with writing(shared_database) as connection:
        assert drop_abandoned(connection, NOON + timedelta(days=1)) == 0
        model = find_model(connection, it.model).key
        assert list_dataset_versions(connection, model) == []
    assert it.make().version.number == 1


def test_what_cannot_be_made(shared_database: Engine, dataset_blobs: Blobs) -> None:
    it = animals(shared_database, dataset_blobs, 1)
    for wish, message in (
        ({}, "No labelled image was found"),
        ({"labels": None}, "Say what the version is made of"),
        ({"labels": LabelChoice(), "note": "x" * 2001}, "2,001 characters"),
    ):
        with pytest.raises(UsageError, match=message):
            it.make(**wish)
