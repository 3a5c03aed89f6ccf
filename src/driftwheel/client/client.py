"""The client: logs images and predictions to a Driftwheel server without ever holding up its caller."""

from __future__ import annotations

import os
import ssl
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from driftwheel.client.at_exit import at_exit, not_at_exit
from driftwheel.client.courier import check_url
from driftwheel.client.entries import (
    Entry,
    LoggedFeedback,
    LoggedProfile,
    LoggedRecord,
    LoggedTruth,
    event_time,
)
from driftwheel.client.held_image import hold_image
from driftwheel.client.held_prediction import Names, hold_prediction
from driftwheel.client.stats import Stats
from driftwheel.client.uuid7 import new_id
from driftwheel.client.worker import Options, Worker
from driftwheel.errors import UsageError
from driftwheel.profiles import Profile, ProfileSet

__all__ = ["Client"]

_CLIENTS: weakref.WeakSet[Client] = weakref.WeakSet()


class Client:
    """Logs to one model of one server.

    Nothing that is logged holds up the caller or raises in it: images are copied in memory, and encoded and
    sent by two background threads. What cannot be sent waits in memory, then in the spool on disk, until the
    server takes it, in this process or the next; what there is no room for is dropped and counted. After a
    fork the child has a client of its own, with the same spool; what the parent logged, the parent sends.

    Parameters
    ----------
    url
        Of the server, such as ``https://driftwheel.example:8080``; a path is kept.
    token
        An API token with the role `ingest`.
    model
        The name the model is registered under.
    model_version
        Of the model that predicts, for all that is logged.
    spool
        A folder on a local disk, made when it is first needed; processes may share it. None for no spool.
    spool_bytes
        The most that the spool of one model may take on disk.
    memory_bytes
        The most that images and other data may take in memory, at least about.
    jpeg_quality
        1…100, for images that are not files yet; None stores them as PNG, without loss.
    classes
        The names of the classes by number, for predictions that carry none.
    send_images
        False for privacy: images stay, their size and all else is sent.
    timeout
        Seconds to wait for the server to connect, or to answer.
    ssl_context
        For https with certificates of your own.

    Raises
    ------
    UsageError
        For parameters that cannot be used. Later, nothing raises.

    Examples
    --------
    >>> with Client("http://localhost:8080", "dw_secret", "cats", spool=None) as client:
    ...     client.stats.logged
    0
    """

    def __init__(
        self,
        url: str,
        token: str,
        model: str,
        model_version: str = "",
        *,
        spool: str | os.PathLike[str] | None = "driftwheel-spool",
        spool_bytes: int = 1 << 30,
        memory_bytes: int = 128 << 20,
        jpeg_quality: int | None = 95,
        classes: Names | None = None,
        send_images: bool = True,
        timeout: float = 30.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        if not model:
            raise UsageError("The model's name is empty; give the one it is registered under.")
        if not token.isascii() or not token.isprintable():
            raise UsageError("The token holds characters that no token has; copy it again.")
        if jpeg_quality is not None and not 1 <= jpeg_quality <= 100:
            raise UsageError(f"The JPEG quality is {jpeg_quality}; give 1 to 100, or None for PNG.")
        if memory_bytes <= 0 or spool_bytes <= 0 or timeout <= 0:
            raise UsageError("memory_bytes, spool_bytes and timeout must be above 0.")
        self._options = Options(
            check_url(url),
            token,
            model,
            model_version,
            None if spool is None else Path(os.fspath(spool)).absolute(),
            spool_bytes,
            memory_bytes,
            jpeg_quality,
            classes,
            send_images,
            timeout,
            ssl_context,
        )
        self._closed = False
        self._worker = Worker(self._options)
        _CLIENTS.add(self)
        self._start()

    def log(
        self,
        image: object,
        prediction: object = None,
        *,
        id: str | None = None,  # noqa: A002, the word of the records
        tags: Mapping[str, str] | None = None,
        time: datetime | float | None = None,
        latency: float | None = None,
        error: str | None = None,
        copy: bool = True,
    ) -> str:
        """Log one image and what the model said of it; return the record's id at once. Never raises.

        Parameters
        ----------
        image
            What `driftwheel.client.held_image.hold_image` takes: an RGB array, a Pillow image, a path, the
            bytes of a file; or None to log the prediction alone.
        prediction
            What `driftwheel.client.held_prediction.hold_prediction` takes; None where the model gave none.
        id
            1…128 characters, unique in the model; else a UUIDv7.
        tags
            For example ``{"camera": "2"}``.
        time
            When the image was taken, as a datetime (without time zone: UTC) or seconds since 1970; else now.
        latency
            Of the inference, in seconds.
        error
            Why the model gave no prediction.
        copy
            False saves the copy of an array or a Pillow image that nobody will change any more.
        """
        record = new_id() if id is None else str(id)
        try:
            entry = LoggedRecord(
                record,
                event_time(time, datetime.now(UTC)),
                None if image is None else hold_image(image, copy=copy),
                None if prediction is None else hold_prediction(prediction),
                dict(tags) if tags else {},
                latency,
                error,
            )
        except Exception as problem:
            self._unusable(problem)
        else:
            self._take(entry)
        return record

    def log_profile(self, profile: ProfileSet | Profile | bytes | str | os.PathLike[str]) -> None:
        """Log a profile made at the edge, or its file. Never raises.

        Parameters
        ----------
        profile
            Made beside the model's reference, as ``driftwheel profile --reference`` does. A path is read
            later: the file must stay.
        """
        try:
            known = isinstance(profile, ProfileSet | Profile | bytes)
            entry = LoggedProfile(profile if known else Path(os.fspath(profile)))  # type: ignore[arg-type]
        except Exception as problem:
            self._unusable(problem)
        else:
            self._take(entry)

    def truth(self, id: str, truth: object) -> None:  # noqa: A002
        """Tell what an image really shows, any time later, by the id of its record. Never raises.

        Parameters
        ----------
        id
            What `log` returned.
        truth
            As a prediction; scores are left out.
        """
        try:
            entry = LoggedTruth(str(id), hold_prediction(truth))
        except Exception as problem:
            self._unusable(problem)
        else:
            self._take(entry)

    def feedback(self, id: str, wrong: bool, truth: object = None, note: str = "") -> None:  # noqa: A002
        """Tell what a user said of a prediction: whether it was wrong, and what is right. Never raises.

        Parameters
        ----------
        id
            What `log` returned.
        wrong
            Whether the prediction was wrong.
        truth
            The right answer, where it is known; as a prediction.
        note
            Free text.
        """
        try:
            right = None if truth is None else hold_prediction(truth)
            entry = LoggedFeedback(str(id), bool(wrong), right, str(note))
        except Exception as problem:
            self._unusable(problem)
        else:
            self._take(entry)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was logged, and all in the spool, is settled; return whether it is.

        This is the one method that waits, for `timeout` seconds at most.
        """
        return self._worker.flush(timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Send what is in memory, for `timeout` seconds at most, put the rest into the spool, and end.

        It is called when the process ends, but not when it is killed: what is then still in memory is lost.
        What is logged afterwards is dropped.
        """
        if self._closed:
            return
        self._closed = True
        not_at_exit(self.close)
        self._worker.close(timeout)

    @property
    def stats(self) -> Stats:
        """What became of all that was logged, in numbers."""
        return self._worker.stats()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, entry: Entry) -> None:
        try:
            self._start()
            self._worker.take(entry)
        except Exception as problem:  # no thread can be started, for example at the end of the interpreter
            self._unusable(problem)

    def _start(self) -> None:
        if not self._closed and self._worker.start():
            at_exit(self, self.close)

    def _unusable(self, problem: Exception) -> None:
        tally = self._worker.tally
        tally.logged()
        tally.left_memory(rejected=1)
        tally.warn_once(f"unusable {type(problem).__name__}", f"It cannot be logged: {problem}")

    def _after_fork(self) -> None:
        self._worker.abandon()
        self._worker = Worker(self._options)
        if self._closed:
            self._worker.close(0.0)


def _after_fork_in_child() -> None:
    for client in list(_CLIENTS):
        client._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
