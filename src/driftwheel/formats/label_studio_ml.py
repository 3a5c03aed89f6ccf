"""The protocol between Label Studio and a machine-learning backend: bodies of requests and answers.

Label Studio asks ``GET /health``, ``POST /setup`` when a project is connected, ``POST /predict`` for tasks
to be pre-labelled, and tells of new annotations by ``POST /webhook``. Source: label-studio-ml-backend 2,
``api.py``, and the Label Studio documentation, "Write your own ML backend".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from driftwheel.errors import LabelFormatError
from driftwheel.formats.checked_labels import as_list, as_object
from driftwheel.formats.label_studio import image_of_url, read_task
from driftwheel.formats.label_studio_config import LabelConfig, read_label_config
from driftwheel.formats.label_studio_result import write_result
from driftwheel.formats.labelled_image import Answer, LabelledImage
from driftwheel.formats.losses import Loss, Losses, Lost

__all__ = [
    "PreLabels",
    "PredictAnswer",
    "PredictRequest",
    "PredictTask",
    "SetupRequest",
    "Webhook",
    "health_answer",
    "predict_answer",
    "read_predict_request",
    "read_setup_request",
    "read_webhook",
    "setup_answer",
    "webhook_answer",
]

_MOST_TASKS = 1000
_LOSSES = frozenset({Loss.ROTATION, Loss.FLAGS, Loss.ATTRIBUTES, Loss.OUTSIDE})


@dataclass(frozen=True, slots=True)
class PredictTask:
    """A task to pre-label: its id (None where there is none), the image's URL as given, and its name."""

    id: int | str | None
    url: str
    name: str


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """What ``POST /predict`` asks: tasks in their order, the project's id, and what it offers."""

    tasks: tuple[PredictTask, ...]
    project: str
    config: LabelConfig


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """What ``POST /setup`` says; the address and the token are Label Studio's own, to fetch images with."""

    project: str
    config: LabelConfig
    hostname: str
    access_token: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """What ``POST /webhook`` tells: the action, such as ``ANNOTATION_CREATED``, and the image, if any."""

    action: str
    project: str
    task: int | str | None
    image: LabelledImage | None


@dataclass(frozen=True, slots=True)
class PreLabels:
    """What a model says of one task's image; the size is needed for boxes."""

    answer: Answer
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class PredictAnswer:
    """What to answer to ``POST /predict``.

    Attributes
    ----------
    body
        The answer's JSON.
    unknown
        Classes that the project does not offer, whose predictions were left out.
    lost
        What else was given up: boxes cut off at the border or wholly outside their image, and such.
    """

    body: dict[str, Any]
    unknown: tuple[str, ...]
    lost: tuple[Lost, ...]


def read_predict_request(body: object) -> PredictRequest:
    """Return what the parsed body of ``POST /predict`` asks.

    Raises
    ------
    LabelFormatError
        Says which part is missing or wrong.
    """
    given = as_object(body, "The body")
    config = read_label_config(_text(given, "label_config"))
    tasks = as_list(given.get("tasks"), "'tasks'")
    if len(tasks) > _MOST_TASKS:
        raise LabelFormatError(
            f"{len(tasks):,} tasks at once; at most {_MOST_TASKS:,} are taken. Send fewer."
        )
    found = []
    for place, one in enumerate(tasks):
        task = as_object(one, f"tasks[{place}]")
        where = f"task {task.get('id', f'at {place}')}"
        url = as_object(task.get("data"), f"{where}: 'data'").get(config.image_key)
        if not isinstance(url, str):
            raise LabelFormatError(
                f"{where}: data has no '{config.image_key}', which the configuration shows."
            )
        found.append(PredictTask(task.get("id"), url, image_of_url(url, where)))
    return PredictRequest(tuple(found), _project(given.get("project")), config)


