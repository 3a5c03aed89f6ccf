"""The shape of an autoencoder: what follows from it, and what cannot be built."""

import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder_shape import AutoencoderShape, shape_for


def test_what_follows_from_it():
    shape = AutoencoderShape(64, colour=True, widths=(8, 16, 32), latent=10)
    assert (shape.channels, shape.factor, shape.coarsest) == (3, 8, 8)


@pytest.mark.parametrize("side", [8, 16, 28, 32, 48, 64, 96, 128, 224, 512])
def test_a_usual_side_has_a_shape_that_ends_small(side):
    shape = shape_for(side, colour=False)
    assert shape.side == side
    assert shape.coarsest <= 16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"side": 30}, "With 2 levels the side of an autoencoder is a multiple of 4, not 30; give 32"),
        ({"side": 4}, "The side of an autoencoder is 4; give a whole number from 8 to 512"),
        ({"side": 28.0}, "The side of an autoencoder is 28.0; give a whole number"),
        ({"widths": ()}, "has 1 to 5 levels of channels, not \\(\\)"),
        ({"widths": [8, 8]}, "has 1 to 5 levels of channels, not \\[8, 8\\]"),
        ({"widths": (8, 0)}, "The width of an autoencoder is 0; give a whole number from 1 to 512"),
        ({"latent": 0}, "The latent of an autoencoder is 0; give a whole number from 1 to 4096"),
    ],
)
def test_what_cannot_be_built_is_said(change, message):
    right = {"side": 28, "colour": False, "widths": (8, 16), "latent": 4}
    with pytest.raises(UsageError, match=message):
        AutoencoderShape(**{**right, **change})
