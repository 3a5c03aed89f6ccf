"""What is really to be seen in images: from a folder of class folders, a file, or golden tasks."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from driftwheel.client.api import Api
from driftwheel.errors import SourceError, UsageError
from driftwheel.sources.file_kinds import IMAGE_SUFFIXES

__all__ = ["GOLDEN", "Truths", "read_truths", "tasks_of", "truths_of_tasks"]

GOLDEN: Final = "golden"
"""Instead of a folder or a file: what golden tasks say."""

_PAGE: Final = 1000
_NAMES: Final = ({"record", "image", "id"}, {"class", "label", "truth"})


@dataclass(frozen=True, slots=True)
class Truths:
    """Classes by the SHA-256 of images, in hexadecimal, or by the ids of records; one of the two is empty.

    Attributes
    ----------
    golden
        Only golden tasks tell the truth; that of other images is drawn by chance, as often as theirs.
    """

    by_image: Mapping[str, str]
    by_record: Mapping[str, str]
    golden: bool = False


def read_truths(source: str) -> Truths:
    """Return what a folder of class folders, or a CSV file of records and classes, says; or ``golden``.

    A CSV file has a line of names first: ``record`` (or ``image``, ``id``) and ``class`` (or ``label``,
    ``truth``).

    Raises
    ------
    SourceError
        When there is nothing there, or what is there says of no image what it shows.
    """
    path = Path(source)
    if path.is_dir():
        return Truths(_of_folder(path), {})
    if path.is_file():
        return Truths({}, _of_file(path))
    if source == GOLDEN:
        return Truths({}, {}, golden=True)
    raise SourceError(
        f"There is no folder or file '{source}'. Name a folder with a folder of images for each class, a CSV "
        f"file with the columns record and class, or '{GOLDEN}' for what golden tasks say."
    )


def truths_of_tasks(
    api: Api,
    project: int,
    pools: Iterable[int],
    truths: Truths,
    classes: tuple[str, ...],
    *,
    seed: int = 0,
) -> dict[str, int | None]:
    """Return SHA-256 of each image of these pools → number of its class; None where nobody knows.

    Raises
    ------
    UsageError
        When a truth names a class that the project does not ask for, or none is known.
    """
    tasks = [one for pool in pools for one in tasks_of(api, project, pool)]
    golden = _of_golden(api, project) if truths.golden else {}
    known: dict[str, int | None] = {}
    for one in tasks:
        if truths.golden:
            name = golden.get(one["record"]) if one["kind"] != "real" else None
        else:
            name = truths.by_image.get(one["image"], truths.by_record.get(one["record"]))
        if name is not None and name not in classes:
            raise UsageError(
                f"The image of the record '{one['record']}' is said to show '{name}', which the project does "
                f"not ask for; it asks for {', '.join(classes)}."
            )
        known[one["image"]] = None if name is None else classes.index(name)
    found = [one for one in known.values() if one is not None]
    if known and not found:
        raise UsageError(
            "Of no image of these pools is the truth known. "
            + (
                "They have no golden tasks."
                if truths.golden
                else "A folder must hold the very files that were logged; else give a CSV file of records."
            )
        )
    if truths.golden:
        for image, number in known.items():
            if number is None:
                drawn = np.random.default_rng([seed, int(image[:15], 16)])
                known[image] = int(found[drawn.integers(len(found))])
    return known


def tasks_of(api: Api, project: int, pool: int) -> list[Mapping[str, Any]]:
    """Return all tasks of a pool as the API tells them, with their consensus."""
    found: list[Mapping[str, Any]] = []
    after = 0
    while True:
        page = api.get(f"/projects/{project}/pools/{pool}/results", after=after, limit=_PAGE)
        found += page["results"]
        if page["next"] is None:
            return found
        after = page["next"]


def _of_folder(folder: Path) -> dict[str, str]:
    try:
        found = {
            hashlib.sha256(path.read_bytes()).hexdigest(): kind.name
            for kind in sorted(folder.iterdir())
            if kind.is_dir()
            for path in sorted(kind.rglob("*"))
            if path.suffix.lower() in IMAGE_SUFFIXES
        }
    except OSError as error:
        raise SourceError(f"{error.filename or folder} cannot be read: {error.strerror}.") from error
    if not found:
        raise SourceError(f"{folder} has no image; it needs a folder of images for each class.")
    return found


def _of_file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is no text in UTF-8: {error.reason} at byte {error.start:,}.") from error
    return _of_lines(io.StringIO(text, newline=""), str(path))


def _of_lines(lines: io.StringIO, name: str) -> dict[str, str]:
    reader = csv.DictReader(lines)
    try:
        columns = [next((one for one in reader.fieldnames or () if one in its), None) for its in _NAMES]
        record, label = columns
        if record is None or label is None:
            raise SourceError(f"{name} needs the columns record and class in its first line.")
        return {one[record]: one[label] for one in reader if one[record] and one[label]}
    except csv.Error as error:
        raise SourceError(f"{name} is no CSV file: {error}.") from error


def _of_golden(api: Api, project: int) -> dict[str, str]:
    reply = api.call("GET", f"/projects/{project}/labels?format=csv&golden=true")
    if reply.status != 200:
        raise UsageError(f"The golden tasks cannot be read: {reply.detail or reply.status}")
    return _of_lines(io.StringIO(reply.body.decode("utf-8"), newline=""), "The labels of the project")
