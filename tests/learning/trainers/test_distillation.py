"""Distillation: faulty pictures are seen as clean ones were, clean ones stay, and labels are not needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.learning.digits import need_training
from tests.learning.trainers import shapes

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import UsageError
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, read_classifier
from driftwheel.learning.trainers.distil_lesson import distil_lesson
from driftwheel.learning.trainers.distillation import Distillation
from driftwheel.learning.trainers.fit_layers import fit_layers
from driftwheel.learning.trainers.image_weights import image_weights
from driftwheel.learning.trainers.linear_head import LinearHead, prepare_splits
from driftwheel.learning.trainers.network_features import network_features
from driftwheel.learning.trainers.prepared_pictures import prepare_pictures
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.trainer import TrainingJob

need_training()

_NOISE = FaultCase("noise", 5, "")
_RECIPE = Recipe("distillation", epochs=2, batch=8, faults=(_NOISE,))


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("champion")
    job = replace(_job(folder, b"", Recipe("linear-head", side=32)), start=None)
    return LinearHead().train(job, shapes.Watched()).file


def _job(folder: Path, start: bytes, recipe: Recipe = _RECIPE, n: int = 48) -> TrainingJob:
    train = shapes.stripes(n, seed=0)
    return TrainingJob(
        train,
        shapes.stripes(16, seed=9),
        image_weights(train.labels, balance=True),
        recipe,
        folder,
        start,
    )


def _network(file: bytes) -> ClassifierNetwork:
    found = read_classifier(file)
    assert found is not None
    return found


def test_a_fault_is_seen_through_and_clean_images_stay(tmp_path: Path, champion: bytes) -> None:
    teacher, job, watched = _network(champion), _job(tmp_path, champion), shapes.Watched()
    splits = prepare_splits(job, watched, 32)
    seen = network_features(teacher.shape, teacher.weights, splits.check.flat)
    lesson = distil_lesson(teacher, splits.learn, splits.check, seen, job.weights, mirrored=True)

    *_, done = fit_layers(teacher, lesson, splits.check, job=job, watch=watched, rate=1e-5, until=2)

    unseen = shapes.stripes(40, seed=5)
    held = prepare_pictures(unseen, side=32, faults=(_NOISE,), seed=3, copies=1, file=tmp_path / "held.npy")
    before, after = (
        [network_features(teacher.shape, one, np.array(held.pictures[:, copy])) for copy in (0, 1)]
        for one in (teacher.weights, done.now)
    )
    faulty_off, now_off, clean_off = (
        np.square((one - before[0]) / lesson.spread).mean() for one in (before[1], after[1], after[0])
    )
    assert now_off < 0.4 * faulty_off
    assert clean_off < 0.2 * faulty_off
    kept = [
        name for name in teacher.weights if name.endswith((".mean", ".variance")) or name.startswith("head.")
    ]
    assert len(kept) == 100
    assert all(np.array_equal(teacher.weights[name], done.now[name]) for name in kept)
    assert [(one.number, one.loss) for one in done.epochs] == [(1, None), (2, None)]


def test_epochs_are_judged_by_the_distance_from_what_was_seen_of_clean_images(
    tmp_path: Path, champion: bytes
) -> None:
    teacher, job = _network(champion), _job(tmp_path, champion)
    splits = prepare_splits(job, shapes.Watched(), 32)
    seen = network_features(teacher.shape, teacher.weights, splits.check.flat)
    lesson = distil_lesson(teacher, splits.learn, splits.check, seen, job.weights, mirrored=True)
    clean = np.repeat(seen[::2], 2, axis=0)
    head = teacher.weights["head.weight"]
    across = np.zeros_like(seen)
    across[:] = lesson.spread * 0.01
    along = np.zeros_like(seen)
    along[:] = (head[1] - head[0]) / np.linalg.norm(head[1] - head[0])
    along *= np.linalg.norm(across[0] / lesson.spread) / np.linalg.norm(along[0] / lesson.spread)

    assert lesson.judge(clean, 7.0) == pytest.approx(0, abs=1e-6)
    assert lesson.judge(seen, 7.0) > 0.01
    assert lesson.judge(clean + along, 7.0) > 1.2 * lesson.judge(clean + across, 7.0)


def test_one_that_was_cut_off_goes_on_and_ends_the_same(tmp_path: Path, champion: bytes) -> None:
    job = _job(tmp_path, champion, n=16)
    whole = Distillation().train(job, shapes.Watched())
    cut = shapes.Watched(stop_after=1)
    with pytest.raises(KeyboardInterrupt):
        Distillation().train(job, cut)
    after = shapes.Watched()

    again = Distillation().train(replace(job, checkpoint=cut.kept), after)

    assert [one.number for one in after.epochs] == [2]
    assert whole.notes["parity"] < 1e-4
    assert again.file == whole.file


def test_a_fault_and_images_to_give_it_to_are_needed(tmp_path: Path, champion: bytes) -> None:
    with pytest.raises(UsageError, match="no fault is given"):
        Distillation().train(_job(tmp_path, champion, replace(_RECIPE, faults=())), shapes.Watched())
    job = _job(tmp_path, champion)
    none = np.zeros(48, dtype=np.bool_), np.zeros(16, dtype=np.bool_)
    with pytest.raises(UsageError, match="may have it already"):
        Distillation().train(replace(job, may_fault=none), shapes.Watched())
