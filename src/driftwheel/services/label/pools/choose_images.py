"""Choose which images of a list are worth labelling, each with its reason."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.predictions import Classification, Detection
from driftwheel.selection.box_doubt import box_doubt
from driftwheel.selection.candidates import Candidates
from driftwheel.selection.chosen import REASONS
from driftwheel.selection.feedback_closeness import feedback_closeness
from driftwheel.selection.holdout import Holdout
from driftwheel.selection.least_confidence import least_confidence
from driftwheel.selection.select import select
from driftwheel.services.browse.list_images import ImageQuery, list_images
from driftwheel.services.label.pools.fill_pool import MOST_AT_ONCE, PoolImage
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.project_records import feedback_on, images_in_project
from driftwheel.store.labels.task_selections import SelectedBy, TaskSelection
from driftwheel.store.models.models import Model, find_model
from driftwheel.store.operate.settings import get_setting, put_setting
from driftwheel.store.records.stored_record import StoredRecord

__all__ = ["CHOICES", "LOOKED_AT", "Choice", "ChosenImages", "check_count", "choose_images"]

Choice = Literal["mix", "random", "outlier", "listed"]

CHOICES: Final[Mapping[Choice, str]] = {
    "mix": "the most useful: doubtful, unusual and called wrong, and some at random to measure on",
    "random": "at random",
    "outlier": "the most unusual first",
    "listed": "the first of the list",
}
"""How images are chosen → what a page says of it."""

LOOKED_AT = 10_000
"""Images of a list that are looked at."""

_PAGE = 500
_Segment = tuple[str, str]
_UNUSUAL = 0.1  # of the reference, so many are at least as unusual


@dataclass(frozen=True, slots=True)
class ChosenImages:
    """Images to label.

    Attributes
    ----------
    images
        In the order to label them in, with their reasons.
    looked_at
        Images of the list that were looked at, those that the project has left out.
    there
        Images that were left out because the project has asked about them.
    near_duplicates
        Images that were left out because they show nearly the same as another.
    """

    images: tuple[PoolImage, ...]
    looked_at: int
    there: int
    near_duplicates: int = 0


def choose_images(  # noqa: PLR0917
    engine: Engine,
    project: int,
    query: ImageQuery,
    choice: Choice,
    count: int,
    rng: np.random.Generator,
    *,
    why: str = "",
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> ChosenImages:
    """Return up to `count` images of the first `LOOKED_AT` of a list, to be put into a pool of a project.

    Each image once, however many records show it, and none that the project has asked about.

    Parameters
    ----------
    choice
        Of `CHOICES`. By ``mix`` see `driftwheel.selection.select`: the share that it draws at random to
        measure on is the project's for ever.
    why
        What the list is, as each reason begins.

    Raises
    ------
    UsageError
        For an unknown model, or a count below 1 or above `fill_pool.MOST_AT_ONCE`.
    """
    check_count(count)
    with reading(engine) as connection:
        model = find_model(connection, query.model)
        listed = replace(query, order="outlier") if choice == "outlier" else query
        records: dict[bytes, StoredRecord] = {}
        there: set[bytes] = set()
        most = LOOKED_AT if choice in {"mix", "random"} else count
        for page in _pages(connection, listed):
            shown = {one.image: one for one in reversed(page) if one.image is not None}
            there |= images_in_project(connection, project, list(shown))
            for image in (one.image for one in page):
                if image is not None and image not in there and len(records) < most:
                    records.setdefault(image, shown[image])
            if len(records) >= most:
                break
        said = feedback_on(connection, model.key, [one.id for one in records.values()])
    rows, frame = list(records.values()), _frame(query, model)
    if choice == "mix" and rows:
        holdout = Holdout(_holdout_key(engine, project, randomness))
        found = select(_candidates(rows, said, rng), count, holdout=holdout, rng=rng)
        images = tuple(
            PoolImage(
                records[bytes.fromhex(one.image)].id,
                reason=_reason(why, REASONS[one.reason]),
                selection=_selection(one.reason, one.probability, frame),
            )
            for one in found.chosen
        )
        return ChosenImages(images, len(rows), len(there), found.near_duplicates)
    if choice == "random":
        rows = [rows[number] for number in rng.permutation(len(rows))]
    words = {"random": "drawn at random", "outlier": "among the most unusual"}.get(choice, "")
    chance = min(1.0, count / len(rows)) if rows and choice == "random" else None
    how = _selection("listed" if choice == "mix" else choice, chance, frame)
    images = tuple(PoolImage(one.id, reason=_reason(why, words), selection=how) for one in rows[:count])
    return ChosenImages(images, len(rows), len(there))


def check_count(count: int) -> None:
    """Refuse a number of images that cannot be put into a pool at once.

    Raises
    ------
    UsageError
        For one below 1 or above `fill_pool.MOST_AT_ONCE`.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise UsageError(f"{count:,} images cannot be put into a pool at once; give 1 to {MOST_AT_ONCE:,}.")


