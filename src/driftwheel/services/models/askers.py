"""Models at hand to be asked: the ONNX files of versions, opened once, and what they said lately."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import BlobsUnreachableError, DriftwheelError, UsageError
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.onnx_classifier import open_classifier
from driftwheel.learning.onnx_session import StoppedError
from driftwheel.learning.processors import processors
from driftwheel.records import Image
from driftwheel.services.measure.asked_answers import AskedAnswers
from driftwheel.services.measure.classify_images import classify_images
from driftwheel.services.models.try_file import try_file
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.version_images import VersionImage

__all__ = ["Askers", "open_version"]

_MOST_OPEN = 4
_MOST_BYTES = 1 << 26  # of scores that are remembered, of all models together
_OVERHEAD = 300  # bytes that Python takes for remembering one answer

_tried: set[bytes] = set()  # digests of files that have been tried here, and run

_log = logging.getLogger("driftwheel.worker")


def open_version(onnx: bytes, classes: Sequence[str], *, threads: int | None = None) -> Classifier:
    """Return the classifier in a version's ONNX file.

    Its classes are called as the file says, else as the model's are, where it has as many, in their order;
    else they are numbers.

    It is tried first in a process of its own, see `try_file`: a file that takes all memory, or that does not
    end, does not take the worker with it.

    Parameters
    ----------
    threads
        That it may compute with; by default as many as there are processors.

    Raises
    ------
    UsageError
        When the file does not run, or is no classifier of images.
    MissingExtraError
        If onnxruntime is not installed.
    """
    threads = threads or processors()
    digest = hashlib.sha256(onnx).digest()
    if digest not in _tried:
        try_file(_try, onnx, shown="The model's file")
        _tried.add(digest)
    try:
        found = open_classifier(onnx, threads=threads)
        numbered = found.classes == tuple(str(number) for number in range(len(found.classes)))
        if numbered and len(classes) == len(found.classes):
            found = open_classifier(onnx, threads=threads, classes=classes)
    except DriftwheelError:
        raise
    except Exception as error:  # what is in a file is not ours: any of it may go wrong
        raise UsageError(f"The model's file cannot be run ({type(error).__name__}: {error}).") from error
    return found


def _try(onnx: bytes) -> None:
    open_classifier(onnx, threads=1)


class Askers:
    """Classifiers of versions, and their answers to images that came lately; threads share it."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._open: OrderedDict[bytes, Classifier | None] = OrderedDict()
        self._said: OrderedDict[tuple[bytes, bytes], NDArray[np.float32]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def ask(
        self, version: AskedAnswers, wanted: Sequence[VersionImage], *, threads: int | None = None
    ) -> NDArray[np.float32]:
        """Return (n, k) scores of the version that a reference was asked by; NaN where there are none.

        There are none of an image that is not kept any more, and of all where the file does not run here, of
        which the log tells once.

        Raises
        ------
        OSError
            When the blobs cannot be read now.
        """
        with self._lock:
            missing = {one.image for one in wanted if (version.artifact, one.image) not in self._said}
            classifier = self._classifier(version) if missing else None
            if classifier is not None:
                self._remember(version, self._asked(version, classifier, missing, threads))
            scores = np.full((len(wanted), len(version.classes)), np.nan, np.float32)
            for row, one in enumerate(wanted):
                said = self._said.get((version.artifact, one.image))
                if said is not None:
                    scores[row] = said
            self._forget()
            return scores

    def _asked(
        self, version: AskedAnswers, classifier: Classifier, missing: set[bytes], threads: int | None
    ) -> dict[str, NDArray[np.float32]]:
        try:
            return classify_images(self._images(missing), classifier, threads=threads)
        except BlobsUnreachableError:
            raise
        except DriftwheelError as error:
            _log.warning("Version '%s' could not be asked: %s", version.version, error)
            if isinstance(error, StoppedError):  # once is enough
                self._open[version.artifact] = None
            return {}

    def _images(self, digests: set[bytes]) -> Iterator[Image]:
        for digest in sorted(digests):
            try:
                yield Image(digest.hex(), self._blobs.get(digest))
            except FileNotFoundError:
                continue

    def _classifier(self, version: AskedAnswers) -> Classifier | None:
        key = version.artifact
        if key not in self._open:
            found: Classifier | None = None
            try:
                found = open_version(self._blobs.get(key), version.classes)
                if found.classes != version.classes:
                    found = None
            except (DriftwheelError, FileNotFoundError) as error:
                _log.warning("The file of version '%s' cannot be asked: %s", version.version, error)
            self._open[key] = found
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
        return self._open[key]

    def _remember(self, version: AskedAnswers, said: dict[str, NDArray[np.float32]]) -> None:
        for digest, scores in said.items():
            self._said[version.artifact, bytes.fromhex(digest)] = scores
            self._bytes += scores.nbytes + _OVERHEAD

    def _forget(self) -> None:
        while self._bytes > _MOST_BYTES:  # those that were asked first go first
            _, scores = self._said.popitem(last=False)
            self._bytes -= scores.nbytes + _OVERHEAD
