"""The whole selection: shares, reasons, the holdout, near-duplicates, and what is missing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.selection.candidates import Candidates
from driftwheel.selection.chosen import REASONS
from driftwheel.selection.holdout import Holdout
from driftwheel.selection.mix import DEFAULT_MIX, Mix, apportion
from driftwheel.selection.sampled_accuracy import sampled_accuracy
from driftwheel.selection.select import select

HOLDOUT = Holdout(b"drawn at random once")


def window(n=400, seed=0, *, labelled=(), first=0, sure=False, **columns):
    rng = np.random.default_rng(seed)
    has_label = np.zeros(n, bool)
    has_label[list(labelled)] = True
    images = [f"image {number}" for number in range(first, first + n)]
    doubt = rng.random(n) * (0.02 if sure else 1)
    return Candidates(images, has_label, rng.normal(size=(n, 8)), doubt=doubt, **columns)


def chosen(candidates, budget=40, seed=0, **options):
    options.setdefault("holdout", HOLDOUT)
    return select(candidates, budget, rng=np.random.default_rng(seed), **options)


@given(
    n=st.integers(1, 120),
    budget=st.integers(1, 60),
    known=st.integers(0, 20),
    seed=st.integers(0, 99),
    table=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_laws(n, budget, known, seed, table):
    candidates = window(n, seed, labelled=range(min(n, known)))
    if not table:
        candidates = replace(candidates, embeddings=None)
    found = chosen(candidates, budget, seed)
    images = [one.image for one in found.chosen]
    assert len(set(images)) == len(images) == budget - found.unspent
    assert not set(images) & set(candidates.images[: min(n, known)])
    assert [one.rank for one in found.chosen] == list(range(1, len(images) + 1))
    for one in found.chosen:
        assert HOLDOUT.holds(one.image) == (one.reason == "holdout")
        assert one.reason in REASONS
        if one.reason == "holdout":
            assert 0 < one.probability <= HOLDOUT.share
    drawn = {one.image: one for one in found.drawn}
    for one in found.chosen:
        if one.probability is not None:
            assert drawn[one.image].probability == one.probability
    assert all(one.holdout == HOLDOUT.holds(one.image) for one in found.drawn)
    # what is drawn is labelled before or now: nothing that is measured on is left without an answer
    assert set(drawn) <= set(images) | set(candidates.images[: min(n, known)])


def test_the_same_arguments_give_the_same_and_the_sample_does_not_depend_on_the_rest():
    assert chosen(window()) == chosen(window())
    other = chosen(window(seed=5), seed=9)
    assert other.drawn == chosen(window()).drawn
    assert other.chosen != chosen(window()).chosen


def test_every_reason_gets_its_share_and_the_first_ranks_hold_all_of_them():
    rng = np.random.default_rng(3)
    found = chosen(
        window(
            3000,
            sure=True,
            feedback=(rng.random(3000) < 0.05).astype(float),
            drift=rng.random(3000),
            disagreement=rng.random(3000),
        ),
        200,
    )
    assert sum(found.counts.values()) == 200
    for reason, count in found.counts.items():
        share = DEFAULT_MIX.of(reason)
        assert count == pytest.approx(200 * share, abs=12 if reason in {"holdout", "random"} else 8)
    assert {one.reason for one in found.chosen[:40]} == set(REASONS)


def test_reasons_take_what_is_worth_the_most_to_them():
    worth = np.linspace(0, 1, 400)
    found = chosen(window(drift=np.where(worth > 0.9, worth, 0), feedback=np.where(worth < 0.02, 1.0, 0.0)))
    scores = {one.image: one.score for one in found.chosen if one.reason in {"drift", "feedback"}}
    assert scores
    for one in found.chosen:
        number = int(one.image.split()[1])
        if one.reason == "drift":
            assert one.score == pytest.approx(worth[number])
            assert number >= 360
        if one.reason == "feedback":
            assert number < 8


def test_without_a_model_the_first_choice_is_typical_and_random():
    candidates = replace(window(), doubt=None)
    assert set(chosen(candidates).counts) == {"holdout", "random", "typical"}
    bare = replace(candidates, embeddings=None)
    assert set(chosen(bare).counts) == {"holdout", "random"}
    assert len(chosen(bare).chosen) == 40


def test_no_later_selection_moves_an_image_into_training_or_out_of_the_sample():
    labelled: list[int] = []
    trained, measured = set(), set()
    for round_ in range(8):
        found = chosen(window(labelled=labelled), 40, seed=round_)
        now = {one.image for one in found.drawn if one.holdout}
        assert measured <= now
        measured = now
        trained |= {one.image for one in found.chosen if one.reason != "holdout"}
        labelled += [int(one.image.split()[1]) for one in found.chosen]
    assert not trained & measured
    # 320 labels in all, of which a tenth are held out: a rate of 32 in 400
    assert measured == {image for image in window().images if HOLDOUT.position(image) < 0.08}


def test_measured_accuracy_is_unbiased_although_selection_goes_for_what_is_wrong():
    """A model that is right on 80 % and doubts exactly where it is wrong; what is chosen is mostly wrong."""
    right = np.random.default_rng(0).random(600) < 0.8
    found, all_chosen = [], []
    for number in range(120):
        candidates = replace(window(600), doubt=np.where(right, 0.1, 0.9))
        key = Holdout(number.to_bytes(16, "big"), 0.3)
        one = chosen(candidates, 100, holdout=key)
        rows = [int(drawn.image.split()[1]) for drawn in one.drawn]
        found.append(sampled_accuracy(right[rows], [drawn.probability for drawn in one.drawn]))
        all_chosen.append(right[[int(image.image.split()[1]) for image in one.chosen]].mean())
    assert np.mean([one.accuracy for one in found]) == pytest.approx(right.mean(), abs=0.02)
    assert np.mean([one.low <= right.mean() <= one.high for one in found]) >= 0.88
    assert np.mean(all_chosen) < 0.65


def test_no_two_to_learn_from_are_nearly_the_same_and_none_is_like_a_labelled_one():
    rng = np.random.default_rng(0)
    scenes = rng.normal(size=(30, 8))
    film = np.repeat(scenes, 20, axis=0) + 0.01 * rng.normal(size=(600, 8))
    candidates = replace(
        window(600, labelled=[0]), embeddings=film, doubt=np.repeat(np.linspace(1, 0.1, 30), 20)
    )
    found = chosen(candidates, 60, mix=Mix(0.1, 0, 0, 0, 0, 0.8, 0.1))
    learnt = [int(one.image.split()[1]) // 20 for one in found.chosen if one.reason != "holdout"]
    assert len(set(learnt)) == len(learnt)
    assert 0 not in learnt
    assert found.near_duplicates > 300
    assert found.unspent == 60 - len(found.chosen) > 0


def test_hashes_alone_tell_near_duplicates_too():
    hashes = np.repeat(np.random.default_rng(0).integers(2**63, size=20), 10).astype(np.uint64)
    candidates = replace(window(200), embeddings=None, hashes=hashes)
    found = chosen(candidates, 40, mix=Mix(0.01, 0, 0, 0, 0, 0.99, 0))
    learnt = [int(one.image.split()[1]) // 10 for one in found.chosen if one.reason != "holdout"]
    assert len(set(learnt)) == len(learnt) >= 19


def test_what_must_stay_together_is_held_out_together():
    groups = [f"person {number // 4}" for number in range(400)]
    found = chosen(window(groups=groups), 200)
    learnt = {one.image for one in found.chosen if one.reason != "holdout"}
    held = {groups[int(one.image.split()[1])] for one in found.drawn if one.holdout}
    assert held
    assert not held & {groups[int(image.split()[1])] for image in learnt}


def test_labels_from_elsewhere_keep_the_like_out_and_are_not_measured_on():
    there = np.arange(400) < 100
    candidates = window(labelled=range(100), elsewhere=there)
    table = np.array(candidates.embeddings)
    table[150:160] = table[0]
    found = chosen(replace(candidates, embeddings=table))
    alone = chosen(replace(window(300, first=100), embeddings=table[100:]))
    assert (found.candidates, found.labelled, found.near_duplicates) == (300, 0, 10)
    assert found.drawn == alone.drawn
    learnt = {int(one.image.split()[1]) for one in found.chosen if one.reason not in {"holdout", "random"}}
    assert not learnt & set(range(150, 160))


def test_a_model_in_doubt_about_everything_leaves_the_share_of_doubt_to_typical_images():
    counts = [
        chosen(replace(window(), doubt=np.full(400, doubt)), mix=Mix(0.1, 0, 0, 0, 0, 0.9, 0)).counts
        for doubt in (0.01, 1.0)
    ]
    assert set(counts[0]) == {"holdout", "doubt"}
    assert set(counts[1]) == {"holdout", "typical"}


def test_shares_go_to_what_is_known():
    assert apportion(100, Mix(0.2, 0.2, 0.1, 0.1, 0.1, 0.2, 0.1), ("drift", "doubt")) == {
        "drift": 33,
        "doubt": 67,
    }
    assert apportion(5, Mix(0.5, 0.5, 0, 0, 0, 0, 0), ("doubt",)) == {}
    assert apportion(0, DEFAULT_MIX, ("doubt", "typical")) == {"doubt": 0, "typical": 0}


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"doubt": -0.1}, "doubt is -0.1"),
        ({"doubt": 0.9}, "sum to"),
        ({"holdout": 0.0, "random": 0.2}, "least 0.01"),
    ],
)
def test_a_mix_that_cannot_be_is_refused(shares, message):
    with pytest.raises(UsageError, match=message):
        Mix(**shares)


def test_what_is_wrong_with_candidates_is_said():
    with pytest.raises(UsageError, match="`doubt` has 2 rows for 1 images"):
        Candidates(["a"], np.zeros(1, bool), doubt=np.zeros(2))
    with pytest.raises(UsageError, match="1 of 2 images are there twice"):
        Candidates(["a", "a"], np.zeros(2, bool))
    with pytest.raises(UsageError, match="not finite"):
        Candidates(["a"], np.zeros(1, bool), np.array([[np.nan]]))
    with pytest.raises(UsageError, match="from elsewhere have no label"):
        Candidates(["a"], np.zeros(1, bool), elsewhere=np.ones(1, bool))
    with pytest.raises(UsageError, match="budget is 0"):
        chosen(window(), 0)
