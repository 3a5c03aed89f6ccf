"""Images that come along with labels: they become tasks, and are nobody's records."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import basename
from typing import Protocol

from driftwheel.errors import LabelFormatError, UnreadableImageError
from driftwheel.services.convert.label_images import LabelImages
from driftwheel.services.ingest.check_upload import check_upload
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.record_images import RecordImage

__all__ = ["Bringing", "BroughtImages", "ImageLimits"]


class ImageLimits(Protocol):
    """How large images may be; `driftwheel.settings.Settings` says it."""

    @property
    def max_image_bytes(self) -> int:
        """Largest image file."""

    @property
    def max_image_pixels(self) -> int:
        """Most pixels of an image."""


@dataclass(frozen=True, slots=True)
class Bringing:
    """Where images that come along are kept, and how large they may be."""

    blobs: Blobs
    limits: ImageLimits


class BroughtImages:
    """The images of an upload, by the names they have in it.

    They are called by their file names, as other tools do; where two of them have one file name, by their
    paths. They are read one at a time.

    Parameters
    ----------
    images
        Of a folder or archive.
    bringing
        Where they are kept.
    keeps
        Whether they are kept as they are looked at.
    """

    def __init__(self, images: LabelImages, bringing: Bringing, *, keeps: bool) -> None:
        self._images, self._bringing, self._keeps = images, bringing, keeps
        counts = Counter(basename(name) for name in images.names())
        plain = all(n == 1 for n in counts.values())
        self.names: dict[str, str] = {basename(name) if plain else name: name for name in images.names()}

    def parts(self, size: int) -> Iterator[Sequence[str]]:
        """Yield what the images are called, some at a time."""
        called = sorted(self.names)
        for begin in range(0, len(called), size):
            yield called[begin : begin + size]

    def look(self, called: str) -> RecordImage:
        """Return the digest and the size of an image, and keep it.

        Raises
        ------
        UnreadableImageError
            When it is none, or is too large.
        """
        data = self._read(called)
        limits = self._bringing.limits
        header = check_upload(data, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels)
        if self._keeps:
            self._bringing.blobs.put(data)
        return RecordImage(called, hashlib.sha256(data).digest(), header.width, header.height)

    def keep_again(self, images: Sequence[RecordImage]) -> None:
        """Keep images again that were deleted before a task named them, see `Blobs.delete`."""
        for one in images:
            if self._keeps and not self._bringing.blobs.exists(one.image):
                self._bringing.blobs.put(self._read(one.record))

    def _read(self, called: str) -> bytes:
        try:
            return self._images.read(self.names[called])
        except LabelFormatError:
            raise UnreadableImageError("too many bytes") from None
