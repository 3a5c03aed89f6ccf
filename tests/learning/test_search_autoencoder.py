"""Searching an architecture: the best of the trials is taken, a seed repeats, and what is refused."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from tests.learning.digits import SHAPE, TRAINING, digits, need_training

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.autoencoder_training import AutoencoderTraining
from driftwheel.learning.search_autoencoder import search_autoencoder

SHORT = AutoencoderTraining(epochs=2, batch=64, noise=0.1)


def search(trials=6, **options):
    need_training()
    pytest.importorskip("optuna", reason="the extra `train` is not installed: no optuna")
    given = {"start": SHAPE, "training": SHORT, "seed": 0, **options}
    return search_autoencoder(digits(400), trials=trials, **given)


def test_the_best_finished_trial_is_taken_and_the_first_is_the_start():
    told = []
    found = search(on_progress=told.append)
    assert (len(found.trials), told) == (6, [1] * 6)
    assert (found.trials[0].shape, found.trials[0].learning_rate) == (SHAPE, SHORT.learning_rate)
    best = min((one for one in found.trials if not one.pruned), key=lambda one: one.loss)
    assert (found.shape, found.training) == (best.shape, replace(SHORT, learning_rate=best.learning_rate))
    assert best.loss <= found.trials[0].loss
    assert {one.shape.side for one in found.trials} == {8}
    assert all(one.shape.coarsest >= 1 and 16 <= one.shape.latent <= 256 for one in found.trials[1:])
    assert len({(one.shape, one.learning_rate) for one in found.trials}) > 3


def test_a_seed_repeats():
    assert search(3) == search(3)


def test_nothing_of_what_is_held_out_is_looked_at(monkeypatch):
    seen = []

    def watch(fit, stopping, **options):
        seen.append(np.concatenate([fit, stopping]))
        raise UsageError("apart")

    monkeypatch.setattr("driftwheel.learning.search_autoencoder.fit_network", watch)
    with pytest.raises(UsageError, match=r"Every training of the search came apart"):
        search(1)
    assert len(seen[0]) == 280 + 40  # of 400; 80 are held out


def test_what_cannot_be_searched_is_refused(monkeypatch):
    with pytest.raises(UsageError, match="0 trials cannot be made"):
        search_autoencoder(digits(200), start=SHAPE, training=TRAINING, trials=0, seed=0)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"Searching an architecture needs .*'driftwheel\[train\]'"):
        search_autoencoder(digits(200), start=SHAPE, training=TRAINING, trials=1, seed=0)
