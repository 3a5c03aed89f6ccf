"""Label Studio JSON: a list of tasks, each with an image, annotations of people and predictions of models.

Source: the Label Studio documentation, "Label Studio JSON format of annotated tasks".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any, BinaryIO

from driftwheel.errors import LabelFormatError
from driftwheel.formats.checked_labels import as_list, as_moment, as_number, as_object, as_score
from driftwheel.formats.image_name import OnceNamed, image_name, percent_decoded, percent_encoded
from driftwheel.formats.json_stream import list_items
from driftwheel.formats.label_files import is_image
from driftwheel.formats.label_studio_result import TagNames, read_result, write_result
from driftwheel.formats.labelled_image import Answer, LabelledImage, LabelSet
from driftwheel.formats.losses import Losses, Note

__all__ = ["LOCAL_FILES", "image_of_url", "read_label_studio", "read_task", "write_label_studio"]

LOCAL_FILES = "/data/local-files/?d="
"""What stands before a name by default: Label Studio then serves the image from its local storage."""

_UPLOAD = re.compile(r"/data/upload/(?:\d+/)?(?:[0-9a-f]{8}-)?(.+)")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/]*/(.+)")


def read_label_studio(
    stream: BinaryIO, *, called: str, losses: Losses, image_url: str = "", image_key: str | None = None
) -> LabelSet:
    """Return the images of an export, in the order of the file, with all their answers.

    The file declares no classes. Annotations that were skipped (``was_cancelled``) and drafts are not read,
    and counted. A task without annotations and predictions has no answer; an annotation without regions is an
    answer with nothing in it.

    Parameters
    ----------
    stream
        Can be rewound. One task is kept at a time.
    image_url
        What to take away in front of an image's URL; else the rules of `image_of_url`.
    image_key
        Which part of ``data`` is the image; where None, ``image`` or the only one that looks like one.

    Raises
    ------
    LabelFormatError
        Names the task, and in it the annotation and region.
    """

    def each() -> Iterator[LabelledImage]:
        once = OnceNamed()
        for place, item in enumerate(list_items(stream, "item", called)):
            one = as_object(item, f"{called}, [{place}]")
            where = f"{called}, task {one.get('id', f'at {place}')}"
            image = read_task(one, where, losses, image_url=image_url, image_key=image_key)
            once.add(image.name, where)
            yield image

    return LabelSet((), each())


def read_task(
    task: Mapping[str, Any], where: str, losses: Losses, *, image_url: str = "", image_key: str | None = None
) -> LabelledImage:
    """Return the image of one task with its answers, as `read_label_studio` does."""
    data = as_object(task.get("data"), f"{where}: 'data'")
    name = image_of_url(_image(data, where, image_key), where, image_url)
    for _ in as_list(task.get("drafts") or [], f"{where}: 'drafts'"):
        losses.note(Note.DRAFTS, where)
    answers: list[Answer] = []
    sizes: set[tuple[int, int]] = set()
    for kind in ("annotations", "predictions"):
        for one in as_list(task.get(kind) or [], f"{where}: '{kind}'"):
            given = as_object(one, f"{where}: each of '{kind}'")
            spot = f"{where}, {kind.removesuffix('s')} {given.get('id', '')}".rstrip()
            if given.get("was_cancelled"):
                losses.note(Note.CANCELLED, spot)
                continue
            answer, size = _answer(given, spot, losses, of_model=kind == "predictions")
            answers.append(answer)
            sizes |= set() if size is None else {size}
    if len(sizes) > 1:
        raise LabelFormatError(f"{where}: its answers say different sizes of the image. Which one is right?")
    width, height = sizes.pop() if sizes else (None, None)
    return LabelledImage(name, width, height, tuple(answers))


def write_label_studio(
    images: Iterable[LabelledImage],
    out: BinaryIO,
    *,
    losses: Losses,
    image_url: str = LOCAL_FILES,
    tags: TagNames | None = None,
) -> None:
    """Write tasks, one a line, with all answers of each image; ids from 1.

    People's answers are annotations, models' are predictions. An image that nobody has labelled is a task
    without either.

    Parameters
    ----------
    image_url
        Stands before the image's name, which is then percent-encoded; where empty, the name stands as it is.
    tags
        Names of the tags in the project's labelling configuration.

    Raises
    ------
    LabelFormatError
        Names the image and the box that the format cannot say, unless `losses` allows it.
    """
    once, tags = OnceNamed(), tags or TagNames()
    answers = 0
    out.write(b"[")
    for number, image in enumerate(images, start=1):
        once.add(image.name, "Label Studio")
        url = image_url + percent_encoded(image.name) if image_url else image.name
        task: dict[str, Any] = {"id": number, "data": {tags.image: url}, "annotations": [], "predictions": []}
        size = None if image.width is None or image.height is None else (image.width, image.height)
        for place, answer in enumerate(image.answers, start=1):
            answers += 1
            result = write_result(
                answer, size, prefix=f"{number}-{place}-", where=f"'{image.name}'", losses=losses, tags=tags
            )
            kind = "annotations" if answer.source == "human" else "predictions"
            task[kind].append({"id": answers} | _said_by(answer) | {"result": result})
        out.write(b"\n" if number == 1 else b",\n")
        out.write(json.dumps(task, ensure_ascii=False, allow_nan=False).encode())
    out.write(b"\n]\n")


def image_of_url(url: str, where: str, prefix: str = "") -> str:
    """Return the name of an image from its URL in a task.

    ``prefix`` is taken away where the URL begins with it. Else: what follows ``/data/local-files/?d=``; an
    upload without the project and the eight letters that Label Studio puts before it; the path of another URL
    without its host or bucket; anything else as it stands.

    Raises
    ------
    LabelFormatError
        For an image within the task itself (``data:``), and for what is no name (`image_name`).

    Examples
    --------
    >>> image_of_url("/data/local-files/?d=day%201/a.jpg", "task 1")
    'day 1/a.jpg'
    >>> image_of_url("/data/upload/3/0f3e2b1c-a.jpg", "task 1"), image_of_url("s3://bucket/b/c.jpg", "task 2")
    ('a.jpg', 'b/c.jpg')
    """
    if url[:5].lower() == "data:":
        raise LabelFormatError(
            f"{where}: the image is within the task itself (data:…), and has no name to know it by. Import "
            "images into Label Studio from a storage or by their addresses; then tasks name them."
        )
    if prefix and url.startswith(prefix):
        return image_name(percent_decoded(url.removeprefix(prefix)), where)
    if "/data/local-files/?" in url:
        query = url.partition("/data/local-files/?")[2].split("&")
        path = next((part.removeprefix("d=") for part in query if part.startswith("d=")), "")
        return image_name(percent_decoded(path), where)
    if upload := _UPLOAD.search(url):
        return image_name(percent_decoded(upload[1].partition("?")[0]), where)
    if remote := _SCHEME.match(url):
        return image_name(percent_decoded(remote[1].partition("?")[0].partition("#")[0]), where)
    return image_name(url, where)


def _image(data: Mapping[str, Any], where: str, image_key: str | None) -> str:
    if image_key is None and "image" not in data:
        keys = [
            key
            for key, value in data.items()
            if isinstance(value, str)
            and is_image(percent_decoded(value.partition("?d=")[2] or value.partition("?")[0]))
        ]
        if len(keys) != 1:
            found = ", ".join(f"'{key}'" for key in data) or "nothing"
            raise LabelFormatError(
                f"{where}: which part of 'data' is the image is not clear; it has {found}."
            )
        (image_key,) = keys
    value = data.get(image_key or "image")
    if not isinstance(value, str) or not value:
        raise LabelFormatError(f"{where}: data has no URL of an image under '{image_key or 'image'}'.")
    return value


def _answer(
    given: Mapping[str, Any], where: str, losses: Losses, *, of_model: bool
) -> tuple[Answer, tuple[int, int] | None]:
    result = as_list(given.get("result") or [], f"{where}, result")
    classes, boxes, size = read_result(result, where, losses, scores=of_model)
    time = as_moment(given.get("updated_at") or given.get("created_at"))
    if of_model:
        score = given.get("score")
        version = str(given.get("model_version") or "")
        return Answer(classes, boxes, "model", version, time, None, score=as_score(score, where)), size
    spent = given.get("lead_time")
    seconds = None if spent is None else as_number(spent, where, "lead_time")
    golden = bool(given.get("ground_truth"))
    return Answer(classes, boxes, "human", _who(given), time, seconds, golden), size


def _who(given: Mapping[str, Any]) -> str:
    by = given.get("completed_by")
    if isinstance(by, Mapping):
        by = by.get("email") or by.get("username") or by.get("id")
    if by is None:
        by = given.get("created_username")
    return "" if by is None else str(by).strip()


def _said_by(answer: Answer) -> dict[str, Any]:
    time = (
        {}
        if answer.time is None
        else {"created_at": answer.time.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    )
    if answer.source == "model":
        score = {} if answer.score is None else {"score": answer.score}
        return {"model_version": answer.by} | score | time
    who: dict[str, Any] = {}
    if answer.by:
        numbered = answer.by.isascii() and answer.by.isdecimal()
        who = {"completed_by": int(answer.by) if numbered else {"email": answer.by}}
    spent = {} if answer.seconds is None else {"lead_time": answer.seconds}
    return who | time | spent | {"was_cancelled": False, "ground_truth": answer.golden}
