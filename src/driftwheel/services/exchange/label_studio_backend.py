"""What Label Studio asks of a machine-learning backend, answered by an assistant or a monitored model.

Images are told by their names alone: they are those of records that are here. No address is ever fetched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.formats.label_studio_ml import (
    PredictAnswer,
    PredictRequest,
    PreLabels,
    Webhook,
    predict_answer,
)
from driftwheel.formats.label_truth import answer_of, truth_of
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.prediction_json import prediction_from_json
from driftwheel.services.assist.due_assistance import can_assist
from driftwheel.services.assist.kept_head import head_of
from driftwheel.services.assist.set_assist import ask_for_training
from driftwheel.services.assist.show_prelabels import predict_tasks
from driftwheel.services.assist.sure_tasks import scored
from driftwheel.services.exchange.import_count import ImportCount
from driftwheel.services.exchange.import_labels import import_images
from driftwheel.services.exchange.join_names import join_names
from driftwheel.services.exchange.label_payload import answer_of_payload
from driftwheel.services.exchange.take_labels import Taking
from driftwheel.services.ingest.ingest_values import Limits
from driftwheel.services.ingest.record_truth import NewTruth, record_truths
from driftwheel.store.assist.assistants import Assistant, assistance_of, newest_assistant
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.joined_records import JoinedRecord
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import Project
from driftwheel.store.models.models import Model
from driftwheel.store.records.record_predictions import SaidOfRecord, predictions_of_records

__all__ = [
    "ALLOWED",
    "model_version_of",
    "predict_for_model",
    "predict_for_pool",
    "take_annotation",
    "take_truth",
    "version_of",
]

ALLOWED = frozenset({Loss.FLAGS, Loss.ATTRIBUTES, Loss.SCORES})
"""What annotations lose: nobody could be asked about it."""

_NO_POOL = 0


def version_of(connection: Connection, project: Project) -> str:
    """Return what a project's predictions are called: its assistant, or ``model`` before there is one."""
    assistant = _assistant(connection, project)
    return "model" if assistant is None else f"assistant {assistant.key}"


def predict_for_pool(
    connection: Connection, project: Project, pool: Pool, request: PredictRequest
) -> PredictAnswer:
    """Return pre-labels for tasks of Label Studio: of the assistant, else what the model had logged."""
    joined = join_names(connection, project.model, pool.key, [one.name for one in request.tasks])
    assistant = _assistant(connection, project)
    known = _known(connection, project.model, joined, None if assistant is None else assistant.space)
    version = version_of(connection, project)
    if assistant is None:
        return predict_answer(
            request, [_logged(joined.get(one.name), known) for one in request.tasks], version
        )
    said = _by_assistant(connection, project, assistant, joined, known)
    answers: list[PreLabels | None] = []
    for task in request.tasks:
        record = joined.get(task.name)
        one = None if record is None else said.get(record.record)
        if record is None or one is None:
            answers.append(None)
            continue
        payload, confidence = one
        answer = answer_of_payload(payload, source="model", by=version, score=confidence)
        answers.append(PreLabels(answer, record.width, record.height))
    return predict_answer(request, answers, version)


def predict_for_model(connection: Connection, model: Model, request: PredictRequest) -> PredictAnswer:
    """Return what a monitored model had logged of the images of tasks of Label Studio."""
    joined = join_names(connection, model.key, _NO_POOL, [one.name for one in request.tasks])
    known = _known(connection, model.key, joined, None)
    said = [_logged(joined.get(one.name), known) for one in request.tasks]
    return predict_answer(request, said, model_version_of(model, list(known.values())))


def model_version_of(model: Model, known: Sequence[SaidOfRecord] = ()) -> str:
    """Return what a model's predictions are called: its name and, where they are all of one, the version."""
    versions = {one.version for one in known if one.prediction is not None and one.version}
    return f"{model.name} {versions.pop()}" if len(versions) == 1 else model.name


def take_annotation(
    engine: Engine, project: Project, pool: Pool, told: Webhook, *, by: str, now: datetime
) -> ImportCount:
    """Keep what Label Studio tells of an annotation as the label of its image in a pool, and count it.

    An annotation that is created or changed becomes a finished label of the pool, as one of a file does;
    ``START_TRAINING`` has the assistant trained. Other events change nothing.

    Raises
    ------
    UsageError
        When the pool takes no images, or the project has no assistant to be trained.
    """
    count = ImportCount()
    if told.action == "START_TRAINING":
        ask_for_training(engine, project.key, by=by, now=now)
    elif told.action in {"ANNOTATION_CREATED", "ANNOTATION_UPDATED"} and told.image is not None:
        answers = tuple(one for one in told.image.answers if one.source == "human")[-1:]
        image = replace(told.image, answers=answers)
        import_images(engine, Taking(project, pool, "consensus", by, now, 0), [image], Losses(ALLOWED), count)
    return count


def take_truth(
    engine: Engine, model: Model, told: Webhook, *, by: str, now: datetime, limits: Limits
) -> bool:
    """Keep what Label Studio tells of an annotation as the truth of its record; return whether it is one.

    Raises
    ------
    LabelFormatError
        For an annotation with several classes: a truth is one class, or boxes.
    """
    if told.action not in {"ANNOTATION_CREATED", "ANNOTATION_UPDATED"} or told.image is None:
        return False
    with reading(engine) as connection:
        joined = join_names(connection, model.key, _NO_POOL, [told.image.name])
    record = joined.get(told.image.name)
    answers = [one for one in told.image.answers if one.source == "human"]
    if record is None or not answers:
        return False
    losses = Losses(ALLOWED | {Loss.ROTATION})
    truth = truth_of(answers[-1], f"'{told.image.name}'", losses)
    (result,) = record_truths(
        engine, model.name, [NewTruth(record.record, truth)], by=by, received=now, limits=limits
    )
    return result.outcome != "rejected"


def _assistant(connection: Connection, project: Project) -> Assistant | None:
    if not can_assist(project) or not assistance_of(connection, project.key).enabled:
        return None
    return newest_assistant(connection, project.key)


def _known(
    connection: Connection, model: int, joined: Mapping[str, JoinedRecord], space: str | None
) -> dict[str, SaidOfRecord]:
    return predictions_of_records(connection, model, space, [one.record for one in joined.values()])


def _by_assistant(
    connection: Connection,
    project: Project,
    assistant: Assistant,
    joined: Mapping[str, JoinedRecord],
    known: Mapping[str, SaidOfRecord],
) -> dict[str, tuple[Mapping[str, Any], float]]:
    """Return what the assistant says of records: from their embeddings, or those kept of their tasks."""
    head = head_of(assistant)
    if head is None:
        return {}
    embedded = {one.record: one.embedding for one in known.values() if one.embedding is not None}
    found = scored(head, list(embedded.values()))
    said: dict[str, tuple[Mapping[str, Any], float]] = dict(zip(embedded, found, strict=True))
    tasks = {
        one.task: one.record for one in joined.values() if one.task is not None and one.record not in embedded
    }
    for task, one in predict_tasks(connection, project, list(tasks)).items():
        said[tasks[task]] = (one.payload, one.confidence)
    return said


def _logged(record: JoinedRecord | None, known: Mapping[str, SaidOfRecord]) -> PreLabels | None:
    said = None if record is None else known.get(record.record)
    if record is None or said is None or said.prediction is None:
        return None
    answer = answer_of(prediction_from_json(said.prediction), said.version)
    return PreLabels(answer, record.width, record.height)
