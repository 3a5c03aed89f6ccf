"""Open the monitored model that a person names, with the names of its classes."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

from driftwheel.errors import UsageError
from driftwheel.learning.class_names import read_class_names
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.processors import processors

__all__ = ["ClassNames", "Model", "load_classifier"]

Model = str | PathLike[str] | bytes | Classifier
"""Path of an ONNX file, its content, or a `Classifier`, which need not be a network."""

ClassNames = str | PathLike[str] | Sequence[str]
"""Names in the order of the model's outputs, or the path of a text file with one a line."""


def load_classifier(
    model: Model | None, classes: ClassNames | None = None, *, threads: int | None = None
) -> Classifier | None:
    """Return the monitored model, ready to be asked; None for None.

    Parameters
    ----------
    threads
        That a network may compute with; by default as many as there are processors for this process.

    Raises
    ------
    UsageError
        When the model or its names cannot be used, or names come without a model.
    MissingExtraError
        If onnxruntime is not installed.

    Examples
    --------
    >>> load_classifier(None, ["cat", "dog"])
    Traceback (most recent call last):
    driftwheel.errors.UsageError: Names of classes were given without a model; give the model's ONNX file too.
    """
    if model is None:
        if classes is not None:
            raise UsageError("Names of classes were given without a model; give the model's ONNX file too.")
        return None
    if isinstance(model, Classifier):
        if classes is not None:
            raise UsageError("This model names its classes itself; leave `classes` away.")
        return model
    names = read_class_names(Path(fspath(classes))) if isinstance(classes, str | PathLike) else classes
    from driftwheel.learning.onnx_classifier import open_classifier

    source = model if isinstance(model, bytes) else Path(fspath(model))
    return open_classifier(source, threads=threads or processors(), classes=names)
