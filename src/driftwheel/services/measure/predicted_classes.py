"""The class that a classifier names for each of some stored images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftwheel.learning.classifier import Classifier
from driftwheel.records import Image
from driftwheel.services.measure.classify_images import classify_images
from driftwheel.store.files.blobs import Blobs

__all__ = ["predicted_classes"]


def predicted_classes(
    blobs: Blobs, images: Iterable[bytes], classifier: Classifier, *, threads: int | None = None
) -> dict[bytes, str]:
    """Return the class with the largest score of each image, by the SHA-256 of its file.

    Each image is looked at once. One that is lost among the blobs, or cannot be decoded, is left out.

    Raises
    ------
    DriftwheelError
        When the model gives no scores, or a process ends over an image.
    """

    def read() -> Iterator[Image]:
        for one in dict.fromkeys(images):
            try:
                yield Image(one.hex(), blobs.get(one))
            except FileNotFoundError:
                continue

    scores = classify_images(read(), classifier, threads=threads)
    return {bytes.fromhex(name): classifier.classes[int(row.argmax())] for name, row in scores.items()}
