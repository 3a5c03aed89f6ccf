"""Training by gradients: it learns, goes on where it was cut off, chooses layers, and agrees with ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.learning.digits import need_training
from tests.learning.trainers import shapes

from driftwheel.errors import UsageError
from driftwheel.learning.labelled_images import LabelledImages
from driftwheel.learning.load_classifier import load_classifier
from driftwheel.learning.networks.classifier_file import read_classifier, write_classifier
from driftwheel.learning.networks.pretrained import pretrained_network
from driftwheel.learning.trainers.image_weights import image_weights
from driftwheel.learning.trainers.recipe import Augmentation, Recipe
from driftwheel.learning.trainers.torch_trainers import FineTuning, SmallNetwork
from driftwheel.learning.trainers.trainer import TrainingJob

need_training()

_NO_TURN = Augmentation(zoom=0.1, light=0.1)
_SMALL = Recipe(
    "small-network", side=32, width=8, levels=2, epochs=4, batch=8, augmentation=_NO_TURN, weight_decay=0.001
)


def _job(folder: Path, recipe: Recipe = _SMALL, n: int = 64) -> TrainingJob:
    train = shapes.stripes(n, seed=0)
    return TrainingJob(
        train, shapes.stripes(24, seed=9), image_weights(train.labels, balance=True), recipe, folder
    )


def _accuracy(file: bytes, images: LabelledImages) -> float:
    classifier = load_classifier(file, threads=1)
    assert classifier is not None
    batch = np.stack([classifier.prepare(images.image(i)) for i in range(len(images))])
    return float((classifier.scores(batch).argmax(axis=1) == images.labels).mean())


def test_a_run_that_was_cut_off_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    whole = SmallNetwork().train(_job(tmp_path), shapes.Watched())
    cut = shapes.Watched(stop_after=2)
    with pytest.raises(KeyboardInterrupt):
        SmallNetwork().train(_job(tmp_path), cut)
    after = shapes.Watched()

    again = SmallNetwork().train(replace(_job(tmp_path), checkpoint=cut.kept), after)

    assert [one.number for one in after.epochs] == [3, 4]
    assert "Goes on after epoch 2." in after.lines
    assert again.file == whole.file
    assert whole.notes["parity"] < 1e-4
    assert _accuracy(whole.file, shapes.stripes(40, seed=5)) >= 0.9


def test_a_checkpoint_of_another_job_is_passed_over(tmp_path: Path) -> None:
    cut = shapes.Watched(stop_after=1)
    with pytest.raises(KeyboardInterrupt):
        SmallNetwork().train(_job(tmp_path), cut)
    after = shapes.Watched()

    SmallNetwork().train(
        replace(_job(tmp_path, replace(_SMALL, seed=1, epochs=1)), checkpoint=cut.kept), after
    )

    assert [one.number for one in after.epochs] == [1]


def test_fine_tuning_chooses_its_layers_by_trial(tmp_path: Path) -> None:
    recipe = Recipe("fine-tuning", side=32, epochs=2, batch=16, augmentation=_NO_TURN)
    watched = shapes.Watched()

    found = FineTuning().train(_job(tmp_path, recipe, n=32), watched)

    assert set(found.notes["trials"]) == {"last", "first", "all"}
    assert found.notes["chosen"] in {"first", "all"}
    assert [one.number for one in watched.epochs] == [1, 2]
    assert found.notes["parity"] < 1e-4


def test_only_the_chosen_layers_change(tmp_path: Path) -> None:
    start = write_classifier(pretrained_network(("across", "down"), side=32))
    recipe = Recipe("fine-tuning", epochs=1, batch=16, layers="first", learning_rate=1e-2)

    found = FineTuning().train(replace(_job(tmp_path, recipe, n=32), start=start), shapes.Watched())

    before, after = read_classifier(start), read_classifier(found.file)
    assert before is not None
    assert after is not None
    changed = {name for name, one in after.weights.items() if not np.array_equal(one, before.weights[name])}
    assert {name for name in changed if not name.startswith(("conv_stem.", "head."))} == set()
    if found.notes["best_epoch"] is not None:
        assert "conv_stem.weight" in changed


def test_a_version_that_was_not_trained_here_cannot_be_gone_on_with(tmp_path: Path) -> None:
    from driftwheel.learning.onnx_graph import OnnxGraph

    graph = OnnxGraph("A test", "train")
    graph.add("Identity", ["x"], "y")
    other = graph.to_bytes("other", ("x", "FLOAT", ["n", 2]), ("y", "FLOAT", ["n", 2]))

    with pytest.raises(UsageError, match="was not trained here"):
        SmallNetwork().train(replace(_job(tmp_path), start=other), shapes.Watched())
