"""Read labelled images of a folder, an archive or a label file for a dataset version, and keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.datasets.example import Example, ImageLabel, LabelKind, LabelledBox, Origin, Split
from driftwheel.errors import UsageError
from driftwheel.formats.label_files import stem_of
from driftwheel.formats.labelled_image import Answer, LabelledImage
from driftwheel.formats.losses import Losses
from driftwheel.services.convert.read_labels import prepared_labels, read_labels
from driftwheel.services.datasets.new_version import LeftOut, NewVersion
from driftwheel.services.progress import OnProgress
from driftwheel.store.datasets.dataset_images import hold_images
from driftwheel.store.datasets.example_scratch import Gathered
from driftwheel.store.engine.database import writing
from driftwheel.store.files.blobs import Blobs

__all__ = ["FolderReading", "read_folder"]

_AT_ONCE = 64  # images that are put together, as long as they are small
_MOST_BYTES = 32 << 20  # of them in memory, before they are put
_SPLITS: Mapping[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}


@dataclass(frozen=True, slots=True)
class FolderReading:
    """How a folder is read into a version that is being made.

    Attributes
    ----------
    version
        Its key; it holds the images before they are put.
    classes
        That labels may name; None: any.
    known
        Returns the example of the parent with one of these names, None where it has none.
    by, now
        Who corrects labels of the parent, and when.
    """

    engine: Engine
    blobs: Blobs
    version: int
    kind: LabelKind
    classes: Collection[str] | None
    known: Callable[..., Example | None]
    left_out: LeftOut
    losses: Losses
    by: str
    now: datetime
    on_progress: OnProgress | None = None


def read_folder(wish: NewVersion, reading: FolderReading) -> Iterator[Gathered]:
    """Yield the labelled images of a folder, with the splits of its first folders, and keep their files.

    Where all images lie in folders ``train``, ``val`` and ``test``, those are their splits. An image that
    is not in the folder is one of the parent by its name, and its label a correction, as of a review.

    Raises
    ------
    UsageError
        For a format that cannot be told, or no labelled image.
    LabelFormatError
        For damaged files, and what would be lost.
    StorageFullError
        When the images do not fit.
    """
    if wish.folder is None:
        return
    with ExitStack() as stack:
        form, labels, images = read_labels(wish.folder, wish.reading, reading.losses, stack)
        del form
        choice = wish.reading.answers or "only"
        prepared = prepared_labels(labels.images, images, choice, wish.reading, reading.losses)
        of_split = images is not None and all(_first(name) in _SPLITS for name in images.names())
        files: dict[bytes, bytes] = {}
        for one in prepared:
            label = _label(one, reading)
            if label is None:
                continue
            if images is None or images.find(one.name) is None:
                yield from _correction(one, label, reading)
                continue
            data = images.read(one.name)
            digest = hashlib.sha256(data).digest()
            files[digest] = data
            split = _SPLITS[_first(one.name)] if of_split else None
            name = one.name.partition("/")[2] if of_split else one.name
            origin = Origin("folder", reason=wish.called)
            yield Gathered(
                Example(digest, name, label, split or "train", origin, one.width, one.height), split
            )
            if len(files) == _AT_ONCE or sum(map(len, files.values())) > _MOST_BYTES:
                _keep(files, reading)
        _keep(files, reading)


def _keep(files: dict[bytes, bytes], reading: FolderReading) -> None:
    """Keep files, and forget them; named before they are put: see `store.datasets.dataset_images`."""
    if not files:
        return
    with writing(reading.engine) as connection:
        hold_images(connection, reading.version, sorted(files))
    for data in files.values():
        reading.blobs.put(data)
    if reading.on_progress is not None:
        reading.on_progress("images", len(files), None)
    files.clear()


def _label(one: LabelledImage, reading: FolderReading) -> ImageLabel | None:
    if not one.answers:
        reading.left_out.add("unlabelled", one.name)
        return None
    label = _of_answer(one.answers[0], reading.kind)
    if label is None:
        reading.left_out.add("wrong_kind", one.name)
        return None
    if reading.classes is not None and (strange := sorted(set(label.names) - set(reading.classes))):
        raise UsageError(
            f"'{one.name}' is labelled '{strange[0]}', and the classes of the model are "
            f"{', '.join(reading.classes)}. Rename it, or allow new classes: --new-classes."
        )
    return label


def _of_answer(answer: Answer, kind: LabelKind) -> ImageLabel | None:
    names = tuple(one.label for one in answer.classes)
    if kind == "boxes":
        boxes = (
            LabelledBox(one.label, one.x, one.y, one.width, one.height, one.rotation) for one in answer.boxes
        )
        return None if names else ImageLabel("boxes", boxes=tuple(boxes))
    if answer.boxes or (kind == "class" and len(names) != 1):
        return None
    return ImageLabel(kind, names)


def _correction(one: LabelledImage, label: ImageLabel, reading: FolderReading) -> Iterator[Gathered]:
    below = one.name.partition("/")[2] if _first(one.name) in _SPLITS else one.name  # as it was exported
    known = reading.known(one.name, stem_of(one.name), below, stem_of(below))
    if known is None:
        reading.left_out.add("no_such_image", one.name)
        return
    if known.label == label:
        return
    before = known.origin
    origin = Origin(
        "review",
        (reading.by,),
        reading.now,
        before.record,
        before.model_version,
        before.taken,
        before.tags,
        reason=before.reason,
        alert=before.alert,
        probability=before.probability,
    )
    yield Gathered(
        Example(
            known.image,
            known.name,
            label,
            known.split,
            origin,
            known.width,
            known.height,
            known.group,
            known.holdout,
        )
    )


def _first(name: str) -> str:
    return name.partition("/")[0].lower() if "/" in name else ""
