"""Adapt a network's batch normalisations to images without labels: a stopgap until there are labels.

The means and variances that a normalisation keeps are those of the images it was trained on. Where a camera
changes, the channels of the network have others; putting those in restores a part of what was lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.formats.onnx_contents import onnx_contents
from driftwheel.learning.labelled_images import LabelledImages
from driftwheel.learning.onnx_classifier import OnnxClassifier, open_classifier
from driftwheel.learning.onnx_network import open_image_network
from driftwheel.learning.onnx_session import check_content

__all__ = ["LEAST_IMAGES", "AdaptedModel", "adapt_normalisations", "has_normalisations"]

LEAST_IMAGES = 32
"""Means of fewer say too little."""

_BATCH = 64
_WHAT = "Adapting normalisations"
_MEAN, _VARIANCE = "adapted_mean_", "adapted_variance_"


@dataclass(frozen=True, slots=True)
class AdaptedModel:
    """A model with other normalisations.

    Attributes
    ----------
    file
        The ONNX file; all but means and variances is as it was.
    normalisations
        How many it has.
    moved
        How far their means have moved, in their own standard deviations: the median over all channels.
    """

    file: bytes
    normalisations: int
    moved: float


def has_normalisations(file: bytes) -> bool:
    """Whether a file has batch normalisations as nodes of their own; many exporters fold them away."""
    held = onnx_contents(file)
    return held is not None and not held.external and "BatchNormalization" in held.operators


def adapt_normalisations(
    file: bytes, images: LabelledImages, *, prior: float = 0.0, threads: int = 1
) -> AdaptedModel:
    """Return a classifier whose normalisations are those of `images`, blended with its own.

    Layer after layer sees what the ones before give once they are adapted; all of it in one pass.

    Parameters
    ----------
    file
        The ONNX file of a classifier, trained anywhere.
    images
        Recent ones, at least 32; their labels are not looked at.
    prior
        How many images the old statistics count as, at least 0: of n images the new ones count
        n / (n + prior), with n those of one batch (64). By default the new ones alone count, which repairs
        most of what a camera did, and suits images of other cameras no longer.

    Raises
    ------
    UsageError
        When it has no batch normalisations, is no classifier, or there are too few images.
    MissingExtraError
        If onnx or onnxruntime is not installed.

    Notes
    -----
    The images should hold the classes in about their usual mix: a batch of one class shifts the means as a
    fault would.

    Source: Schneider, Rusak, Eck, Bringmann, Brendel and Bethge, "Improving robustness against common
    corruptions by covariate shift adaptation", NeurIPS 2020.
    """
    if len(images) < LEAST_IMAGES:
        raise UsageError(f"There are {len(images)} images; adapting needs at least {LEAST_IMAGES}.")
    check_content(file, shown="This model")
    onnx = _onnx()
    model = onnx.load_model_from_string(file)
    held = {one.name: one for one in model.graph.initializer}
    nodes = _normalisations(model, held)
    if not nodes:
        raise UsageError(
            "This model has no batch normalisations to adapt: it has none, or its export folded them into "
            "its convolutions. Export it with training=torch.onnx.TrainingMode.PRESERVE, or retrain it."
        )
    classifier = open_classifier(file, threads=threads)
    size = min(_BATCH, len(images))
    fixed = classifier.network.image_input.batch
    size = size if fixed is None else fixed
    if size < 8:
        raise UsageError(
            f"This model takes {size} images at once, too few to take means of. Export it for any number."
        )
    probing = _probing(onnx, model, held, size / (size + prior))
    network = open_image_network(probing, threads=threads, shown="This model")
    found: list[dict[str, NDArray[Any]]] = [
        network.try_out(batch) for batch in _batches(images, classifier, size)
    ]
    moved = []
    for number, node in enumerate(nodes):
        mean, variance = (
            np.mean([one[f"{kind}{number}"] for one in found], axis=0, dtype=np.float64)
            for kind in (_MEAN, _VARIANCE)
        )
        old = [np.asarray(onnx.numpy_helper.to_array(held[node.input[part]]), np.float64) for part in (3, 4)]
        moved.append(np.abs(mean - old[0]) / np.sqrt(old[1] + 1e-12))
        for part, numbers in ((3, mean), (4, np.maximum(variance, 0.0))):
            kept = held[node.input[part]]
            dtype = onnx.helper.tensor_dtype_to_np_dtype(kept.data_type)
            kept.CopyFrom(onnx.numpy_helper.from_array(numbers.astype(dtype), kept.name))
    done = bytes(model.SerializeToString(deterministic=True))
    return AdaptedModel(done, len(nodes), float(np.median(np.concatenate(moved))))


def _normalisations(model: Any, held: dict[str, Any]) -> list[Any]:
    return [
        node
        for node in model.graph.node
        if node.op_type == "BatchNormalization" and all(name in held for name in node.input[1:5])
    ]


def _probing(onnx: Any, model: Any, held: dict[str, Any], share: float) -> bytes:
    """Return the model with each normalisation blended with its batch's statistics, which are outputs too."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    inferred = onnx.shape_inference.infer_shapes(model)
    ranks = {
        one.name: len(one.type.tensor_type.shape.dim)
        for one in inferred.graph.value_info
        if one.type.tensor_type.HasField("shape")
    }
    opset = next((one.version for one in model.opset_import if one.domain in {"", "ai.onnx"}), 0)
    numbers = {node.output[0]: number for number, node in enumerate(_normalisations(changed, held))}
    nodes = []
    for node in changed.graph.node:
        number = numbers.get(node.output[0]) if node.output else None
        if number is not None:
            entering = node.input[0]
            kept = [held[node.input[place]] for place in (3, 4)]
            axes = [0, *range(2, ranks.get(entering, 4))]
            nodes += _statistics(onnx, changed, number, entering, kept, axes, share, opset)
            node.input[3], node.input[4] = f"{_MEAN}{number}", f"{_VARIANCE}{number}"
            changed.graph.output.extend(
                onnx.helper.make_tensor_value_info(f"{kind}{number}", one.data_type, None)
                for kind, one in zip((_MEAN, _VARIANCE), kept, strict=True)
            )
        nodes.append(node)
    copied = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del changed.graph.node[:]
    changed.graph.node.extend(copied)
    return bytes(changed.SerializeToString())