def predict_answer(request: PredictRequest, said: Sequence[PreLabels | None], version: str) -> PredictAnswer:
    """Return what answers ``POST /predict``.

    There is one result a task, in their order; an empty one where the model said nothing (None). Classes
    that the project does not offer are left out, since Label Studio could not show them.

    Parameters
    ----------
    said
        One entry a task.
    version
        The model's version, which Label Studio shows beside its predictions.
    """
    if len(said) != len(request.tasks):
        raise LabelFormatError(f"{len(said)} answers to {len(request.tasks)} tasks; each task has one.")
    config, left = request.config, dict[str, None]()
    losses = Losses(_LOSSES)
    results: list[dict[str, Any]] = []
    for task, one in zip(request.tasks, said, strict=True):
        if one is None:
            results.append({"result": [], "model_version": version})
            continue
        answer = _offered(one.answer, config, left)
        size = None if one.width is None or one.height is None else (one.width, one.height)
        prefix = f"{task.id}-" if task.id is not None else ""
        result = write_result(
            answer, size, prefix=prefix, where=f"'{task.name}'", losses=losses, tags=config.tags
        )
        scores = [*(one.score for one in answer.classes), *(box.score for box in answer.boxes)]
        least = min((score for score in scores if score is not None), default=0.0)
        score = least if answer.score is None else answer.score
        results.append({"result": result, "score": score, "model_version": version})
    return PredictAnswer({"results": results, "model_version": version}, tuple(left), losses.all)


def read_setup_request(body: object) -> SetupRequest:
    """Return what the parsed body of ``POST /setup`` says."""
    given = as_object(body, "The body")
    hostname, token = given.get("hostname") or "", given.get("access_token") or ""
    if not isinstance(hostname, str) or not isinstance(token, str):
        raise LabelFormatError("'hostname' and 'access_token' should be text.")
    return SetupRequest(
        _project(given.get("project")), read_label_config(_text(given, "schema")), hostname, token
    )


def setup_answer(version: str) -> dict[str, Any]:
    """Return the body that answers ``POST /setup``."""
    return {"model_version": version}


def read_webhook(body: object, losses: Losses) -> Webhook:
    """Return what the parsed body of ``POST /webhook`` tells."""
    given = as_object(body, "The body")
    action = _text(given, "action")
    project = as_object(given.get("project") or {}, "'project'")
    image, task = None, given.get("task")
    if isinstance(task, Mapping):
        whole = dict(task)
        if isinstance(given.get("annotation"), Mapping):
            whole["annotations"] = [given["annotation"]]
            whole.pop("predictions", None)
        image = read_task(whole, f"task {task.get('id', '')}".rstrip(), losses)
    return Webhook(
        action, _project(project.get("id")), task.get("id") if isinstance(task, Mapping) else None, image
    )


def webhook_answer() -> dict[str, Any]:
    """Return the body that answers ``POST /webhook``."""
    return {"result": {}, "status": "ok"}


def health_answer(model: str) -> dict[str, Any]:
    """Return the body that answers ``GET /health``.

    Examples
    --------
    >>> health_answer("gates")
    {'status': 'UP', 'model_class': 'gates'}
    """
    return {"status": "UP", "model_class": model}


def _offered(answer: Answer, config: LabelConfig, left: dict[str, None]) -> Answer:
    """Return an answer with the classes that the project offers, as it calls them."""
    for known, parts in ((config.choices, answer.classes), (config.boxes, answer.boxes)):
        left.update(dict.fromkeys(part.label for part in parts if part.label not in known))
    classes = [
        replace(one, label=config.choices[one.label]) for one in answer.classes if one.label in config.choices
    ]
    boxes = [replace(one, label=config.boxes[one.label]) for one in answer.boxes if one.label in config.boxes]
    if not config.several:
        classes = classes[:1]
    return replace(answer, classes=tuple(classes), boxes=tuple(boxes), source="model")


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value:
        raise LabelFormatError(f"'{key}' is missing, or no text.")
    return value


def _project(value: object) -> str:
    """Return a project's id: Label Studio sends ``"7.1690000000"``, the id and when the project was made."""
    return "" if value is None else str(value).partition(".")[0]
