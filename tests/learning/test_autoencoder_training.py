"""Settings of a training: what is refused."""

import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder_training import AutoencoderTraining


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("epochs", 0, "epochs is 0; give a whole number from 1 to 10000"),
        ("epochs", 2.5, "epochs is 2.5; give a whole number"),
        ("epochs", True, "epochs is True; give a whole number"),
        ("batch", 4, "batch is 4; give a whole number from 8 to 4096"),
        ("noise", -0.1, "noise is -0.1; give a number from 0 to 2"),
        ("noise", float("nan"), "noise is nan; give a number from 0 to 2"),
        ("learning_rate", "fast", "learning_rate is 'fast'; give a number"),
        ("shift", 0.6, "shift is 0.6; give a number from 0 to 0.5"),
        ("brightness", 1, "brightness is 1; give a number from 0 to 0.9"),
    ],
)
def test_a_setting_outside_its_range_is_refused(setting, value, message):
    with pytest.raises(UsageError, match=message):
        AutoencoderTraining(**{setting: value})


@pytest.mark.parametrize(
    ("setting", "augments"), [({}, False), ({"noise": 0.5}, False), ({"flip": True}, True)]
)
def test_noise_is_no_augmentation(setting, augments):
    assert AutoencoderTraining(**setting).augments is augments
