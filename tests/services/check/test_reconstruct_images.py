"""From images to a trained file, and from that to what is unusual about other images."""

import sys

import cv2
import numpy as np
import pytest
from tests.learning.digits import digits, need_training

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.autoencoder import Autoencoder, open_autoencoder
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.autoencoder_training import AutoencoderTraining
from driftwheel.services.check.reconstruct_images import Reconstructed, reconstruct_images
from driftwheel.services.check.train_autoencoder import train_autoencoder_on
from driftwheel.sources import open_source

SHAPE = AutoencoderShape(8, colour=False, widths=(16,), latent=12)
TRAINING = AutoencoderTraining(learning_rate=1e-2)


def pairs(pictures: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [(f"{i:04}", picture[..., 0]) for i, picture in enumerate(pictures)]


@pytest.fixture(scope="module")
def network() -> Autoencoder:
    need_training()
    trained = train_autoencoder_on(pairs(digits(800)), shape=SHAPE, training=TRAINING, epochs=6, threads=1)
    assert (trained.n, trained.searched) == (800, None)
    return open_autoencoder(trained.model)


def reconstruct(network: Autoencoder, pictures: np.ndarray) -> Reconstructed:
    return reconstruct_images(
        open_source(pairs(pictures)),
        network,
        reference=network.facts.reference,
        alpha=0.01,
        rng=np.random.default_rng(0),
        threads=1,
    )


def test_digits_of_the_same_kind_are_as_usual(network: Autoencoder):
    found = reconstruct(network, digits()[800:900])
    assert not found.drift.drifted
    assert (found.drift.n_reference, found.drift.n_current, len(found.exemplars)) == (160, 100, 100)


def test_what_was_not_learnt_is_drift_and_comes_first(network: Autoencoder):
    pictures = digits()[800:900]
    pictures[40:80] = pictures[40:80].transpose(0, 2, 1, 3)[:, ::-1]
    found = reconstruct(network, pictures)
    assert found.drift.drifted
    assert found.drift.effect > found.drift.threshold > 0
    turned = {f"{i:04}" for i in range(40, 80)}
    assert len(turned & set(found.exemplars[:20])) >= 16


def test_another_reference_and_too_few_images_are_said(network: Autoencoder):
    found = reconstruct_images(
        open_source(pairs(digits(9))),
        network,
        reference="x",
        alpha=0.01,
        rng=np.random.default_rng(0),
        threads=1,
    )
    assert found.drift.images_needed == 11
    assert len(found.notes) == 2
    assert found.notes[0].endswith(", and the reference is x.")
    assert found.notes[1] == "The autoencoder was not asked: it could look at 9 current images only."
    assert reconstruct(network, digits(30)).notes == ()


def test_each_picture_stands_beside_what_is_made_of_it(network: Autoencoder):
    found = reconstruct(network, digits()[800:830])
    assert len(found.pairs) == 8
    for original, made in found.pairs:
        assert original.image == made.image == original.caption
        left, right = (
            cv2.imdecode(np.frombuffer(one.jpeg, np.uint8), 0).astype(float) for one in (original, made)
        )
        assert left.shape == right.shape == (160, 160)
        assert np.corrcoef(left.ravel(), right.ravel())[0, 1] > 0.4
    assert found.pairs[0][1].caption.endswith("times the usual")


def test_the_architecture_can_be_searched_first():
    need_training()
    pytest.importorskip("optuna", reason="the extra `train` is not installed: no optuna")
    told = []
    trained = train_autoencoder_on(
        pairs(digits(150)),
        shape=SHAPE,
        training=AutoencoderTraining(),
        epochs=2,
        trials=2,
        threads=1,
        on_progress=lambda stage, n, total: told.append(stage),
    )
    assert trained.searched is not None
    assert open_autoencoder(trained.model).facts.shape == trained.searched.shape
    assert set(told) == {"Reading reference images", "Searching an architecture", "Training the autoencoder"}


def test_what_is_wrong_is_said_before_the_long_work(monkeypatch):
    with pytest.raises(UsageError, match="threads is 0"):
        train_autoencoder_on(pairs(digits(10)), shape=SHAPE, training=TRAINING, threads=0)
    with pytest.raises(UsageError, match="at least 100 images, not 10"):
        train_autoencoder_on(pairs(digits(10)), shape=SHAPE, training=TRAINING, threads=1)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"driftwheel\[train\]"):
        train_autoencoder_on(pairs(digits(10)), shape=SHAPE, training=TRAINING)
