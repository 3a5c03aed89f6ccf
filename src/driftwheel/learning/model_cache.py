"""A folder for models that are made once on a machine, safe when several processes do it at the same time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["cache_folder", "cached_model"]

_DIGITS = 16  # of the content's SHA-256, in the file's name


def cache_folder() -> Path:
    """Return the folder for files that can be made again; it need not exist.

    The environment's ``DRIFTWHEEL_CACHE``, else ``driftwheel`` in the system's place for such files:
    ``$XDG_CACHE_HOME`` or ``~/.cache``, ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows.
    """
    if own := os.environ.get("DRIFTWHEEL_CACHE"):
        return Path(own).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "driftwheel"
    standard = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return Path(standard or Path.home() / ".cache") / "driftwheel"


def cached_model(name: str, make: Callable[[], bytes]) -> bytes:
    """Return a model from the cache folder, made by `make` and kept there if it is not in it or is damaged.

    The file is called ``<name>-<first 16 digits of its SHA-256>.onnx`` and is put in place in one step, so
    that a reader sees all of it or nothing; whoever finds that name and content do not agree makes it anew.
    A folder that cannot be written, or read, does no harm: the model is then made each time.

    Parameters
    ----------
    name
        Of the model, with the version of what makes it.
    make
        Makes the same bytes each time, as far as the result of the model is concerned.
    """
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: no home folder
        for path in sorted(cache_folder().glob(f"{name}-{'?' * _DIGITS}.onnx")):
            content = path.read_bytes()
            if path.name == _file_name(name, content):
                return content
            path.unlink(missing_ok=True)
    content = make()
    with contextlib.suppress(OSError, RuntimeError):
        _put_in_place(cache_folder() / _file_name(name, content), content)
    return content


def _file_name(name: str, content: bytes) -> str:
    return f"{name}-{hashlib.sha256(content).hexdigest()[:_DIGITS]}.onnx"


def _put_in_place(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
