"""Which labels of a file a project can take: by the name of the image, its size, and what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from driftwheel.errors import UnreadableImageError
from driftwheel.formats.labelled_image import LabelledImage
from driftwheel.formats.losses import Losses
from driftwheel.services.exchange.brought_images import BroughtImages
from driftwheel.services.exchange.import_count import FoundLabel, ImportCount
from driftwheel.services.exchange.join_names import join_names, names_of_record
from driftwheel.services.exchange.label_payload import labels_of, payload_of_answer
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.joined_records import JoinedRecord
from driftwheel.store.labels.projects import Project
from driftwheel.store.records.record_images import RecordImage

__all__ = ["fit_labels"]


def fit_labels(  # noqa: PLR0917
    engine: Engine,
    project: Project,
    pool: int,
    images: Sequence[LabelledImage],
    losses: Losses,
    count: ImportCount,
    brought: BroughtImages | None = None,
) -> list[FoundLabel]:
    """Return the labels that the project can take, of images with one answer each; the others are counted.

    Parameters
    ----------
    brought
        Images that come along: those that nothing is known of yet are looked up among them.

    Raises
    ------
    LabelFormatError
        For a loss that is not allowed.
    """
    with reading(engine) as connection:
        joined = join_names(connection, project.model, pool, [one.name for one in images])
    known = {one.name for one in project.classes}
    found: list[FoundLabel] = []
    for image in images:
        record, along = joined.get(image.name), None
        if brought is not None and image.answers:
            try:
                along = _along(image.name, brought)
            except UnreadableImageError:
                count.refuse("unreadable", image.name)
                count.refused.update(names_of_record(image.name))
                continue
            if record is not None and along is not None:
                if record.image not in {None, along.image}:
                    count.refuse("another_image", image.name)
                    count.refused.add(along.record)
                    continue
                along = None if record.image is not None else along
            record = record or (None if along is None else _record_of(along))
        if record is None:
            count.refuse("no_record", image.name)
            continue
        if not image.answers:
            count.refuse("unlabelled", image.name)
            continue
        if not _same_size(image, record):
            count.refuse("size", image.name)
            continue
        (answer,) = image.answers
        said = payload_of_answer(project, answer, f"'{image.name}'", losses)
        if isinstance(said, str):
            count.refuse(said, image.name)
            strange = set(labels_of(answer)) - known
            count.unknown.update(strange if said == "unknown_class" else ())
            continue
        if record.record in count.seen:
            count.refuse("twice", image.name)
            continue
        count.seen.add(record.record)
        found.append(FoundLabel(image.name, record, *said, along))
    return found


def _along(name: str, brought: BroughtImages) -> RecordImage | None:
    called = next((one for one in names_of_record(name) if one in brought.names), None)
    return None if called is None else brought.look(called)


def _record_of(image: RecordImage) -> JoinedRecord:
    return JoinedRecord(image.record, None, image.image, image.width, image.height)


def _same_size(image: LabelledImage, record: JoinedRecord) -> bool:
    """Return whether a file means the image that is kept: coordinates of another do not fit it."""
    given, known = (image.width, image.height), (record.width, record.height)
    return None in given or None in known or given == known
