"""Train the autoencoder of a model on its reference: asked for here, done by a worker, then in use."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder_shape import AutoencoderShape, shape_for
from driftwheel.learning.autoencoder_training import AutoencoderTraining
from driftwheel.records import Image
from driftwheel.services.alert.suggest_monitors import suggest_for_autoencoder
from driftwheel.services.check.measure_reference import Images
from driftwheel.services.check.train_autoencoder import MOST_IMAGES, train_autoencoder_on
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.parallel import default_threads
from driftwheel.services.models.own_process import in_own_process
from driftwheel.services.models.set_autoencoder import check_autoencoder, reference_to_learn
from driftwheel.services.models.set_reference import reference_span
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.autoencoders import (
    StoredAutoencoder,
    autoencoder_by_key,
    create_autoencoder,
    set_autoencoder_failed,
    set_autoencoder_ready,
    training_autoencoders,
)
from driftwheel.store.models.models import Model, find_model, lock_model, model_by_key
from driftwheel.store.models.references import Reference, reference_by_key
from driftwheel.store.operate.audit import note
from driftwheel.store.records.record_columns import columns_of_keys
from driftwheel.store.records.record_outline import record_outline

__all__ = [
    "AutoencoderWish",
    "ask_for_autoencoder",
    "fail_autoencoder",
    "finish_autoencoder",
    "train_model_autoencoder",
]


@dataclass(frozen=True, slots=True)
class AutoencoderWish:
    """What an autoencoder is to be like; see `driftwheel autoencoder` for the meaning of each.

    Raises
    ------
    UsageError
        For what cannot be trained.
    """

    side: int = 64
    colour: bool = True
    latent: int = 64
    noise: float = 0.0
    flip: bool = False

    def __post_init__(self) -> None:
        _ = self.shape, self.training  # look whether they can be had

    @property
    def shape(self) -> AutoencoderShape:
        """The architecture."""
        return shape_for(self.side, colour=self.colour, latent=self.latent)

    @property
    def training(self) -> AutoencoderTraining:
        """How it is trained."""
        return AutoencoderTraining(noise=self.noise, flip=self.flip)


@dataclass(frozen=True, slots=True)
class _KeptImages:
    """Images of records, read from the blobs one by one; those that are lost are left out."""

    blobs: Blobs
    rows: tuple[tuple[str, bytes, datetime, dict[str, str]], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Image]:
        for name, digest, time, tags in self.rows:
            try:
                data = self.blobs.get(digest)
            except FileNotFoundError:
                continue
            yield Image(name, data, time, tags)


def ask_for_autoencoder(
    engine: Engine, model: str, wish: AutoencoderWish, *, by: str, now: datetime
) -> StoredAutoencoder:
    """Note that an autoencoder is to be trained on the reference of a model that is in use.

    A worker trains it, which takes minutes; until then the last one stays in use.

    Raises
    ------
    UsageError
        When there is no such model, it has no reference, or one is in training already.
    """
    with writing(engine) as connection:
        found = find_model(connection, model)
        reference = reference_to_learn(connection, found)
        if any(one.model == found.key for one in training_autoencoders(connection)):
            raise UsageError(f"An autoencoder of '{model}' is in training already; wait until it is done.")
        added = create_autoencoder(
            connection,
            found.key,
            reference=reference.key,
            artifact=None,
            settings=asdict(wish),
            created=now,
            by=by,
        )
        note(connection, now, by, "train autoencoder", found.name, asdict(wish))
    return added


def train_model_autoencoder(
    engine: Engine,
    blobs: Blobs,
    key: int,
    *,
    now: datetime,
    look: Callable[[], None],
    threads: int | None = None,
) -> bytes | None:
    """Train an autoencoder and return the digest of its file, which is kept among the blobs.

    None where it is not to be trained any more. It is trained in a process of its own.

    Parameters
    ----------
    look
        Called twice a second while it is trained; what it raises ends the training.
    threads
        By default half as many as there are processors.

    Raises
    ------
    DriftwheelError
        When it cannot be trained; the message says why.
    """
    with reading(engine) as connection:
        wanted = autoencoder_by_key(connection, key)
        model = None if wanted is None else model_by_key(connection, wanted.model)
        reference = None if wanted is None else reference_by_key(connection, wanted.reference)
    if wanted is None or model is None or reference is None or wanted.state != "training":
        return None
    images, pattern, called = _images_of(engine, blobs, model, reference, now)
    wish = AutoencoderWish(**dict(wanted.settings or {}))
    work = partial(_trained, images, pattern, called, wish, threads or max(1, default_threads() // 2))
    file = in_own_process(work, what="trained the autoencoder", look=look)
    reach("autoencoder-trained")
    check_autoencoder(file)
    return blobs.put(file)


def finish_autoencoder(engine: Engine, blobs: Blobs, key: int, artifact: bytes, *, now: datetime) -> bool:
    """Put a trained autoencoder in use, and return whether its file is there (else train it again)."""
    with writing(engine) as connection:
        wanted = autoencoder_by_key(connection, key)
        model = None if wanted is None else lock_model(connection, wanted.model)
        if model is None:
            return True
        set_autoencoder_ready(connection, key, artifact)
        suggest_for_autoencoder(connection, model, now=now)
        reach("autoencoder-written")
    reach("autoencoder-ready")
    return blobs.exists(artifact)  # see Blobs.delete


def fail_autoencoder(engine: Engine, key: int, reason: str) -> None:
    """Note why an autoencoder cannot be trained; the last one stays in use."""
    with writing(engine) as connection:
        set_autoencoder_failed(connection, key, reason)


def _trained(images: Images, pattern: str | None, called: str, wish: AutoencoderWish, threads: int) -> bytes:
    return train_autoencoder_on(
        images,
        shape=wish.shape,
        training=wish.training,
        name_pattern=pattern,
        threads=threads,
        called=called,
        apart=True,
    ).model


def _images_of(
    engine: Engine, blobs: Blobs, model: Model, reference: Reference, now: datetime
) -> tuple[Images, str | None, str]:
    """Return the images of a reference, how their names are read, and what they are called."""
    source: Any = reference.source
    if reference.kind == "folder":
        return source["images"], source.get("name_pattern"), str(source["images"])
    since, until = reference_span(model, reference, now)
    with reading(engine) as connection:
        outline = record_outline(connection, model.key, since, until)
        known = [
            (hashlib.sha256(name.encode()).digest(), outline.keys[i])
            for i, name in enumerate(outline.ids)
            if outline.measured[i]
        ]
        columns = columns_of_keys(connection, [key for _, key in heapq.nsmallest(MOST_IMAGES, known)])
    moments = columns.times.astype("datetime64[us]").tolist()
    rows = tuple(
        (columns.ids[i], digest, moments[i].replace(tzinfo=UTC), dict(columns.tags[i]))
        for i, digest in enumerate(columns.images)
        if digest is not None
    )
    called = f"records from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
    if not rows:
        raise UsageError(f"No image of the {called} is kept, so there is nothing to learn from.")
    return _KeptImages(blobs, rows), None, called
