"""A network in an ONNX file, opened by onnxruntime: one way and one set of errors for every kind."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.formats.onnx_contents import onnx_contents

__all__ = ["StoppedError", "check_content", "open_session", "run_session"]

_SECONDS = 300.0  # that a network may take for one batch of images: some 16 of 224 px take 0.1


class StoppedError(UsageError):
    """A network took too long for a batch of images, and was stopped."""


def open_session(model: Path | bytes, *, threads: int, shown: str) -> Any:
    """Return a session of onnxruntime that computes on the processor and gives the same each time.

    A file may keep its weights in others beside it. Content has nothing beside it: it comes from somewhere
    else, and what it names is never read.

    Parameters
    ----------
    model
        Path of the file, or its content.
    threads
        That it may compute with, at least 1.
    shown
        What messages call it, at the beginning of a sentence.

    Raises
    ------
    UsageError
        If it is not ONNX or damaged, or content whose weights lie in other files.
    MissingExtraError
        If onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError(shown, "embed") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are for decoders
    options.log_severity_level = 4  # what is wrong with a model reaches the user as an error, once
    with ExitStack() as stack:
        if isinstance(model, bytes):
            check_content(model, shown=shown)
            options.add_session_config_entry("session.load_model_format", "ONNX")
            options.add_session_config_entry(
                "session.model_external_initializers_file_folder_path",
                stack.enter_context(TemporaryDirectory(prefix="driftwheel-")),  # empty, and gone afterwards
            )
        try:
            source = str(model) if isinstance(model, Path) else model
            return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common root for its errors
            reason = str(error).strip().splitlines()[0]
            raise UsageError(
                f"{shown} cannot be opened: it is no ONNX model, or damaged ({reason})."
            ) from error


def check_content(data: bytes, *, shown: str) -> None:
    """Raise `UsageError` for the content of a file that is no ONNX model, or names other files to be read."""
    found = onnx_contents(data)
    if found is None:
        raise UsageError(f"{shown} cannot be opened: it is no ONNX model, or damaged.")
    if found.external:
        raise UsageError(
            f"{shown} cannot be opened: its weights lie in another file, which did not come with it. Save it "
            "as one file: onnx.save(onnx.load('model.onnx'), 'one.onnx')"
        )


def run_session(session: Any, outputs: Sequence[str], inputs: Mapping[str, NDArray[Any]]) -> list[Any]:
    """Return outputs of a session's network; it is stopped, between two of its nodes, when it takes too long.

    Raises
    ------
    StoppedError
        After 300 seconds: a file may hold a loop that does not end.
    """
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        options.terminate = True

    timer = threading.Timer(_SECONDS, stop)
    timer.daemon = True
    timer.start()
    try:
        found: list[Any] = session.run(list(outputs), dict(inputs), options)
    except Exception as error:  # onnxruntime has no common root for its errors
        if stopped.is_set():
            raise StoppedError(
                f"The network did not end within {_SECONDS:g} seconds, and was stopped. Look for a loop in "
                "it, or export it for smaller images."
            ) from error
        raise
    finally:
        timer.cancel()
    return found
