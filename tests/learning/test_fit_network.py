"""Fitting a network: it learns, it repeats itself, it stops in time, and leaves torch as it was."""

import sys

import numpy as np
import pytest
from tests.learning.digits import SHAPE, TRAINING, digits, need_training

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.autoencoder_training import AutoencoderTraining
from driftwheel.learning.fit_network import fit_network


def fit(pictures=None, seed=0, training=TRAINING, **options):
    need_training()
    pictures = digits(600) if pictures is None else pictures
    return fit_network(pictures[100:], pictures[:100], shape=SHAPE, training=training, seed=seed, **options)


def short(**options):
    return AutoencoderTraining(**{"epochs": 2, "batch": 64, **options})


def test_it_learns():
    losses = fit().stopping_losses
    assert len(losses) == 12
    assert losses[-1] < 0.75 * losses[0]


def test_of_large_pictures_few_are_worked_on_at_a_time(monkeypatch):
    monkeypatch.setattr("driftwheel.learning.autoencoder_shape._AT_ONCE", 16 * SHAPE.picture_bytes)
    assert SHAPE.at_once(64) == 16
    losses = fit().stopping_losses
    assert len(losses) == 12
    assert losses[-1] < 0.75 * losses[0]


def test_the_same_arguments_give_the_same_weights_and_another_seed_others():
    one, again, other = (fit(seed=seed, training=short(noise=0.2, flip=True)) for seed in (1, 1, 2))
    assert one.stopping_losses == again.stopping_losses
    for name, weights in one.weights.items():
        np.testing.assert_array_equal(weights, again.weights[name])
    assert one.stopping_losses != other.stopping_losses


def test_what_cannot_be_learnt_is_not_learnt_for_ever():
    noise = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1)).astype(np.uint8)
    found = fit(noise, training=AutoencoderTraining(epochs=200, patience=3, batch=32, learning_rate=0.05))
    assert len(found.stopping_losses) < 100
    assert found.stopping_loss == min(found.stopping_losses) < found.stopping_losses[-1]
    assert found.stopping_losses.index(found.stopping_loss) == len(found.stopping_losses) - 4


def test_the_pictures_learnt_from_are_told():
    told, epochs = [], []
    fit(training=short(), on_progress=told.append, on_epoch=lambda done, loss: epochs.append((done, loss)))
    assert sum(told) == 2 * (500 // 64) * 64
    assert [done for done, _ in epochs] == [1, 2]


def test_torch_is_left_as_it_was():
    need_training()
    import torch

    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    fit(training=short(epochs=1), threads=threads + 1)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_training_that_comes_apart_says_so(monkeypatch):
    monkeypatch.setattr("driftwheel.learning.fit_network._mean_loss", lambda *_: float("nan"))
    with pytest.raises(
        UsageError, match=r"came apart in epoch 1: the loss is nan\. Give a lower learning rate"
    ):
        fit(training=short())


@pytest.mark.parametrize("pictures", [digits(600)[:, :, :4], digits(600) / 255, digits(104)])
def test_pictures_of_another_form_are_refused(pictures):
    with pytest.raises(
        UsageError, match=r"Pictures to train on are uint8 of shape \(n, 8, 8, 1\), n at least 8"
    ):
        fit(pictures)


def test_without_torch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"Training an autoencoder needs .*'driftwheel\[train\]'"):
        fit_network(digits(50), digits(50), shape=SHAPE, training=TRAINING, seed=0)
