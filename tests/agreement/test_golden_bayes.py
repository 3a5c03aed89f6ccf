"""Golden-weighted Bayes: the posterior worked out by hand, and what a crowd is worth."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from scipy.special import betaln

from driftwheel.agreement.class_answers import Answer, ClassAnswers, class_answers, golden_column
from driftwheel.agreement.confusion import check_size, confusion_counts
from driftwheel.agreement.golden_bayes import golden_bayes, task_posterior
from driftwheel.agreement.majority_vote import majority_vote
from driftwheel.agreement.shrunken_confusions import shrunken_confusions
from driftwheel.errors import UsageError


def test_without_golden_tasks_everybody_has_the_prior_accuracy() -> None:
    told = [Answer("t", who, label) for who, label in enumerate(["a", "a", "b"])]
    found = golden_bayes(class_answers(told, ["a", "b"]), prior_accuracy=0.8)
    assert found.confusions == pytest.approx(np.tile([[0.8, 0.2], [0.2, 0.8]], (3, 1, 1)))
    share = found.class_shares[0]
    odds = share / (1 - share) * 0.8 / 0.2
    assert found.consensus.confidence[0] == pytest.approx(odds / (1 + odds))


def test_shares_of_classes_are_those_of_largest_likelihood() -> None:
    told = [Answer(t, who, "a" if t < 900 else "b") for t in range(1000) for who in range(5)]
    found = golden_bayes(class_answers(told, ["a", "b"]), prior_accuracy=0.95)
    assert found.class_shares[0] == pytest.approx(0.9, abs=0.01)


def test_where_all_are_alike_they_are_drawn_together_and_where_they_differ_they_are_not() -> None:
    def spread(shares: list[float]) -> float:
        rng = np.random.default_rng(0)
        right = rng.binomial(20, shares, size=(2, len(shares))).T
        counts = np.array([[[a, 20 - a], [20 - b, b]] for a, b in right], dtype=float)
        found = shrunken_confusions(counts, 0.8, 10.0)[:, 0, 0]
        return float(found.std() / counts[:, 0, 0].std() * 20)

    alike, apart = spread([0.85] * 30), spread([0.95] * 15 + [0.5] * 15)
    assert alike < 0.35
    assert apart > 0.8


def test_an_annotator_without_golden_tasks_is_as_the_pool() -> None:
    counts = np.array([[[80.0, 20.0], [10.0, 90.0]], np.zeros((2, 2))])
    found = shrunken_confusions(counts, 0.8, 10.0)[1]
    pool = (170 + 10 * 0.8) / (200 + 10)
    assert found == pytest.approx(np.array([[pool, 1 - pool], [1 - pool, pool]]))


def test_many_golden_tasks_say_all() -> None:
    rng = np.random.default_rng(3)
    truth = np.array([[0.7, 0.2, 0.1], [0.05, 0.9, 0.05], [0.3, 0.3, 0.4]])
    counts = np.array([[rng.multinomial(100_000, row) for row in truth]], dtype=float)
    assert shrunken_confusions(counts, 0.8, 10.0)[0] == pytest.approx(truth, abs=0.01)


def plain_confusions(counts: np.ndarray, prior_accuracy: float, prior_answers: float) -> np.ndarray:
    """The same with whole matrices."""
    k = counts.shape[1]
    right, n = np.trace(counts, axis1=1, axis2=2), counts.sum(axis=(1, 2))
    of_pool = (right.sum() + prior_answers * prior_accuracy) / (n.sum() + prior_answers)
    pool = plain_worth(right, n, of_pool)
    accuracy = (right + pool * of_pool) / (n + pool)
    errors = (counts.sum(axis=0) + 2 / (k - 1)) * (1 - np.eye(k))
    pattern = errors / errors.sum(axis=1, keepdims=True)
    expected = np.eye(k) * accuracy[:, None, None] + (1 - accuracy)[:, None, None] * pattern
    row = plain_worth(np.diagonal(counts, axis1=1, axis2=2), counts.sum(axis=2), accuracy[:, None])
    drawn = np.maximum((counts + row * expected) / (counts.sum(axis=2, keepdims=True) + row), 1e-4)
    return drawn / drawn.sum(axis=2, keepdims=True)


def plain_worth(right: np.ndarray, n: np.ndarray, expected: Any) -> float:
    worths = 2.0 ** np.arange(1, 8)
    logs = [
        (
            betaln(right + m * expected, n - right + m - m * expected)
            - betaln(m * expected, m - m * expected)
        ).sum()
        for m in worths
    ]
    weights = np.exp(np.array(logs) - max(logs))
    return float(np.exp(weights @ np.log(worths) / weights.sum()))


@pytest.mark.parametrize("k", [2, 3, 30])
@pytest.mark.parametrize("n", [0, 4, 300])
def test_few_cells_say_what_whole_matrices_say(k: int, n: int) -> None:
    rng = np.random.default_rng(k + n)
    told = [Answer("t", who, str(rng.integers(k))) for who in range(4)]
    truths = {f"g{i}": str(rng.integers(k)) for i in range(n)}
    told += [Answer(key, int(rng.integers(3)), said) for key, said in truths.items()]
    told = [
        Answer(one.task, int(one.annotator), str(one.label if rng.random() < 0.7 else rng.integers(k)))
        for one in told
    ]
    given = class_answers(told, [str(c) for c in range(k)], tasks=["t"], annotators=range(4))
    golden = golden_column(given, truths)
    rows = np.zeros((len(golden), k))
    rows[golden >= 0, golden[golden >= 0]] = 1.0
    plain = plain_confusions(confusion_counts(given.incidence(), rows), 0.8, 10.0)
    found = golden_bayes(given, golden)
    assert found.confusions == pytest.approx(plain, abs=1e-12)
    scores = np.log(found.class_shares) + sum(
        np.log(plain[who, :, label])
        for task, who, label in zip(given.tasks, given.annotators, given.labels, strict=True)
        if task == 0
    )
    assert found.consensus.posterior[0] == pytest.approx(np.exp(scores) / np.exp(scores).sum())


def test_memory_of_many_classes_is_small() -> None:
    rng = np.random.default_rng(2)
    k, people, n = 1000, 20, 100  # whole matrices: 160 MB, and several of them
    truth = rng.integers(k, size=n)
    tasks, who = np.tile(np.arange(n + 1), people), np.repeat(np.arange(people), n + 1)
    said = np.where(
        rng.random(len(tasks)) < 0.8, np.append(truth, 7)[tasks], rng.integers(k, size=len(tasks))
    )
    given = ClassAnswers(
        tasks,
        who,
        said,
        np.zeros(len(tasks)),
        np.zeros(len(tasks)),
        tuple(range(n + 1)),
        tuple(range(people)),
        tuple(map(str, range(k))),
    )
    tracemalloc.start()
    found = golden_bayes(given, np.append(truth, -1))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20e6
    assert found.consensus.labels[-1] == 7


def test_who_is_always_wrong_is_useful() -> None:
    told = [Answer(f"g{i}", "bob", "ba"[i % 2]) for i in range(60)] + [Answer("t", "bob", "a")]
    given = class_answers(told, ["a", "b"])
    found = golden_bayes(given, golden_column(given, {f"g{i}": "ab"[i % 2] for i in range(60)}))
    assert found.consensus.labels[-1] == 1
    assert found.n_golden.tolist() == [60]


def test_golden_tasks_are_judged_without_their_own_truth() -> None:
    told = [Answer("g", who, "b") for who in range(3)]
    given = class_answers(told, ["a", "b"])
    one, other = (golden_bayes(given, golden_column(given, {"g": label})) for label in "ab")
    assert one.consensus.posterior == pytest.approx(other.consensus.posterior)
    assert (one.confusions[:, 0, 0] < other.confusions[:, 0, 0]).all()


@pytest.mark.parametrize("n_classes", [2, 5])
def test_a_mixed_crowd_is_better_weighed_than_counted(crowds: Any, n_classes: int) -> None:
    rng = np.random.default_rng(1)
    crowd = crowds.make_crowd(rng, {"good": 10, "sloppy": 5, "random": 3, "one class": 2}, n_classes)
    truth = rng.integers(n_classes, size=2000)
    answers = crowds.assigned(rng, crowds.answer_all(rng, crowd, truth), 3, crowd)
    golden = crowds.golden_of(rng, truth, 0.1)
    real = golden < 0
    weighed = (golden_bayes(answers, golden).consensus.labels == truth)[real].mean()
    counted = (majority_vote(answers).labels == truth)[real].mean()
    assert weighed > counted + 0.03


def test_counts_are_weighed_by_the_posterior() -> None:
    given = class_answers([Answer(1, "x", "a"), Answer(2, "x", "b")], ["a", "b"])
    counts = confusion_counts(given.incidence(), np.array([[0.25, 0.75], [0.0, 1.0]]))
    assert counts[0] == pytest.approx(np.array([[0.25, 0.0], [0.75, 1.0]]))


def test_a_prior_that_is_no_better_than_guessing_is_refused() -> None:
    given = class_answers([Answer(1, "x", "a")], ["a", "b"])
    with pytest.raises(UsageError, match=r"accuracy of 0.5 .* above that of guessing, 0.5"):
        golden_bayes(given, prior_accuracy=0.5)


def test_matrices_beyond_memory_are_refused() -> None:
    classes = [str(i) for i in range(4000)]
    told = [Answer(1, who, "0") for who in range(10)]
    with pytest.raises(UsageError, match=r"10 annotators over 4000 classes would take 1.3 GB"):
        check_size(class_answers(told, classes))


def test_one_more_task_is_judged_as_it_would_be_among_the_others(crowds: Any) -> None:
    rng = np.random.default_rng(3)
    crowd = crowds.make_crowd(rng, {"good": 4, "sloppy": 3}, 3)
    truth = rng.integers(3, size=300)
    answers = crowds.assigned(rng, crowds.answer_all(rng, crowd, truth), 3, crowd)
    golden = crowds.golden_of(rng, truth, 0.3)
    found = golden_bayes(answers, golden)
    for task in np.flatnonzero(golden < 0)[:20]:
        rows = answers.tasks == task
        alone = task_posterior(found, answers.annotators[rows], answers.labels[rows])
        assert alone == pytest.approx(found.consensus.posterior[task])
    assert task_posterior(found, [], []) == pytest.approx(found.class_shares)
    with pytest.raises(UsageError, match="annotator beyond 7 or a class beyond 3"):
        task_posterior(found, [7], [0])
