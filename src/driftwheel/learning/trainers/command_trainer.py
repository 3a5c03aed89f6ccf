"""The trainer `command`: a program of one's own gets a folder of images and leaves a model.

It is run as ``COMMAND DATASET OUTPUT``; in the command's own arguments ``{dataset}`` and ``{output}`` stand
for the two folders, which then are not added behind.

``DATASET/train/<class>/…`` and ``DATASET/validation/<class>/…`` hold PNG files; ``DATASET/dataset.json`` says
the classes in order, the folder of each, and the seed; ``DATASET/start.onnx`` is the version to go on from,
for an incremental training. The command leaves ``OUTPUT/model.onnx``, one file, and ``OUTPUT/metrics.json``,
names with numbers. What it prints is the log; another exit status than 0 is a failure.
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import cv2

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.labelled_images import LabelledImages
from driftwheel.learning.onnx_classifier import open_classifier
from driftwheel.learning.trainers.trainer import TrainedClassifier, TrainingJob, TrainingWatch

__all__ = ["CommandTrainer", "read_command", "write_images"]

_PLAIN = re.compile(r"[^\W.][\w .+-]{0,63}")
_MOST_MODEL = 2 << 30
_MOST_METRICS = 1 << 20
_TAIL = 5  # lines of the log that a failure shows
_LINE = 4000  # characters


@dataclass(frozen=True, slots=True)
class CommandTrainer:
    """Runs a command; a `Trainer`.

    Attributes
    ----------
    command
        Program and arguments, see `read_command`.
    """

    command: tuple[str, ...]

    def train(self, job: TrainingJob, watch: TrainingWatch) -> TrainedClassifier:
        """Train a classifier; see `Trainer.train`. The same twice only as far as the command sees to it."""
        dataset, output = job.folder / "dataset", job.folder / "output"
        output.mkdir(parents=True)
        watch.say(f"Writing {len(job.train) + len(job.validation):,} images for the command.")
        write_images(job, dataset)
        watch.say(f"Running: {shlex.join(self.command)}")
        status, tail = _run(self._arguments(dataset, output), job.folder, watch)
        if status != 0:
            last = f" Its last lines: {' / '.join(tail)}" if tail else " It printed nothing."
            raise DriftwheelError(f"The command ended with the status {status}.{last}")
        file = _read(output / "model.onnx", _MOST_MODEL)
        classifier = open_classifier(file, threads=job.threads)
        unknown = [name for name in classifier.classes if name not in job.train.classes]
        if unknown:
            raise DriftwheelError(
                f"The command's model names the classes {', '.join(classifier.classes[:5])}; the images show "
                f"{', '.join(job.train.classes[:5])}. Write the names into the file's metadata under "
                "driftwheel.classes."
            )
        return TrainedClassifier(file, {"command_metrics": _metrics(output / "metrics.json")})

    def _arguments(self, dataset: Path, output: Path) -> list[str]:
        given = [
            one.replace("{dataset}", str(dataset)).replace("{output}", str(output)) for one in self.command
        ]
        named = any("{dataset}" in one or "{output}" in one for one in self.command)
        return given if named else [*given, str(dataset), str(output)]


def read_command(text: str) -> tuple[str, ...]:
    """Split a line into a program and its arguments, as a shell quotes them; no shell ever sees it.

    Raises
    ------
    UsageError
        For an empty line, and quotes that do not end.

    Examples
    --------
    >>> read_command("python3 'my train.py' --epochs 3")
    ('python3', 'my train.py', '--epochs', '3')
    """
    try:
        parts = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"The command cannot be read: {error}. Close every quotation mark.") from None
    if not parts:
        raise UsageError("The command is empty; give a program and its arguments.")
    return parts


def write_images(job: TrainingJob, folder: Path) -> None:
    """Write the images of a job as files, in the layout described above."""
    names = [
        name if _PLAIN.fullmatch(name) else f"class_{number}" for number, name in enumerate(job.train.classes)
    ]
    for split, images in (("train", job.train), ("validation", job.validation)):
        _write_split(images, folder / split, names)
    about = {
        "classes": list(job.train.classes),
        "folders": names,
        "seed": job.recipe.seed,
        "weights": "start.onnx" if job.start is not None else None,
    }
    (folder / "dataset.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
    if job.start is not None:
        (folder / "start.onnx").write_bytes(job.start)


def _write_split(images: LabelledImages, folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, label in enumerate(images.labels):
        found, data = cv2.imencode(".png", images.image(number))
        if not found:
            raise DriftwheelError(f"The image {number} cannot be written as PNG.")
        (folder / names[label] / f"{number:06}.png").write_bytes(data.tobytes())


def _run(arguments: list[str], folder: Path, watch: TrainingWatch) -> tuple[int, list[str]]:
    """Run a command to its end, and return its status and its last lines."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTWHEEL_")}
    supervised = [sys.executable, "-m", "driftwheel.learning.trainers.supervised", "--", *arguments]
    tail: deque[str] = deque(maxlen=_TAIL)
    with subprocess.Popen(  # noqa: S603  an administrator has configured it
        supervised,
        cwd=folder,
        env=kept | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        told, held = cast("IO[bytes]", process.stdout), cast("IO[bytes]", process.stdin)
        try:
            while line := told.readline(_LINE):
                text = line.decode("utf-8", "replace").rstrip()
                if text:
                    tail.append(text)
                    watch.say(text)
            return process.wait(), list(tail)
        finally:
            held.close()


def _read(file: Path, most: int) -> bytes:
    if not file.is_file():
        raise DriftwheelError(
            f"The command left no {file.name} in its output folder, which is {file.parent}."
        )
    if file.stat().st_size > most:
        raise DriftwheelError(
            f"The command's {file.name} has {file.stat().st_size:,} bytes; at most {most:,}."
        )
    return file.read_bytes()


def _metrics(file: Path) -> dict[str, float]:
    """Return what the command measured: names with numbers; anything else in the file is left out."""
    try:
        found: Any = json.loads(_read(file, _MOST_METRICS))
    except ValueError as error:
        raise DriftwheelError(f"The command's metrics.json is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise DriftwheelError("The command's metrics.json holds no names with numbers: expected {…}.")
    numbers = (int, float)
    return {
        str(name)[:100]: value
        for name, value in list(found.items())[:100]
        if isinstance(value, numbers) and not isinstance(value, bool) and math.isfinite(value)
    }
