"""Write a dataset version in the format of another tool, split by split, or as its manifest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from driftwheel.datasets.example import SPLITS, Example, Split
from driftwheel.datasets.example_json import label_to_json
from driftwheel.datasets.manifest import head_to_bytes
from driftwheel.errors import LabelFormatError
from driftwheel.formats.image_name import image_name
from driftwheel.formats.label_files import is_image
from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat
from driftwheel.formats.labelled_image import Answer, LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses, Lost
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.convert.write_formats import label_files, write_single
from driftwheel.services.datasets.read_version import examples_of, head_of
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
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.files.blobs import Blobs

__all__ = ["ExportedVersion", "VersionExport", "dataset_file_name", "export_manifest", "export_version"]

_PER_STEP = 256


@dataclass(frozen=True, slots=True)
class VersionExport:
    """What is written of a version, and how.

    Attributes
    ----------
    split
        Only the images of this; None: all, each below a folder that is called as its split.
    images
        Whether the images are put beside the labels, for formats that are folders.
    allow
        What may be lost.
    image_url
        What stands before an image's name in Label Studio files; None: as that reads local files.
    """

    split: Split | None = None
    images: bool = False
    allow: frozenset[Loss] = frozenset()
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class ExportedVersion:
    """What was written: images, and what was lost of their labels or is worth telling."""

    images: int
    lost: tuple[Lost, ...]


def dataset_file_name(model: str, version: DatasetVersion, form: LabelFormat | None) -> str:
    """Return a name for the file of an export; `form` None: of its manifest."""
    named = f"{plain_file_name(model, 'model')}-dataset-{version.number}"
    return f"{named}.jsonl" if form is None else f"{named}-{form.value}{SINGLE_FILES.get(form, '.zip')}"


def export_version(
    blobs: Blobs,
    version: DatasetVersion,
    form: LabelFormat,
    out: BinaryIO,
    options: VersionExport | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> ExportedVersion:
    """Write a version image by image; formats that are folders become one zip archive.

    Images are called by their names in the version, below a folder ``train``, ``validation`` or ``test``,
    with an ending that says what the file is; one that is there twice, or is no name of a file, gets its
    SHA-256. So `driftwheel dataset create --folder` reads it back with the same splits.

    Parameters
    ----------
    out
        A file that can be rewound.

    Raises
    ------
    UsageError
        When the version was removed or is damaged, or the format has no place for images that are asked for.
    LabelFormatError
        For the first loss that is not allowed, or an image that is gone; names the object.
    """
    options = options or VersionExport()
    if options.images:
        check_images_fit(form)
    losses = Losses(options.allow)
    source = _Source(blobs, version, form, options, on_progress)
    labels = LabelSet(version.classes, source.images())
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
    return ExportedVersion(source.count, losses.all)


def export_manifest(blobs: Blobs, version: DatasetVersion) -> Iterator[bytes]:
    """Yield a version as lines of JSON: its head, then each image with all that is known of its label.

    The SHA-256 of the first line with its end is the digest of the version; the head tells those of the parts
    that the other lines make up.

    Raises
    ------
    UsageError
        When the version was removed or is damaged.
    """
    head = head_of(blobs, version)
    yield head_to_bytes(head)
    for part in head.parts:
        yield blobs.get(part.digest)


class _Source:
    """The images of an export; `digests` are those that are to be put beside the labels next."""

    def __init__(
        self,
        blobs: Blobs,
        version: DatasetVersion,
        form: LabelFormat,
        options: VersionExport,
        on_progress: OnProgress | None,
    ) -> None:
        self._blobs, self._version, self._form = blobs, version, form
        self._options, self._on_progress = options, on_progress
        self._names: set[str] = set()
        self.count = 0
        self.digests: dict[str, bytes] = {}

    def images(self) -> Iterator[LabelledImage]:
        """Yield labelled images, split by split."""
        splits = SPLITS if self._options.split is None else (self._options.split,)
        for split in splits:
            for one in examples_of(self._blobs, self._version, split=split):
                name = self._name(one)
                if self._options.images or self._form is LabelFormat.FOLDERS:
                    self.digests[name] = one.image
                self.count += 1
                if self._on_progress is not None and self.count % _PER_STEP == 0:
                    self._on_progress("images", _PER_STEP, self._version.images)
                yield LabelledImage(name, *self._size(one), (self._answer(one),))

    def file(self, name: str) -> bytes:
        """Return the image of a name that was given last."""
        return kept_file(self._blobs, self.digests[name], name)

    def _name(self, one: Example) -> str:
        plain = one.image.hex()
        with suppress(LabelFormatError):
            plain = image_name(one.name, "")
        ending = "" if is_image(plain) else kept_ending(self._blobs, one.image)
        name = self._below(one, plain + ending)
        if name in self._names:
            name = self._below(one, one.image.hex() + (ending or kept_ending(self._blobs, one.image)))
        self._names.add(name)
        return name

    def _below(self, one: Example, name: str) -> str:
        return name if self._options.split is not None else f"{one.split}/{name}"

    def _size(self, one: Example) -> tuple[int | None, int | None]:
        """Return the size as displayed; read from the file where it is not known and boxes need it."""
        if one.width is not None or not one.label.boxes:
            return one.width, one.height
        return kept_size(self._blobs, one.image)

    def _answer(self, one: Example) -> Answer:
        payload = label_to_json(one.label)
        if self._form is not LabelFormat.LABEL_STUDIO:  # the others have no place for the rest
            return answer_of_payload(payload)
        by = ", ".join(one.origin.by)
        if one.origin.source == "automatic":
            return answer_of_payload(payload, source="model", by=by or "automatic")
        return answer_of_payload(payload, by=by, time=one.origin.time)