def _statistics(  # noqa: PLR0917
    onnx: Any,
    model: Any,
    number: int,
    entering: str,
    kept: list[Any],
    axes: list[int],
    share: float,
    opset: int,
) -> list[Any]:
    """Return nodes that blend the mean and variance of what enters with those that were kept."""
    make = onnx.helper.make_node
    name = f"adapting_{number}_"
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kept[0].data_type)
    for what, value in (("new", share), ("old", 1 - share)):
        constant = onnx.numpy_helper.from_array(np.array(value, dtype=dtype), f"{name}{what}")
        model.graph.initializer.append(constant)
    along: dict[str, Any] = {"axes": axes}
    more: list[str] = []
    if opset >= 18:
        along, more = {}, [f"{name}axes"]
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(axes, np.int64), more[0]))
    mean, square, power, mean_square, variance = (
        f"{name}{what}" for what in ("mean", "square", "power", "mean_square", "variance")
    )
    nodes = [
        make("ReduceMean", [entering, *more], [mean], keepdims=0, **along),
        make("Mul", [entering, entering], [square]),
        make("ReduceMean", [square, *more], [power], keepdims=0, **along),
        make("Mul", [mean, mean], [mean_square]),
        make("Sub", [power, mean_square], [variance]),
    ]
    for found, one, kind in ((mean, kept[0], _MEAN), (variance, kept[1], _VARIANCE)):
        parts = [f"{name}{kind}{what}" for what in ("new", "old")]
        nodes += [
            make("Mul", [found, f"{name}new"], [parts[0]]),
            make("Mul", [one.name, f"{name}old"], [parts[1]]),
            make("Add", parts, [f"{kind}{number}"]),
        ]
    return nodes


def _batches(images: LabelledImages, classifier: OnnxClassifier, size: int) -> Iterator[NDArray[np.uint8]]:
    order = np.random.default_rng(0).permutation(len(images))
    for start in range(0, max(1, len(images) // size) * size, size):
        rows = order[np.arange(start, start + size) % len(images)]
        yield np.stack([classifier.prepare(images.image(int(row))) for row in rows])


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise MissingExtraError(_WHAT, "train") from None
    return onnx
