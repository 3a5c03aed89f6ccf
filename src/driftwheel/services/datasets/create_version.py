"""Make a dataset version: gather labels, hold the images, split them, write it down; it is never changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from driftwheel.datasets.example import LabelKind
from driftwheel.errors import UsageError
from driftwheel.formats.losses import Losses, Lost
from driftwheel.services.crash_points import reach
from driftwheel.services.datasets.gather_labels import labels_of_model, told_labels_of_model
from driftwheel.services.datasets.keep_examples import keep_images, write_manifest
from driftwheel.services.datasets.new_version import (
    WHY_LEFT_OUT,
    LeftOut,
    NewVersion,
    SplitRule,
    split_rule_from_json,
    split_rule_to_json,
)
from driftwheel.services.datasets.read_folder import FolderReading, read_folder
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.services.datasets.split_examples import grouped, split_examples
from driftwheel.services.progress import OnProgress
from driftwheel.services.remark import check_remark
from driftwheel.store.datasets.dataset_versions import (
    DatasetVersion,
    begin_version,
    drop_version,
    finish_version,
    version_numbered,
    version_with_digest,
)
from driftwheel.store.datasets.example_scratch import ExampleScratch, Gathered, example_scratch
from driftwheel.store.datasets.model_labels import images_held_out
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, find_model
from driftwheel.store.operate.audit import note

__all__ = ["MadeVersion", "create_version"]


@dataclass(frozen=True, slots=True)
class MadeVersion:
    """A version that was made.

    Attributes
    ----------
    version
        The new one, or the one that holds the very same.
    is_new
        Whether it is new.
    lost
        What was lost of a folder's labels, or is worth telling.
    """

    version: DatasetVersion
    is_new: bool
    lost: tuple[Lost, ...]


def create_version(
    engine: Engine,
    blobs: Blobs,
    wish: NewVersion,
    *,
    by: str,
    now: datetime,
    wait: Callable[[float], None] = time.sleep,
    on_progress: OnProgress | None = None,
) -> MadeVersion:
    """Make a dataset version of a model, and return it; noted in the audit.

    It is there whole, or not at all. What it names is kept from the beginning, whatever retention does. Where
    a version of the model holds the very same, no second one is made.

    Parameters
    ----------
    wait
        Sleeps so many seconds.

    Raises
    ------
    UsageError
        When something of the wish cannot be used, or no labelled image is found.
    LabelFormatError
        For a damaged folder, or what would be lost of it.
    UnavailableError
        When images cannot be kept, or looked for, now.
    """
    making = _prepare(engine, blobs, wish, by, now)
    losses = Losses(wish.reading.allow)
    with _begun(making, wish, by, now) as key, example_scratch() as scratch:
        classes = _gather(making, key, scratch, wish, losses, on_progress)
        keep_images(
            engine,
            blobs,
            making.model.key,
            key,
            scratch,
            making.left_out,
            wait=wait,
            on_progress=on_progress,
        )
        if not scratch.count():
            raise UsageError(_nothing(making.left_out))
        split = split_examples(scratch, making.rule, making.left_out)
        if not any(split.splits):
            raise UsageError(_nothing(making.left_out))
        head, digest, contents = write_manifest(
            engine,
            blobs,
            key,
            scratch.examples(split.splits),
            kind=making.kind,
            classes=classes,
            on_progress=on_progress,
        )
        contents.groups = split.groups
        with writing(engine) as connection:
            known = version_with_digest(connection, making.model.key, digest)
            if known is not None:
                drop_version(connection, key)
                return MadeVersion(known, False, losses.all)
            made = finish_version(connection, key, head, digest, contents, making.left_out.kept())
            details = {"version": made.number, "images": made.images, "digest": digest.hex()}
            note(connection, now, by, "create-dataset", f"model {making.model.name}", details)
            reach("dataset-finished")
    return MadeVersion(made, True, losses.all)


@dataclass(slots=True)
class _Making:
    """What a version is made with."""

    engine: Engine
    blobs: Blobs
    model: Model
    kind: LabelKind
    rule: SplitRule
    parent: DatasetVersion | None
    left_out: LeftOut
    by: str
    now: datetime


def _prepare(engine: Engine, blobs: Blobs, wish: NewVersion, by: str, now: datetime) -> _Making:
    if wish.labels is None and wish.folder is None and wish.parent is None:
        raise UsageError("Say what the version is made of: labels of the model, a folder, or a version.")
    check_remark("note", wish.note)
    with reading(engine) as connection:
        model = find_model(connection, wish.model)
        parent = None if wish.parent is None else version_numbered(connection, model.key, wish.parent)
    if parent is not None and parent.removed is not None:
        raise UsageError(f"The version {parent.number} was removed; choose another to begin with.")
    usual: LabelKind = "boxes" if model.task == "detection" else "class"
    kind = wish.kind or (usual if parent is None else parent.kind)
    if parent is not None and kind != parent.kind:
        raise UsageError(
            f"The version {parent.number} is of the kind '{parent.kind}'; labels of the kind '{kind}' cannot "
            "be added to it."
        )
    inherited = SplitRule() if parent is None else split_rule_from_json(parent.made_from["splits"])
    return _Making(engine, blobs, model, kind, wish.splits or inherited, parent, LeftOut(), by, now)


@contextmanager
def _begun(making: _Making, wish: NewVersion, by: str, now: datetime) -> Iterator[int]:
    """Yield the key of the version, which is gone again if it gets not ready."""
    with writing(making.engine) as connection:
        key = begin_version(
            connection,
            making.model.key,
            kind=making.kind,
            parent=None if making.parent is None else making.parent.key,
            made_from=_made_from(wish, making),
            note=wish.note,
            created=now,
            by=by,
        )
    try:
        yield key
    except BaseException:
        with writing(making.engine) as connection:
            drop_version(connection, key)
        raise


def _gather(  # noqa: PLR0917
    making: _Making,
    key: int,
    scratch: ExampleScratch,
    wish: NewVersion,
    losses: Losses,
    on_progress: OnProgress | None,
) -> tuple[str, ...]:
    """Put all examples into the scratch, and return the classes of the version."""
    known = (*(() if making.parent is None else making.parent.classes), *making.model.classes)
    allowed = None if wish.new_classes or not making.model.classes else frozenset(known)
    groups = making.rule.groups
    if making.parent is not None:
        earlier = examples_of(making.blobs, making.parent)
        scratch.put("base", grouped((Gathered(one, one.split) for one in earlier), groups))
    if wish.labels is not None:
        with reading(making.engine) as connection:
            given = (connection, making.model, making.kind, wish.labels, allowed, making.left_out)
            scratch.put("found", grouped(_told(labels_of_model(*given), on_progress), groups))
            scratch.put("found", grouped(_told(told_labels_of_model(*given), on_progress), groups))
        scratch.sort_out(wish.labels.sources)
        scratch.merge()
    if wish.folder is not None:
        folder = FolderReading(
            making.engine,
            making.blobs,
            key,
            making.kind,
            None if allowed is None else known,
            scratch.named,
            making.left_out,
            losses,
            making.by,
            making.now,
            on_progress,
        )
        scratch.put("found", grouped(read_folder(wish, folder), groups))
        torn, names = scratch.sort_out(None)
        if torn:
            making.left_out.add("two_labels", *names, count=torn)
        scratch.merge(whatever=True)
    with reading(making.engine) as connection:
        scratch.hold_out(images_held_out(connection, making.model.key))
    there = {name for classes, _ in scratch.class_sets() for name in classes}
    return tuple(dict.fromkeys((*known, *sorted(there))))


def _told(gathered: Iterator[Gathered], on_progress: OnProgress | None) -> Iterator[Gathered]:
    for number, one in enumerate(gathered, start=1):
        if on_progress is not None and number % 500 == 0:
            on_progress("labels", 500, None)
        yield one


def _made_from(wish: NewVersion, making: _Making) -> dict[str, Any]:
    labels, parent = wish.labels, making.parent
    return {
        "parent": None if parent is None else {"number": parent.number, "digest": parent.digest.hex()},
        "labels": None
        if labels is None
        else {
            "since": None if labels.since is None else labels.since.isoformat(),
            "until": None if labels.until is None else labels.until.isoformat(),
            "pools": None if labels.pools is None else sorted(labels.pools),
            "sources": None if labels.sources is None else sorted(labels.sources),
        },
        "folder": None if wish.folder is None else wish.called or wish.folder.name,
        "splits": split_rule_to_json(making.rule),
    }


def _nothing(left_out: LeftOut) -> str:
    found = [f"{n:,}: {WHY_LEFT_OUT[why]}" for why, n in left_out.counts.items() if n]
    if not found:
        return (
            "No labelled image was found, and a version needs one. Label images, send ground truth, or give "
            "a folder of labelled images."
        )
    return f"No labelled image can be used ({'; '.join(found)}), and a version needs one."
