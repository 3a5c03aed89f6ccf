"""Write the labels of a project in the format of another tool."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import BinaryIO, Literal

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.formats.label_files import is_image
from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat
from driftwheel.formats.labelled_image import Answer, LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses, Lost
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.convert.write_formats import label_files, write_single
from driftwheel.services.exchange.image_archive import (
    check_images_fit,
    kept_ending,
    kept_file,
    kept_size,
    plain_file_name,
    write_archive,
)
from driftwheel.services.exchange.label_payload import answer_of_payload
from driftwheel.services.progress import OnProgress
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.labels.exported_tasks import ExportedTask, SaidAnswer, answers_said, exported_tasks
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import Project, project_by_key

__all__ = ["ExportOptions", "ExportWhat", "Exported", "export_labels", "export_name"]

ExportWhat = Literal["consensus", "answers"]

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written, and how.

    Attributes
    ----------
    what
        ``consensus``: the one label of each image. ``answers``: all answers that count, with who gave them;
        formats that hold one take images with one.
    pools
        Keys of pools; None: all of the project. Of an image that is labelled in several, the newest counts.
    automatic
        Whether labels that were accepted automatically are written, too.
    golden
        Whether golden tasks are written, with their truth, marked as such.
    images
        Whether the images are put beside the labels, for formats that are folders.
    allow
        What may be lost.
    image_url
        What stands before an image's name in Label Studio files; None: as that reads local files.
    """

    what: ExportWhat = "consensus"
    pools: tuple[int, ...] | None = None
    automatic: bool = True
    golden: bool = False
    images: bool = False
    allow: frozenset[Loss] = frozenset()
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: images, answers of them, and what was lost of these or is worth telling."""

    images: int
    answers: int
    lost: tuple[Lost, ...]


def export_name(project: Project, form: LabelFormat) -> str:
    """Return a name for the file of an export."""
    return f"{plain_file_name(project.name, 'labels')}-{form.value}{SINGLE_FILES.get(form, '.zip')}"


def export_labels(  # noqa: PLR0917  what of where, as what to where
    engine: Engine,
    blobs: Blobs,
    project: int,
    form: LabelFormat,
    out: BinaryIO,
    options: ExportOptions | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> Exported:
    """Write the labels of a project, as they are at one moment, image by image; memory is that of a few.

    An image is called by the id of its record; formats that are folders put an ending to it that says what
    the file is. Those are written as one zip archive.

    Parameters
    ----------
    out
        A file that can be rewound.

    Raises
    ------
    LookupError
        When there is no such project.
    UsageError
        For pools that the project has not, or images where the format has no place for them.
    LabelFormatError
        For the first loss that is not allowed; names the object.
    OSError
        When the blobs cannot be read now.
    """
    options = options or ExportOptions()
    if options.images:
        check_images_fit(form)
    losses = Losses(options.allow)
    with reading(engine) as connection:
        found = project_by_key(connection, project)
        if found is None:
            raise LookupError(f"There is no project with the key {project}.")
        pools = _pools(connection, found, options.pools)
        source = _Source(connection, blobs, form, options, on_progress)
        labels = LabelSet(tuple(one.name for one in found.classes), source.images(pools))
        how = LabelOptions(to_format=form, allow=options.allow, image_url=options.image_url)
        if form in SINGLE_FILES:
            write_single(labels, form, out, how, losses)
        else:
            write_archive(
                label_files(labels, form, how, losses),
                source.digests,
                source.file,
                form,
                out,
                with_images=options.images,
            )
    return Exported(source.count, source.answers, losses.all)


def _pools(connection: Connection, project: Project, wanted: Collection[int] | None) -> list[int]:
    known = [one.key for one in list_pools(connection, project.key)]
    if wanted is None:
        return known
    if strange := sorted(set(wanted) - set(known)):
        raise UsageError(f"The project '{project.name}' has no pool {strange[0]}.")
    return sorted(set(wanted))


class _Source:
    """The images of an export; `digests` are those of images that are to be put beside the labels next."""

    def __init__(
        self,
        connection: Connection,
        blobs: Blobs,
        form: LabelFormat,
        options: ExportOptions,
        on_progress: OnProgress | None,
    ) -> None:
        self._connection, self._blobs, self._form = connection, blobs, form
        self._options, self._on_progress = options, on_progress
        self.count = self.answers = 0
        self.digests: dict[str, bytes] = {}

    def images(self, pools: Sequence[int]) -> Iterator[LabelledImage]:
        """Yield labelled images, those of one record as one."""
        if not pools:
            return
        rows = exported_tasks(self._connection, pools)
        records = ([*tasks] for _, tasks in groupby(rows, key=lambda one: one.record))
        while part := list(islice(records, _AT_ONCE)):
            said: dict[int, list[SaidAnswer]] = {}
            if self._options.what == "answers":
                keys = [one.key for tasks in part for one in tasks if one.answers]
                for one in answers_said(self._connection, keys) if keys else []:
                    said.setdefault(one.task, []).append(one)
            for tasks in part:
                image = self._image(tasks, said)
                if image is not None:
                    yield image
            if self._on_progress is not None:
                self._on_progress("images", len(part), None)

    def file(self, name: str) -> bytes:
        """Return the image of a name that was given last."""
        return kept_file(self._blobs, self.digests[name], name)

    def _image(self, tasks: list[ExportedTask], said: dict[int, list[SaidAnswer]]) -> LabelledImage | None:
        answers: list[Answer] = []
        if self._options.golden:
            special = [one for one in tasks if one.kind != "real" and one.truth is not None]
            answers += [answer_of_payload(one.truth or {}, golden=True) for one in special[:1]]
        if self._options.what == "answers":
            answers += [_said(one) for task in tasks for one in said.get(task.key, [])]
        if not answers:
            answers += self._consensus(tasks)
        if not answers:
            return None
        task = tasks[0]
        name = self._name(task)
        if self._options.images or self._form is LabelFormat.FOLDERS:
            self.digests[name] = task.image
        width, height = self._size(task, answers)
        self.count += 1
        self.answers += len(answers)
        return LabelledImage(name, width, height, tuple(answers))

    def _consensus(self, tasks: list[ExportedTask]) -> list[Answer]:
        done = [one for one in tasks if one.kind == "real" and one.state == "done" and one.consensus]
        if not self._options.automatic:
            done = [one for one in done if not _is_automatic(one)]
        if not done:
            return []
        newest = max(done, key=lambda one: (one.finished.timestamp() if one.finished else 0.0, one.key))
        said = newest.consensus or {}
        if self._form is not LabelFormat.LABEL_STUDIO:  # the others have no place for the rest
            return [answer_of_payload(said)]
        if _is_automatic(newest):
            return [answer_of_payload(said, source="model", by="automatic", score=newest.confidence)]
        return [answer_of_payload(said, time=newest.finished)]

    def _name(self, task: ExportedTask) -> str:
        """Return the id of the record; in folders with an ending: tools cut that off to find labels."""
        if self._form in SINGLE_FILES or is_image(task.record):
            return task.record
        return task.record + kept_ending(self._blobs, task.image)

    def _size(self, task: ExportedTask, answers: Sequence[Answer]) -> tuple[int | None, int | None]:
        """Return the size as displayed; read from the file where it is not known and boxes need it."""
        if task.width is not None or not any(one.boxes for one in answers):
            return task.width, task.height
        return kept_size(self._blobs, task.image)


def _is_automatic(task: ExportedTask) -> bool:
    return task.source == "automatic" and task.answers == 0 and task.reviewed is None


def _said(one: SaidAnswer) -> Answer:
    return answer_of_payload(one.payload, by=one.by, time=one.received, seconds=one.seconds)