def _frame(query: ImageQuery, model: Model) -> _Segment | None:
    """Return the segment whose windows a list is, "" and "" for the whole model; None where it is neither.

    What is drawn from a list that leaves out some images for what they show stands for no window.
    """
    narrowed = (query.predicted, query.state, query.outlier_p_at_most, query.verdict)
    if any(one is not None for one in narrowed) or query.order == "outlier" or query.has_image is False:
        return None
    if not query.tags:
        return "", ""
    (tag, value), *others = query.tags.items()
    return (tag, value) if not others and tag in model.segment_tags else None


def _selection(reason: SelectedBy, chance: float | None, frame: _Segment | None) -> TaskSelection:
    if chance is None or frame is None:
        return TaskSelection(reason)
    return TaskSelection(reason, chance, *frame)


def _reason(why: str, words: str) -> str:
    return ": ".join(one for one in (why, words) if one)


def _pages(connection: Connection, query: ImageQuery) -> Iterator[Sequence[StoredRecord]]:
    after: str | None = None
    looked_at = 0
    while looked_at < LOOKED_AT:
        page = list_images(connection, query, after=after, limit=_PAGE)
        yield page.records
        looked_at, after = looked_at + len(page.records), page.next
        if after is None:
            return


def _holdout_key(engine: Engine, project: int, randomness: Callable[[int], bytes]) -> bytes:
    """Return the key of a project's holdout, drawn at its first selection."""
    name = f"labels.holdout.{project}"
    with reading(engine) as connection:
        kept = get_setting(connection, name)
    if kept is None:
        with writing(engine) as connection:
            kept = get_setting(connection, name)
            if kept is None:
                kept = randomness(32).hex()
                put_setting(connection, name, kept)
    return bytes.fromhex(str(kept))


def _candidates(
    rows: Sequence[StoredRecord], said: Mapping[str, bool], rng: np.random.Generator
) -> Candidates:
    names = [one.image.hex() for one in rows if one.image is not None]
    embeddings = _embeddings(rows)
    told = np.array([float(said[one.id]) if one.id in said else np.nan for one in rows])
    p = np.array([1.0 if one.outlier_p is None else one.outlier_p for one in rows])
    return Candidates(
        names,
        np.zeros(len(rows), dtype=np.bool_),
        embeddings,
        hashes=np.array([_hash(one) for one in rows], dtype=np.uint64),
        hashed=np.array([one.hash is not None for one in rows], dtype=np.bool_),
        doubt=_doubt(rows),
        feedback=feedback_closeness(told, embeddings, rng=rng),
        drift=np.where(p < _UNUSUAL, 1 - p, 0.0),
    )


def _hash(record: StoredRecord) -> int:
    return 0 if record.hash is None else int.from_bytes(record.hash[:8])


def _embeddings(rows: Sequence[StoredRecord]) -> NDArray[np.float32] | None:
    """Return (n, d) embeddings, where all are of one space; None where they are not."""
    kinds = {(one.space, len(one.embedding or b"")) for one in rows}
    if len(kinds) != 1 or rows[0].embedding is None:
        return None
    packed = b"".join(one.embedding or b"" for one in rows)
    vectors = np.frombuffer(packed, dtype="<f2").astype(np.float32).reshape(len(rows), -1)
    return vectors if np.isfinite(vectors).all() else None


def _doubt(rows: Sequence[StoredRecord]) -> NDArray[np.float64]:
    """Return (n,) how far the model is in doubt: of all classes' scores, of the best alone, or of boxes."""
    found = np.full(len(rows), np.nan)
    for number, one in enumerate(rows):
        said = one.prediction
        if isinstance(said, Classification) and len(said.scores) > 1 and any(said.scores.values()):
            found[number] = least_confidence([list(said.scores.values())])[0]
        elif isinstance(said, Classification) and said.confidence is not None:
            found[number] = 1 - said.confidence
    boxed = [number for number, one in enumerate(rows) if isinstance(one.prediction, Detection)]
    if boxed:
        answers = [rows[number].prediction for number in boxed]
        found[boxed] = box_doubt([one for one in answers if isinstance(one, Detection)])
    return found
