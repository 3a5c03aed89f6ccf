"""What a file says of itself: written and read again, and damage that is found."""

import json

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder_facts import AutoencoderFacts, facts_from_json, facts_to_json
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.autoencoder_training import AutoencoderTraining

FACTS = AutoencoderFacts(
    shape=AutoencoderShape(28, colour=True, widths=(8, 16), latent=4),
    training=AutoencoderTraining(noise=0.5, flip=True),
    seed=3,
    reference="über/photos",
    n_fit=70,
    n_stopping=10,
    stopping_losses=(0.2, 0.1),
    held_out_errors=np.random.default_rng(0).gamma(9, 0.01, 20),
    held_out_loss=0.3,
    held_out_blocks=np.repeat(np.arange(4), 5),
    held_out_tags={"camera": ("left",) * 12 + (None,) * 8},
)


def test_what_is_written_is_read():
    again = facts_from_json(facts_to_json(FACTS))
    for name in (
        "shape",
        "training",
        "seed",
        "reference",
        "n_fit",
        "n_stopping",
        "stopping_losses",
        "held_out_loss",
        "held_out_tags",
    ):
        assert getattr(again, name) == getattr(FACTS, name)
    np.testing.assert_allclose(again.held_out_errors, FACTS.held_out_errors, rtol=1e-8)
    np.testing.assert_array_equal(again.held_out_blocks, FACTS.held_out_blocks)
    assert again.of_segment("camera", "left").tolist() == list(range(12))
    assert len(again.of_segment("", "")) == 20
    assert not len(again.of_segment("site", "left"))
    assert again.baseline == pytest.approx(FACTS.held_out_errors.mean())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 9}, "of version 9, and this release reads version 1"),
        ({"shape": {"side": 28}}, "damaged"),
        ({"shape": {"side": 27, "colour": True, "widths": [8, 16], "latent": 4}}, "multiple of 4, not 27"),
        ({"training": {"speed": 1}}, "damaged"),
        ({"held_out_errors": []}, "damaged"),
        ({"seed": float("inf")}, "damaged"),
        ({"held_out_errors": ["x"]}, "damaged"),
        ({"held_out_errors": [0.1, -0.1]}, r"damaged \(the errors of held-out images\)"),
        ({"held_out_blocks": [1]}, r"damaged \(the errors of held-out images\)"),
        ({"held_out_tags": {"camera": ["left"]}}, r"damaged \(the tags of held-out images\)"),
        ({"held_out_tags": []}, "damaged"),
        ({"baseline": 1.0}, "the baseline is not the mean of the errors"),
        ({"stopping_losses": None}, "damaged"),
    ],
)
def test_damage_is_found(change, message):
    with pytest.raises(UsageError, match=message):
        facts_from_json(json.dumps({**json.loads(facts_to_json(FACTS)), **change}))


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", "{}", "null", '{"version": 1}'])
def test_what_are_no_facts_is_refused(text):
    with pytest.raises(UsageError, match="damaged"):
        facts_from_json(text)
