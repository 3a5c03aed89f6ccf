"""A network in an ONNX file, opened by onnxruntime: one way and one set of errors for every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from driftwheel.errors import MissingExtraError, UsageError

__all__ = ["open_session"]


def open_session(model: Path | bytes, *, threads: int, shown: str) -> Any:
    """Return a session of onnxruntime that computes on the processor and gives the same each time.

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
        If it is not ONNX or damaged.
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
    try:
        source = str(model) if isinstance(model, Path) else model
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common root for its errors
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"{shown} cannot be opened: it is no ONNX model, or damaged ({reason}).") from error
