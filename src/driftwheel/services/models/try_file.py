"""Try a file that came from outside in a process of its own: what it does ends with that."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TypeVar

from driftwheel.errors import DriftwheelError, MissingExtraError, UsageError
from driftwheel.services.models.own_process import in_own_process

__all__ = ["try_file"]

Result = TypeVar("Result")

_SECONDS = 60.0
_MOST_BYTES = 4 << 30


def try_file(work: Callable[[bytes], Result], content: bytes, *, shown: str) -> Result:
    """Return what `work` makes of the content of an ONNX file, done in a new process within bounds.

    It may take 60 seconds, and 4 GiB of memory where the system can see to that (Linux).

    Parameters
    ----------
    work
        A function that can be sent to another process.
    shown
        What messages call the file, at the beginning of a sentence.

    Raises
    ------
    UsageError
        That `work` raises, and for all else that goes wrong: any other error, no end, or a crash.
    MissingExtraError
        If onnxruntime is not installed.
    """
    if find_spec("onnxruntime") is None:
        raise MissingExtraError(shown, "embed")
    end = time.monotonic() + _SECONDS

    def look() -> None:
        if time.monotonic() > end:
            raise UsageError(
                f"{shown} cannot be used: it took longer than {_SECONDS:g} seconds to try it. Look for a "
                "loop in it that does not end, or export it for smaller images."
            )

    try:
        tried = partial(_tried, work, content, shown)
        return in_own_process(tried, what="tried the file", look=look, most_bytes=_MOST_BYTES)
    except UsageError:
        raise
    except DriftwheelError as error:
        raise UsageError(
            f"{shown} cannot be used: it needs too much memory, or ends the process that runs it. Export it "
            "for smaller images."
        ) from error


def _tried(work: Callable[[bytes], Result], content: bytes, shown: str) -> Result:
    """Work on content, with errors that can be sent back."""
    try:
        return work(content)
    except UsageError as error:
        raise UsageError(str(error)) from None
    except Exception as error:  # what is in a file is not ours: any of it may go wrong
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UsageError(
            f"{shown} cannot be used: it fails when it is tried ({reason}). Export it anew."
        ) from None
