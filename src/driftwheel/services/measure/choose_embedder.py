"""Choose a model's embedder: one that is built in, or a file of the server for those who may name one."""

from __future__ import annotations

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.learning.load_embedder import EMBEDDERS

__all__ = ["choose_embedder"]


def choose_embedder(wanted: str, *, paths: bool, now: str | None = None) -> str:
    """Return the embedder that is asked for, where the caller may ask for it.

    Parameters
    ----------
    wanted
        A name, or the path of a file; empty for ``auto``.
    paths
        Whether the caller may name files of the server: an admin may.
    now
        The model's present embedder, which may stay whatever it is.

    Raises
    ------
    UsageError
        When it is no built-in one and the caller may not name a file.

    Examples
    --------
    >>> choose_embedder("gist", paths=False)
    'gist'
    >>> choose_embedder("/etc/x.onnx", paths=False)
    Traceback (most recent call last):
    driftwheel.errors.UsageError: Only an admin may name a file of the server as the embedder. Choose one...
    """
    wanted = wanted.strip() or "auto"
    if paths or wanted in EMBEDDERS or wanted == now:
        return wanted
    if "/" in wanted or "\\" in wanted or wanted.lower().endswith(".onnx"):
        raise UsageError(
            "Only an admin may name a file of the server as the embedder. Choose one of "
            f"{', '.join(EMBEDDERS)}, or ask an admin."
        )
    raise UsageError(
        f"There is no embedder '{wanted[:40]}'.{did_you_mean(wanted, EMBEDDERS)} Known are: "
        f"{', '.join(EMBEDDERS)}."
    )
