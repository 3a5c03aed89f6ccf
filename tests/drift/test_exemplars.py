"""Which images show the change, and which are typical."""

import numpy as np

from driftwheel.drift.exemplars import exemplars, typical
from driftwheel.drift.verdict import PropertyDrift
from driftwheel.records import Records


def records(values: np.ndarray, prefix: str, embeddings: np.ndarray | None = None) -> Records:
    return Records(
        images=tuple(f"{prefix}{i:03}.jpg" for i in range(len(values))),
        properties=values.astype(np.float32),
        property_names=("brightness", "contrast"),
        embeddings=embeddings,
        embedder=None if embeddings is None else "made-1",
    )


def drift_of(name: str) -> PropertyDrift:
    return PropertyDrift(
        name=name,
        drifted=True,
        p_value=0.001,
        statistic=0.5,
        effect=1.0,
        threshold=0.1,
        wasserstein_sigmas=1.0,
        psi=None,
        jensen_shannon=None,
        reference_mean=0.0,
        current_mean=1.0,
        n_reference=50,
        n_current=4,
    )


def test_the_classifier_ranks_and_ties_go_by_name():
    current = records(np.zeros((4, 2)), "c")
    order = exemplars(records(np.zeros((50, 2)), "r"), current, (), np.array([0.1, 2.0, 0.1, 3.0]), count=3)
    assert order == ("c003.jpg", "c001.jpg", "c000.jpg")


def test_without_a_classifier_the_drifted_properties_rank():
    rng = np.random.default_rng(0)
    reference = records(rng.normal(size=(50, 2)), "r")
    current = records(np.array([[0.0, 90.0], [5.0, 0.0], [-9.0, 0.0], [1.0, 0.0]]), "c")
    order = exemplars(reference, current, (drift_of("brightness"),), None)
    assert order == ("c002.jpg", "c001.jpg", "c003.jpg", "c000.jpg")


def test_typical_images_come_from_the_nearer_half_and_an_undefined_value_does_no_harm():
    values = np.concatenate([np.zeros((20, 2)), np.full((20, 2), 8.0), np.full((5, 2), np.nan)])
    values[:20] += np.random.default_rng(1).normal(0, 0.1, (20, 2))
    values[20:40] *= np.array([[1.0], [-1.0]] * 10)
    names = typical(records(values, "r"), 8)
    assert len(set(names)) == 8
    assert all(int(name[1:4]) < 20 or int(name[1:4]) >= 40 for name in names)


def test_a_small_reference_shows_what_it_has():
    assert len(typical(records(np.zeros((3, 2)), "r"), 8)) == 3
