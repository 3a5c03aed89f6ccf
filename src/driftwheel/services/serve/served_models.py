"""The champions at hand: opened once, swapped while they serve, the last ones kept for a rollback."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError, UnavailableError, UsageError
from driftwheel.learning.classifier import Classifier
from driftwheel.services.ingest.ingest_checks import check_text
from driftwheel.services.models.askers import open_version
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, ModelVersion, find_model, version_by_key
from driftwheel.store.release.aliases import find_alias

__all__ = ["Served", "ServedModels"]

_FRESH = timedelta(seconds=1)
_TRY_AGAIN = timedelta(seconds=10)
_MOST_OPEN = 4
_FIRST_SECONDS = 30.0  # that a request waits for the first champion of a model to be opened

_log = logging.getLogger(__name__)

Open = Callable[[bytes, tuple[str, ...]], Classifier]


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A champion that is ready to be asked."""

    model: Model
    version: ModelVersion
    classifier: Classifier


@dataclass(slots=True, eq=False)
class _Place:
    """What is known of one model's champion."""

    looked: datetime
    model: Model
    wanted: ModelVersion | None
    served: Served | None = None
    opening: Future[Served] | None = None
    failed: str | None = None
    failed_at: datetime | None = None


class ServedModels:
    """Champions by the names of their models; for all threads of a process.

    Who is the champion is looked up at most once a second for each model. When it is another, that one is
    opened beside the one that serves, which goes on until the new one is ready; if it cannot be opened, the
    old one stays, and the log says why. The last four are kept open: a rollback opens nothing.
    """

    def __init__(self, engine: Engine, blobs: Blobs, *, open_file: Open | None = None) -> None:
        self._engine = engine
        self._blobs = blobs
        self._open_file = open_file or _open_alone
        self._places: dict[str, _Place] = {}
        self._open: OrderedDict[tuple[bytes, tuple[str, ...]], Classifier] = OrderedDict()
        self._lock = threading.Lock()
        self._opener = ThreadPoolExecutor(1, thread_name_prefix="driftwheel-open-version")

    def champion(self, name: str, now: datetime) -> Served:
        """Return the champion of a model, ready to be asked; it waits for the first one to be opened.

        Raises
        ------
        UsageError
            When there is no such model, or it is no classifier.
        UnavailableError
            When it has no champion, or the champion's file cannot be run.
        """
        with self._lock:
            place = self._places.get(name)
            fresh = place is not None and timedelta() <= now - place.looked < _FRESH
        if place is None or not fresh:
            place = self._look(name, now)
        with self._lock:
            wanted, served = place.wanted, place.served
            if wanted is None or (wanted.artifact is None and served is None):
                raise UnavailableError(_no_champion(name, wanted))
            current = served is not None and _same(served, place)
            if not current and wanted.artifact is not None:
                self._begin(place, now)
                served = place.served
            if served is not None:
                return served
            opening, failed = place.opening, place.failed
        if opening is None:
            raise UnavailableError(f"The champion '{wanted.name}' of '{name}' cannot be run: {failed}")
        try:
            return opening.result(_FIRST_SECONDS)
        except TimeoutError:
            raise UnavailableError(
                f"The champion '{wanted.name}' of '{name}' is still being opened; try again."
            ) from None

    def serving(self) -> dict[str, str]:
        """Return the names of the versions that serve, by the names of their models."""
        with self._lock:
            return {
                name: place.served.version.name
                for name, place in self._places.items()
                if place.served is not None and place.wanted is not None
            }

    def close(self) -> None:
        """Open no more."""
        self._opener.shutdown(wait=False, cancel_futures=True)

    def _look(self, name: str, now: datetime) -> _Place:
        check_text("The model's name", name, 128)
        with reading(self._engine) as connection:
            model = find_model(connection, name)
            alias = find_alias(connection, model.key, "champion")
            wanted = None if alias is None else version_by_key(connection, alias.version)
        if model.task != "classification":
            raise UsageError(f"'{name}' is a model of {model.task}; only classification is served here.")
        with self._lock:
            place = self._places.get(name)
            if place is None or place.model.key != model.key:
                place = self._places[name] = _Place(now, model, wanted)
            place.looked, place.model = now, model
            if wanted is None or place.wanted is None or wanted.key != place.wanted.key:
                place.wanted, place.failed, place.failed_at = wanted, None, None
            if wanted is None or wanted.artifact is None:
                place.served = None  # nothing may answer in the name of a champion that has no file
            return place

    def _begin(self, place: _Place, now: datetime) -> None:
        """Let the wanted version be opened, unless it is being opened or has failed a moment ago."""
        wanted = place.wanted
        if wanted is None or wanted.artifact is None or place.opening is not None:
            return
        known = self._open.get((wanted.artifact, place.model.classes))
        if known is not None:
            self._open.move_to_end((wanted.artifact, place.model.classes))
            place.served = Served(place.model, wanted, known)
            done: Future[Served] = Future()
            done.set_result(place.served)
            return
        if place.failed_at is not None and timedelta() <= now - place.failed_at < _TRY_AGAIN:
            return
        place.opening = self._opener.submit(self._opened, place, wanted, now)

    def _opened(self, place: _Place, wanted: ModelVersion, now: datetime) -> Served:
        artifact, classes = wanted.artifact or b"", place.model.classes
        try:
            classifier = self._open_file(self._blobs.get(artifact), classes)
        except (DriftwheelError, OSError) as error:
            why = "its file is lost." if isinstance(error, FileNotFoundError) else str(error)
            _log.warning("The champion '%s' of '%s' cannot be served: %s", wanted.name, place.model.name, why)
            with self._lock:
                place.opening, place.failed, place.failed_at = None, why, now
            raise UnavailableError(
                f"The champion '{wanted.name}' of '{place.model.name}' cannot be run: {why}"
            ) from error
        with self._lock:
            self._open[artifact, classes] = classifier
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
            served = Served(place.model, wanted, classifier)
            place.opening, place.failed, place.failed_at = None, None, None
            if place.wanted is not None and place.wanted.key == wanted.key:
                place.served = served
        return served


def _open_alone(onnx: bytes, classes: tuple[str, ...]) -> Classifier:
    return open_version(onnx, classes, threads=1)  # several images at once, each on a processor of its own


def _same(served: Served, place: _Place) -> bool:
    wanted = place.wanted
    return (
        wanted is not None
        and served.version.key == wanted.key
        and served.model.classes == place.model.classes
    )


def _no_champion(name: str, wanted: ModelVersion | None) -> str:
    if wanted is None:
        return (
            f"The model '{name}' has no champion. Add a version with its ONNX file: driftwheel models "
            f"add-version {name} v1 --onnx model.onnx"
        )
    return (
        f"The champion '{wanted.name}' of '{name}' has no ONNX file, so it cannot be served. Add a version "
        "with its file and promote it."
    )
