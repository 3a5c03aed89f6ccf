"""What is known of the records of a model: the one label of each that counts, and where it comes from.

Of one record much may be said: a truth that was told, reviews, what answers amount to, a file, an assistant
that was sure. The surest counts: told beats review, review consensus, consensus import, import automatic; of
two of a kind the newer one. Boxes and several classes an image are not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, or_, select

from driftwheel.formats.prediction_json import prediction_from_json
from driftwheel.predictions import Classification, Prediction, Truth
from driftwheel.store.engine.tag_filter import has_tag
from driftwheel.store.labels.task_selections import TaskSelection, selections_of
from driftwheel.store.schema.assist_tables import label_sources
from driftwheel.store.schema.columns import EPOCH
from driftwheel.store.schema.label_tables import pools, projects, tasks
from driftwheel.store.schema.tables import records, truths

__all__ = [
    "SOURCES",
    "KnownLabel",
    "RecordLabel",
    "RecordLabelSource",
    "known_labels",
    "labelled_ids",
    "project_pools",
    "record_labels",
]

RecordLabelSource = Literal["told", "review", "consensus", "import", "automatic"]
"""A truth that was told by the record's id; what a reviewer decided, answers amount to, a file said, or an
assistant was sure of, all four of a task."""

SOURCES: tuple[RecordLabelSource, ...] = get_args(RecordLabelSource)
"""The surest first."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class KnownLabel:
    """The label of a record that counts.

    Attributes
    ----------
    label
        A class without scores.
    source
        Where it comes from.
    known
        When it became known, UTC.
    task, pool
        Keys of the task it was made in; None where it was told.
    selected
        How the image was selected to be labelled; None where nobody said: told truths come as they come.
    """

    label: Classification
    source: RecordLabelSource
    known: datetime
    task: int | None = None
    pool: int | None = None
    selected: TaskSelection | None = None

    @property
    def holdout(self) -> bool:
        """Whether the image was drawn to be measured on: models never learn from it."""
        return self.selected is not None and self.selected.reason == "holdout"


@dataclass(frozen=True, slots=True)
class RecordLabel:
    """A record that is kept, and its label.

    Attributes
    ----------
    key, id
        The store's and the client's.
    image
        SHA-256 of the stored file; None in privacy mode, and where it was not kept.
    prediction
        What the model said; None where it said nothing.
    """

    key: int
    id: str
    time: datetime
    tags: Mapping[str, str]
    image: bytes | None
    model_version: str
    prediction: Prediction | None
    known: KnownLabel

    @property
    def label(self) -> Truth:
        """What is true of it."""
        return self.known.label

    @property
    def correct(self) -> bool | None:
        """Whether the prediction was right; None where there was none."""
        said = self.prediction
        return said.label == self.known.label.label if isinstance(said, Classification) else None


def record_labels(
    connection: Connection,
    model: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    tag: str = "",
    value: str = "",
    sources: Collection[RecordLabelSource] = SOURCES,
    after_key: int = 0,
    limit: int = 1000,
) -> list[RecordLabel]:
    """Return up to `limit` labelled records of a model by key, after the one with the key `after_key`.

    Parameters
    ----------
    since, until
        since ≤ time < until of the record.
    tag, value
        Only records with this value of this tag.
    sources
        Only labels of these. A record whose label that counts is of another is left out: what is automatic
        is not asked for where a person has said better.

    Notes
    -----
    All pages together go once through the model's records: some 10 s for a million.
    """
    own = project_pools(connection, model)
    found: list[RecordLabel] = []
    while len(found) < limit:
        conditions = [records.c.model == model, records.c.key > after_key, _has_label(model, own)]
        if since is not None:
            conditions.append(records.c.time >= since)
        if until is not None:
            conditions.append(records.c.time < until)
        if tag:
            conditions.append(has_tag(connection, tag, value))
        query = select(*_OUTLINE).where(*conditions).order_by(records.c.key).limit(limit)
        rows = connection.execute(query).all()
        known = known_labels(connection, model, [row.id for row in rows], pools_of_model=own)
        its = [_record(row, known[row.id]) for row in rows if row.id in known]
        found += [one for one in its if one.known.source in sources]
        if len(rows) < limit:
            break
        after_key = rows[-1].key
    return found[:limit]


def labelled_ids(
    connection: Connection, model: int, start: datetime, end: datetime, *, own: Sequence[int]
) -> list[str]:
    """Return the ids of a model's records with start ≤ time < end that have a label.

    `own` are the pools of `project_pools`.
    """
    chosen = (records.c.model == model, records.c.time >= start, records.c.time < end)
    query = select(records.c.id).where(*chosen, _has_label(model, own)).order_by(records.c.id)
    return list(connection.execute(query).scalars())


