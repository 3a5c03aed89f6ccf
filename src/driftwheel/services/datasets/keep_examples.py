"""Keep what a version that is being made names: its images, then its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import Engine

from driftwheel.datasets.contents import Contents
from driftwheel.datasets.example import Example, LabelKind
from driftwheel.datasets.manifest import Head, PartWriter, head_to_bytes
from driftwheel.services.crash_points import reach
from driftwheel.services.datasets.new_version import LeftOut
from driftwheel.services.progress import OnProgress
from driftwheel.store.datasets.dataset_images import hold_blob, hold_images, images_named, let_go_of_images
from driftwheel.store.datasets.example_scratch import ExampleScratch
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs

__all__ = ["keep_images", "write_manifest"]

_LOOKS, _PAUSE = 5, 0.2  # a blob that is being deleted, and comes back, is out of sight for less


def keep_images(  # noqa: PLR0917
    engine: Engine,
    blobs: Blobs,
    model: int,
    version: int,
    scratch: ExampleScratch,
    left_out: LeftOut,
    *,
    wait: Callable[[float], None],
    on_progress: OnProgress | None = None,
) -> None:
    """Hold the images of all examples, and leave out those that are no longer there.

    An image that a record, a task or a version still names was never deleted; the others are looked for.
    """
    total = scratch.count()
    for some in scratch.images():
        images = [image for image, _ in some]
        with writing(engine) as connection:
            hold_images(connection, version, images)
        reach("dataset-images-held")
        with reading(engine) as connection:
            named = images_named(connection, model, images)
        gone = [
            (image, name) for image, name in some if image not in named and not _is_there(blobs, image, wait)
        ]
        if gone:
            left_out.add("no_image", *(name for _, name in gone))
            scratch.drop(image for image, _ in gone)
            with writing(engine) as connection:
                let_go_of_images(connection, version, [image for image, _ in gone])
        if on_progress is not None:
            on_progress("holding", len(some), total)


def write_manifest(
    engine: Engine,
    blobs: Blobs,
    version: int,
    examples: Iterable[Example],
    *,
    kind: LabelKind,
    classes: tuple[str, ...],
    on_progress: OnProgress | None = None,
) -> tuple[Head, bytes, Contents]:
    """Put the parts and the head of a version; return the head, its digest, and counts of the examples."""
    writer, contents = PartWriter(kind, classes), Contents()

    def counted() -> Iterator[Example]:
        for one in examples:
            contents.add(one)
            yield one

    for number, data in enumerate(writer.write(counted()), start=1):
        _put(engine, blobs, version, number, data)
        if on_progress is not None:
            on_progress("writing", writer.parts[-1].images, None)
    head = writer.head()
    reach("dataset-parts-put")
    return head, _put(engine, blobs, version, 0, head_to_bytes(head)), contents


def _put(engine: Engine, blobs: Blobs, version: int, number: int, data: bytes) -> bytes:
    """Name a blob, then put it: so it stays (`driftwheel.store.datasets.dataset_images`)."""
    digest = hashlib.sha256(data).digest()
    with writing(engine) as connection:
        hold_blob(connection, version, number, digest)
    return blobs.put(data)


def _is_there(blobs: Blobs, image: bytes, wait: Callable[[float], None]) -> bool:
    for look in range(_LOOKS):
        if look:
            wait(_PAUSE)
        if blobs.exists(image):
            return True
    return False
