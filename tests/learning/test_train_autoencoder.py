"""Training on a reference: held-out errors are honest, and drift is told from no drift."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tests.learning.digits import SHAPE, TRAINING, digits, need_training

from driftwheel.drift.reconstruction import reconstruction_drift
from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder import open_autoencoder
from driftwheel.learning.train_autoencoder import train_autoencoder


@pytest.fixture(scope="module")
def trained():
    """A network that learnt from 1,200 digits, and 597 digits that it never saw."""
    need_training()
    pictures = digits()
    model = train_autoencoder(pictures[:1200], shape=SHAPE, training=TRAINING, seed=0, reference="digits")
    return open_autoencoder(model), pictures[:1200], pictures[1200:]


def share_drifted(errors, held_out, n, draws, alpha=0.05):
    rng = np.random.default_rng(1)
    found = [
        reconstruction_drift(held_out, rng.choice(errors, n, replace=False), rng=rng, alpha=alpha)
        for _ in range(draws)
    ]
    return np.mean([one.p_value <= alpha for one in found]), np.mean([one.drifted for one in found])


def test_the_file_says_how_it_was_made(trained):
    facts = trained[0].facts
    assert (facts.n_fit, facts.n_stopping, len(facts.held_out_errors)) == (840, 120, 240)
    assert (facts.seed, facts.reference, facts.training) == (0, "digits", TRAINING)
    assert 0 < facts.baseline < 0.1 < facts.held_out_loss < 0.5


def test_held_out_errors_are_those_of_images_never_seen(trained):
    network, learnt, unseen = trained
    mean, deviation = network.facts.baseline, network.facts.held_out_errors.std()
    assert network.errors(unseen).mean() == pytest.approx(mean, abs=4 * deviation / np.sqrt(200))
    assert network.errors(learnt).mean() < mean  # what was learnt from is no null


def test_false_alarms_are_few_and_drift_is_seen(trained):
    network, _, unseen = trained
    held_out = network.facts.held_out_errors
    assert share_drifted(network.errors(unseen), held_out, 20, 200)[0] <= 0.09  # 99.5 % quantile of 5 %
    noisy = np.clip(unseen + np.random.default_rng(0).normal(0, 60, unseen.shape), 0, 255).astype(np.uint8)
    for changed in (noisy, unseen[:, ::-1], unseen.transpose(0, 2, 1, 3), 255 - unseen):
        assert share_drifted(network.errors(changed), held_out, 20, 20)[1] >= 0.95


def test_images_that_are_easier_to_show_than_the_reference_are_drift_too(trained):
    network, _, unseen = trained
    smooth = np.stack([cv2.GaussianBlur(one, (3, 3), 0.6)[..., None] for one in unseen[:100]])
    found = reconstruction_drift(
        network.facts.held_out_errors, network.errors(smooth), rng=np.random.default_rng(0), alpha=0.01
    )
    assert found.drifted
    assert found.effect < -10


def test_what_it_was_told_to_allow_for_is_less_of_a_drift(trained):
    network, learnt, unseen = trained
    allowing = train_autoencoder(learnt, shape=SHAPE, training=replace(TRAINING, flip=True), seed=0)
    effects = []
    for one in (network, open_autoencoder(allowing)):
        mirrored = one.errors(np.ascontiguousarray(unseen[:, :, ::-1]))
        effects.append(mirrored.mean() / one.facts.baseline - 1)
    assert effects[1] < effects[0] / 3


def test_the_same_arguments_give_the_same_file():
    need_training()
    options = {"shape": SHAPE, "training": TRAINING, "reference": "digits"}
    one, again, other = (train_autoencoder(digits(200), seed=seed, **options) for seed in (1, 1, 2))
    assert one == again != other


def test_groups_are_held_out_whole_and_kept():
    need_training()
    groups = np.arange(300) // 20
    model = train_autoencoder(digits(300), shape=SHAPE, training=TRAINING, seed=0, groups=groups)
    blocks = open_autoencoder(model).facts.held_out_blocks
    assert (np.unique(blocks, return_counts=True)[1] == 20).all()


def test_too_few_images_are_refused():
    need_training()
    with pytest.raises(UsageError, match="at least 100 images, not 60"):
        train_autoencoder(digits(60), shape=SHAPE, training=TRAINING, seed=0)
