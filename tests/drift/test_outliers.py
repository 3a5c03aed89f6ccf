"""Outliers: what is planted is found, and of what is alike 1 % is flagged at 1 %."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from driftwheel.drift.outliers import outliers
from driftwheel.errors import IncomparableError, UsageError
from driftwheel.images.gist import gist, reduce_for_gist
from driftwheel.images.properties import PROPERTY_NAMES, measure
from driftwheel.records import Records

NAMES = ("brightness", "contrast", "sharpness", "hue", "format")


def records(n, rng, *, shift=0.0, dimensions=16, prefix="", embedder="toy-1"):
    """Random images: a property vector and an embedding on a curved surface, both moved by `shift`."""
    properties = np.column_stack(
        [
            rng.normal(120 + 30 * shift, 20, n),
            rng.normal(50, 8, n),
            np.exp(rng.normal(4, 1, n)),
            rng.normal(0, 30, n) % 360,
            rng.integers(0, 2, n),
        ]
    ).astype(np.float32)
    latent = rng.normal(size=(n, 4))
    mixing = np.random.default_rng(99).normal(size=(4, dimensions))
    embeddings = np.maximum(np.tanh(latent @ mixing) + 1 + shift * (np.arange(dimensions) == 0), 0)
    return Records(
        tuple(f"{prefix}{i:04}" for i in range(n)),
        properties,
        NAMES,
        embeddings.astype(np.float32) if dimensions else None,
        embedder if dimensions else None,
    )


def test_a_known_answer_on_a_line():
    def on_a_line(values):
        table = np.array(values, np.float32)[:, None]
        return Records(tuple(str(v) for v in values), table, ("brightness",))

    found = outliers(on_a_line(range(100, 119)), on_a_line([109, 200, 125]), k=1)
    assert [(one.image, one.p_value) for one in found] == [("200", 0.05), ("125", 0.05), ("109", 1.0)]


@pytest.mark.parametrize("dimensions", [0, 16])
@pytest.mark.parametrize("n", [60, 400])
def test_of_images_like_the_reference_as_many_are_flagged_as_is_said(n, dimensions):
    p, repeats = [], 40 if n < 100 else 15
    for seed in range(repeats):
        rng = np.random.default_rng([seed, n, dimensions])
        found = outliers(records(n, rng, dimensions=dimensions), records(100, rng, dimensions=dimensions))
        p.append([one.p_value for one in found])
    flagged = {alpha: (np.array(p) <= alpha).mean(axis=1) for alpha in (0.01, 0.05, 0.1, 0.2)}
    for alpha, shares in flagged.items():  # those of one reference hang together: the unit is the reference
        assert shares.mean() <= alpha + 3 * shares.std() / np.sqrt(repeats) + 1e-9
    assert flagged[0.2].mean() >= 0.13, "and not much more cautious"
    assert np.mean(p) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("dimensions", [0, 16])
def test_planted_images_come_first(dimensions):
    rng = np.random.default_rng(0)
    reference, alike = records(300, rng, dimensions=dimensions), records(80, rng, dimensions=dimensions)
    strange = records(20, rng, shift=4.0, dimensions=dimensions)
    current = Records(
        tuple(f"alike{i}" for i in range(80)) + tuple(f"strange{i}" for i in range(20)),
        np.concatenate([alike.properties, strange.properties]),
        NAMES,
        np.concatenate([alike.embeddings, strange.embeddings]) if dimensions else None,
        "toy-1" if dimensions else None,
    )
    found = outliers(reference, current)
    assert sum("strange" in one.image for one in found[:20]) >= 19
    assert max(one.p_value for one in found if "strange" in one.image) <= 0.05


def test_letters_are_found_among_digits():
    digits = load_digits().images
    order = np.random.default_rng(0).permutation(len(digits))
    alike = [np.rint(digits[i] * 15.9).astype(np.uint8) for i in order[:400]]
    letters = []
    for i in range(60):
        canvas = np.zeros((64, 64), np.uint8)
        cv2.putText(canvas, "AHKMRWXZ"[i % 8], (8 + i % 5, 52), cv2.FONT_HERSHEY_SIMPLEX, 1.7, 255, 4 + i % 3)
        letters.append(cv2.resize(canvas, (8, 8), interpolation=cv2.INTER_AREA))

    def measured(images, prefix):
        colour = [cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) for image in images]
        return Records(
            tuple(f"{prefix}{i:03}" for i in range(len(images))),
            np.array([measure(image).values for image in images]),
            PROPERTY_NAMES,
            gist(np.stack([reduce_for_gist(image) for image in colour])),
            "gist-1",
        )

    found = outliers(measured(alike[:300], "reference"), measured([*alike[300:], *letters], "current"))
    is_letter = [int(one.image.removeprefix("current")) >= 100 for one in found]
    assert roc_auc_score(is_letter, -np.arange(len(found))) >= 0.9


def test_the_ranking_is_the_same_each_time_and_does_not_depend_on_the_order():
    rng = np.random.default_rng(0)
    reference, current = records(120, rng), records(50, rng)
    found = outliers(reference, current)
    assert found == outliers(reference, current)
    turned = outliers(reference, current.take(np.arange(50)[::-1]))
    assert [one.image for one in turned] == [one.image for one in found]
    assert [one.p_value for one in found] == sorted(one.p_value for one in found)


def test_images_that_are_equally_unusual_are_ordered_by_how_far_out_they_are():
    reference = records(100, np.random.default_rng(0), dimensions=0)
    far = reference.take([0] * 5)
    far.properties[:, 0] = [400, 4_000, 1_000, 90_000, 20_000]
    found = outliers(reference, replace(far, images=tuple("abcde")))
    assert [one.image for one in found] == ["d", "e", "b", "c", "a"]
    assert len({one.p_value for one in found}) == 1


def test_a_large_reference_is_drawn_from():
    rng = np.random.default_rng(0)
    reference, current = records(300, rng), records(20, rng)
    drawn = [
        outliers(reference, current, most_reference=100, rng=np.random.default_rng(s)) for s in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert min(one.p_value for one in drawn[0]) >= 1 / 101
    with pytest.raises(
        UsageError, match=r"reference has 300 images, more than the 100 that are used: pass an rng"
    ):
        outliers(reference, current, most_reference=100)


@pytest.mark.parametrize("n", [0, 1])
def test_a_reference_too_small_to_compare_with_flags_nothing(n):
    rng = np.random.default_rng(0)
    assert {one.p_value for one in outliers(records(n, rng), records(4, rng))} == {1.0}
    assert outliers(records(20, rng), records(0, rng)) == ()


def test_a_small_reference_uses_fewer_neighbours():
    rng = np.random.default_rng(0)
    assert len(outliers(records(3, rng), records(4, rng), k=10)) == 4


def test_different_embedders_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(IncomparableError, match=r"different embedders \(toy-1 and toy-2\); use one for both"):
        outliers(records(30, rng), records(30, rng, embedder="toy-2"))


def test_different_properties_are_refused():
    rng = np.random.default_rng(0)
    other = Records(("a",), np.zeros((1, 1), np.float32), ("brightness",))
    with pytest.raises(IncomparableError, match="measured with different properties"):
        outliers(records(30, rng), other)


def test_no_neighbour_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="k of at least 1, not 0"):
        outliers(records(30, rng), records(30, rng), k=0)
