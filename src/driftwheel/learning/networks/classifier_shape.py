"""The shape of a classifier's network: convolutions in blocks, means over the picture, a linear head."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from driftwheel.errors import UsageError

__all__ = [
    "Activation",
    "Block",
    "ClassifierShape",
    "Convolution",
    "shape_from_json",
    "shape_to_json",
    "small_shape",
]

Activation = Literal["none", "relu", "relu6"]

_VERSION = 1
_LEAST_SIDE, _MOST_SIDE, _MOST_CHANNELS = 16, 1024, 4096


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution without bias, a normalisation of its channels, and an activation.

    Attributes
    ----------
    name
        Of its weights: ``<name>.weight`` (out, in, kernel, kernel), and of its normalisation
        ``<name>.scale``, ``.shift``, ``.mean`` and ``.variance`` (out,).
    entering, leaving
        Channels.
    kernel, stride
        In pixels; edges are padded by (kernel − stride) // 2 before, and as much after that the size is
        divided by the stride exactly.
    depthwise
        Each channel by itself.
    """

    name: str
    entering: int
    leaving: int
    kernel: int
    stride: int = 1
    depthwise: bool = False
    activation: Activation = "relu"

    @property
    def pads(self) -> tuple[int, int]:
        """Pixels before and after, in both directions."""
        before = (self.kernel - self.stride) // 2
        return before, self.kernel - self.stride - before


@dataclass(frozen=True, slots=True)
class Block:
    """Convolutions one after the other; with `skips`, what entered is added to what leaves."""

    convolutions: tuple[Convolution, ...]
    skips: bool = False


@dataclass(frozen=True, slots=True)
class ClassifierShape:
    """A classifier: images (n, side, side, 3) uint8 RGB in, (n, classes) scores that sum to 1 out.

    Pixels go in as (pixel − 127) / 128. The head is ``head.weight`` (classes, features) and ``head.bias``.

    Attributes
    ----------
    family
        ``small`` or ``efficientnet-lite0``.
    side
        In pixels, a multiple of `coarsest`.
    epsilon
        Of every normalisation.
    """

    family: Literal["small", "efficientnet-lite0"]
    side: int
    blocks: tuple[Block, ...]
    classes: tuple[str, ...]
    epsilon: float = 1e-3

    def __post_init__(self) -> None:
        _check(self)

    @property
    def convolutions(self) -> tuple[Convolution, ...]:
        """All of them, from the first on."""
        return tuple(one for block in self.blocks for one in block.convolutions)

    @property
    def features(self) -> int:
        """Numbers that the head gets."""
        return self.convolutions[-1].leaving


def small_shape(
    classes: Sequence[str], *, side: int = 96, width: int = 24, levels: int = 4
) -> ClassifierShape:
    """Return a small network: each level halves the side, and has one more block with a shortcut.

    Parameters
    ----------
    side
        Of the images, a multiple of 2 ** levels.
    width
        Channels after the first level; each further level has twice as many, at most 256.
    levels
        1 to 6.
    """
    if not 1 <= levels <= 6:
        raise UsageError(f"A small network has 1 to 6 levels, not {levels}.")
    blocks: list[Block] = []
    entering = 3
    for level in range(levels):
        leaving = min(width * 2**level, 256)
        down = Convolution(f"level_{level}.down", entering, leaving, 3, stride=2)
        blocks.append(Block((down,)))
        if level:
            names = (f"level_{level}.first", f"level_{level}.second")
            blocks.append(Block(tuple(Convolution(name, leaving, leaving, 3) for name in names), skips=True))
        entering = leaving
    return ClassifierShape("small", side, tuple(blocks), tuple(classes))


def shape_to_json(shape: ClassifierShape) -> str:
    """Return the shape as JSON, without its classes: those have a key of their own."""
    plain = asdict(shape)
    del plain["classes"]
    return json.dumps({"version": _VERSION, **plain}, separators=(",", ":"))


def shape_from_json(text: str, classes: Sequence[str]) -> ClassifierShape:
    """Return the shape that `shape_to_json` wrote; `UsageError` for a later version, or damage."""
    try:
        found: dict[str, Any] = json.loads(text)
        version = found.pop("version")
        if version != _VERSION:
            raise UsageError(
                f"The network is of version {version!r}, this release reads {_VERSION}. Upgrade with: "
                "pip install --upgrade driftwheel"
            )
        blocks = tuple(_block(each) for each in found.pop("blocks"))
        return ClassifierShape(**found, blocks=blocks, classes=tuple(classes))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"What the file says of its network is damaged ({error}).") from None


def _block(plain: Mapping[str, Any]) -> Block:
    return Block(tuple(Convolution(**one) for one in plain["convolutions"]), bool(plain["skips"]))


def _check(shape: ClassifierShape) -> None:
    stride = 1
    channels = 3
    if not shape.blocks or any(not block.convolutions for block in shape.blocks):
        raise UsageError("A network has one block or more, of one convolution or more.")
    for block in shape.blocks:
        entering = channels
        for one in block.convolutions:
            fits = one.entering == channels and (not one.depthwise or one.entering == one.leaving)
            small = 1 <= one.leaving <= _MOST_CHANNELS and 1 <= one.stride <= one.kernel <= 11
            if not (fits and small and one.activation in get_args(Activation)):
                raise UsageError(f"The convolution {one.name} does not fit the network.")
            channels = one.leaving
            stride *= one.stride
        if block.skips and (channels != entering or any(one.stride > 1 for one in block.convolutions)):
            raise UsageError("A block with a shortcut keeps its channels and its size.")
    if not (_LEAST_SIDE <= shape.side <= _MOST_SIDE and shape.side % stride == 0):
        raise UsageError(
            f"The network reads squares of {shape.side} pixels; give a multiple of {stride} from "
            f"{max(stride, _LEAST_SIDE)} to {_MOST_SIDE}."
        )
    if len(shape.classes) < 2:
        raise UsageError(f"A classifier tells two classes or more apart, not {len(shape.classes)}.")