def known_labels(
    connection: Connection,
    model: int,
    ids: Sequence[str],
    *,
    pools_of_model: Sequence[int] | None = None,
) -> dict[str, KnownLabel]:
    """Return the label that counts of those of these records of a model that have one, by record id.

    The records themselves need not be kept. `pools_of_model` are those of `project_pools`, where they are
    known already.
    """
    own = project_pools(connection, model) if pools_of_model is None else pools_of_model
    found: dict[str, KnownLabel] = {}
    for begin in range(0, len(ids), _CHUNK):
        part = ids[begin : begin + _CHUNK]
        drawn: dict[str, TaskSelection] = {}
        if own:
            of_tasks, drawn = _of_tasks(connection, own, part)
            found |= of_tasks
        told = select(truths.c.record, truths.c.truth, truths.c.received).where(
            truths.c.model == model, truths.c.record.in_(part)
        )
        for record, plain, received in connection.execute(told):
            if "class" in plain:
                label = Classification(plain["class"])
                found[record] = KnownLabel(label, "told", received, selected=drawn.get(record))
    return found


def project_pools(connection: Connection, model: int) -> list[int]:
    """Return the keys of the pools in which people name the one class of images of a model."""
    query = select(pools.c.key).join(projects, projects.c.key == pools.c.project)
    return list(
        connection.execute(
            query.where(projects.c.model == model, projects.c.answer == "class").order_by(pools.c.key)
        ).scalars()
    )


_OUTLINE = (
    records.c.key,
    records.c.id,
    records.c.time,
    records.c.tags,
    records.c.image,
    records.c.model_version,
    records.c.prediction,
)


def _has_label(model: int, own: Sequence[int]) -> ColumnElement[bool]:
    told = exists().where(truths.c.model == model, truths.c.record == records.c.id)
    if not own:
        return told
    return or_(told, exists().where(tasks.c.pool.in_(own), tasks.c.record == records.c.id, _is_labelled()))


def _is_labelled() -> ColumnElement[bool]:
    return and_(tasks.c.kind == "real", tasks.c.state == "done", tasks.c.consensus.is_not(None))


def _of_tasks(
    connection: Connection, own: Sequence[int], part: Sequence[str]
) -> tuple[dict[str, KnownLabel], dict[str, TaskSelection]]:
    """Return the labels of records that were made in tasks, and how records with a task were selected."""
    query = (
        select(
            tasks.c.key,
            tasks.c.pool,
            tasks.c.record,
            tasks.c.consensus,
            tasks.c.finished,
            tasks.c.reviewed,
            tasks.c.answers,
            label_sources.c.source,
            _is_labelled().label("labelled"),
        )
        .outerjoin(label_sources, label_sources.c.task == tasks.c.key)
        .where(tasks.c.pool.in_(own), tasks.c.record.in_(part), tasks.c.kind == "real")
    )
    rows = connection.execute(query).all()
    chances = selections_of(connection, [row.key for row in rows])
    best: dict[str, tuple[int, datetime, int, Row[Any]]] = {}
    drawn: dict[str, TaskSelection] = {}
    for row in rows:
        chance = chances.get(row.key)
        if chance is not None and _is_surer(chance, drawn.get(row.record)):
            drawn[row.record] = chance
        if not row.labelled or "class" not in row.consensus:
            continue
        place = (-SOURCES.index(_source(row)), row.finished or EPOCH, row.key)
        if row.record not in best or place > best[row.record][:3]:
            best[row.record] = (*place, row)
    found = {}
    for record, (_, known, _, row) in best.items():
        label = Classification(row.consensus["class"])
        found[record] = KnownLabel(label, _source(row), known, row.key, row.pool, drawn.get(record))
    return found, drawn


def _source(row: Row[Any]) -> RecordLabelSource:
    if row.reviewed is not None:
        return "review"
    if row.answers or row.source is None:
        return "consensus"
    noted: RecordLabelSource = row.source
    return noted


def _is_surer(one: TaskSelection, other: TaskSelection | None) -> bool:
    """Return whether a selection counts before another of the same record: holdout, then the highest chance.

    An image that was drawn at random once is in the sample, whatever else it was selected for.
    """
    if other is None:
        return True
    place = (one.reason == "holdout", one.probability or 0.0)
    return place > (other.reason == "holdout", other.probability or 0.0)


def _record(row: Row[*tuple[Any, ...]], known: KnownLabel) -> RecordLabel:
    said = None if row.prediction is None else prediction_from_json(row.prediction)
    return RecordLabel(row.key, row.id, row.time, row.tags, row.image, row.model_version, said, known)
