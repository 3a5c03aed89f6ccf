"""A classifier's network in torch: built from its shape, filled with weights, and read out again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, Weights
from driftwheel.learning.networks.classifier_shape import ClassifierShape, Convolution

__all__ = [
    "build_torch",
    "fresh_weights",
    "import_torch",
    "own_torch",
    "torch_features",
    "torch_logits",
    "torch_weights",
]

_PARTS = {"scale": "weight", "shift": "bias", "mean": "running_mean", "variance": "running_var"}
_AT_ONCE = 32


def import_torch() -> Any:
    """Return torch; raise `MissingExtraError` where the extra ``train`` is not installed."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError("Training a network", "train") from None
    return torch


def build_torch(network: ClassifierNetwork, *, dropout: float = 0.0) -> Any:
    """Return a `torch.nn.Module`: (n, side, side, 3) uint8 RGB → (n, classes) logits, with these weights.

    Its ``blocks`` are a `ModuleList` in the order of the shape's, its ``head`` is a `Linear`; its method
    ``features`` gives what the head gets, (n, features). Logits are not divided by the temperature.

    Parameters
    ----------
    dropout
        Share of the features that the head does not see, while it trains.
    """
    torch = import_torch()
    nn, functional = torch.nn, torch.nn.functional
    shape = network.shape
    activations = {"none": nn.Identity, "relu": nn.ReLU, "relu6": nn.ReLU6}

    class Step(nn.Module):  # type: ignore[name-defined, misc]
        """A convolution, its normalisation and its activation."""

        def __init__(self, one: Convolution) -> None:
            super().__init__()
            before, after = one.pads
            self.pads = (before, after, before, after) if before != after else ()
            self.convolution = nn.Conv2d(
                one.entering,
                one.leaving,
                one.kernel,
                one.stride,
                padding=0 if self.pads else before,
                groups=one.leaving if one.depthwise else 1,
                bias=False,
            )
            self.norm = nn.BatchNorm2d(one.leaving, eps=shape.epsilon, momentum=0.1)
            self.activation = activations[one.activation]()

        def forward(self, x: Any) -> Any:
            if self.pads:
                x = functional.pad(x, self.pads)
            return self.activation(self.norm(self.convolution(x)))

    class Stage(nn.Module):  # type: ignore[name-defined, misc]
        """A block."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.steps = nn.Sequential(*(Step(one) for one in shape.blocks[number].convolutions))
            self.skips = shape.blocks[number].skips

        def forward(self, x: Any) -> Any:
            return self.steps(x) + x if self.skips else self.steps(x)

    class Network(nn.Module):  # type: ignore[name-defined, misc]
        """All of it."""

        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(Stage(number) for number in range(len(shape.blocks)))
            self.dropout = nn.Dropout(dropout)
            self.head = nn.Linear(shape.features, len(shape.classes))

        def features(self, images: Any) -> Any:
            x = (images.permute(0, 3, 1, 2).float() - 127) * (1 / 128)
            for block in self.blocks:
                x = block(x)
            return x.mean(dim=(2, 3))

        def forward(self, images: Any) -> Any:
            return self.head(self.dropout(self.features(images)))

    module = Network().to(memory_format=torch.channels_last)
    with torch.no_grad():
        for name, tensor in _tensors(module, shape):
            tensor.copy_(torch.from_numpy(np.array(network.weights[name])))
    return module


def torch_weights(module: Any, shape: ClassifierShape) -> dict[str, NDArray[np.float32]]:
    """Return the weights of a module that `build_torch` made, as they are kept in files."""
    return {name: tensor.detach().numpy().copy(order="C") for name, tensor in _tensors(module, shape)}


def fresh_weights(shape: ClassifierShape, seed: int) -> Weights:
    """Return first weights for a network to be trained from scratch: He's for what a ReLU follows.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.
    """
    rng = np.random.default_rng([seed, 11])
    found: dict[str, NDArray[np.float32]] = {}
    for one in shape.convolutions:
        size = (one.leaving, 1 if one.depthwise else one.entering, one.kernel, one.kernel)
        spread = np.sqrt(2 / (size[1] * one.kernel**2))
        found[f"{one.name}.weight"] = (rng.standard_normal(size) * spread).astype(np.float32)
        for part, value in (("scale", 1), ("shift", 0), ("mean", 0), ("variance", 1)):
            found[f"{one.name}.{part}"] = np.full(one.leaving, value, np.float32)
    found["head.weight"] = np.zeros((len(shape.classes), shape.features), np.float32)
    found["head.bias"] = np.zeros(len(shape.classes), np.float32)
    return found


def torch_features(module: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what the head gets, (n, features) of (n, side, side, 3) uint8 RGB, in use and not learning."""
    return _answers(module, module.features, pictures, module.head.in_features)


def torch_logits(module: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the (n, classes) logits of (n, side, side, 3) uint8 RGB, as in use and not learning."""
    return _answers(module, module, pictures, module.head.out_features)


def _answers(module: Any, asked: Any, pictures: NDArray[np.uint8], width: int) -> NDArray[np.float32]:
    torch = import_torch()
    module.eval()
    rows = []
    with torch.no_grad():
        for start in range(0, len(pictures), _AT_ONCE):
            part = np.ascontiguousarray(pictures[start : start + _AT_ONCE])
            rows.append(asked(torch.from_numpy(part)).numpy())
    return np.concatenate(rows) if rows else np.empty((0, width), np.float32)


@contextmanager
def own_torch(threads: int) -> Iterator[Any]:
    """Give torch for a while with so many threads; threads and chance are as before afterwards."""
    torch = import_torch()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[]):
            yield torch
    finally:
        torch.set_num_threads(before)


def _tensors(module: Any, shape: ClassifierShape) -> Iterator[tuple[str, Any]]:
    steps = (step for block in module.blocks for step in block.steps)
    for one, step in zip(shape.convolutions, steps, strict=True):
        yield f"{one.name}.weight", step.convolution.weight
        for part, theirs in _PARTS.items():
            yield f"{one.name}.{part}", getattr(step.norm, theirs)
    yield "head.weight", module.head.weight
    yield "head.bias", module.head.bias
