from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.demo.eyes.drawn_eyes import draw_eyes
from tests.learning.digits import need_training

from driftwheel.demo.eyes.exam import examine
from driftwheel.demo.eyes.eyes_model import CHAMPION, labelled_eyes
from driftwheel.demo.eyes.published_eyes import read_eyes
from driftwheel.demo.eyes.share_out_eyes import clearness, share_out_eyes
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, write_classifier
from driftwheel.learning.networks.classifier_shape import small_shape
from driftwheel.learning.networks.torch_network import fresh_weights


def test_a_version_that_says_closed_of_all_is_right_about_the_closed_ones(tmp_path: Path) -> None:
    need_training()
    eyes = read_eyes(draw_eyes(tmp_path / "drawn", 40))
    parts = share_out_eyes(eyes, clearness(eyes), 0)
    shape = small_shape(("closed", "open"), side=32, width=4, levels=2)
    weights = dict(fresh_weights(shape, 0))
    weights["head.weight"] = np.zeros_like(weights["head.weight"])
    weights["head.bias"] = np.array([1.0, 0.0], np.float32)
    exam = examine(write_classifier(ClassifierNetwork(shape, weights)), parts)
    assert (exam.old, exam.new) == (0.5, 0.5)
    assert (exam.n_old, exam.n_new) == (len(parts.old_test), len(parts.new_test))


def test_labels_of_others_stand_in_place_of_their_own(tmp_path: Path) -> None:
    eyes = read_eyes(draw_eyes(tmp_path / "drawn", 40))[:3]
    assert labelled_eyes(eyes).labels.tolist() == [0, 0, 0]
    assert labelled_eyes(eyes, ["open", "closed", "open"]).labels.tolist() == [1, 0, 1]
    assert replace(CHAMPION, seed=1).augmentation.flip is False
