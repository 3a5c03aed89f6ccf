import numpy as np
import pytest
from scipy.special import expit

from driftwheel.errors import UsageError
from driftwheel.performance.accuracy_estimate import (
    LEAST_ANSWERS,
    WIDEST,
    AccuracyEstimate,
    estimate_accuracy,
    learn_accuracy,
)
from driftwheel.performance.answers import Answers, KnownAnswers
from driftwheel.performance.simulated_windows import SimulatedShift

CLASSES = 5


def answers(n: int, rng: np.random.Generator, *, harder: float = 0.0, sure: float = 1.0) -> KnownAnswers:
    """Answers of a calibrated model; under a fault it is `sure` times as unsure as is due.

    `harder` is in log-odds of being right; with `sure` = 1 the scores stay calibrated whatever happens.
    """
    odds = rng.normal(2.5, 1.5, n)
    now = odds - harder
    confidence = expit(np.maximum(odds - sure * harder, -1.0))
    said = rng.integers(CLASSES, size=n)
    right = rng.random(n) < expit(np.maximum(now, -1.0))
    return KnownAnswers(confidence, said, np.where(right, said, (said + 1) % CLASSES))


def fault(rng: np.random.Generator, name: str, n: int = 500) -> list[SimulatedShift]:
    """One fault at three severities: how much its harm shows in the scores is its own."""
    sure = rng.uniform(0.5, 1.5)
    return [SimulatedShift(name, answers(n, rng, harder=h, sure=sure)) for h in (0.3, 0.8, 1.6)]


def of(known: KnownAnswers) -> Answers:
    return Answers(known.confidence, known.predicted)


def told(found: AccuracyEstimate) -> tuple[float, float, float]:
    assert found.accuracy is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.accuracy <= found.high
    return found.accuracy, found.low, found.high


def test_of_the_reference_itself_it_is_the_accuracy() -> None:
    rng = np.random.default_rng(0)
    known = answers(4000, rng)
    found = estimate_accuracy(learn_accuracy(known, rng=rng), of(known))
    assert found.told
    assert told(found)[0] == pytest.approx(known.correct.mean(), abs=0.006)
    assert found.usual == pytest.approx(known.correct.mean())
    assert (found.n, found.n_reference) == (4000, 4000)


@pytest.mark.parametrize("harder", [0.0, 0.3, 0.6])
def test_calibrated_scores_are_believed_once_faults_have_shown_it(harder: float) -> None:
    rng = np.random.default_rng(1)
    known = answers(4000, rng)
    shifts = [
        SimulatedShift(f"fault {i}", answers(1000, rng, harder=h)) for i in range(12) for h in (0.3, 0.7, 1.2)
    ]
    learned = learn_accuracy(known, shifts, rng=rng)
    window = answers(4000, rng, harder=harder)
    found = estimate_accuracy(learned, of(window))
    assert found.told
    accuracy, low, high = told(found)
    assert accuracy == pytest.approx(window.correct.mean(), abs=0.03)
    assert low <= window.correct.mean() <= high


def test_faults_whose_harm_scores_do_not_show_make_it_cautious() -> None:
    rng = np.random.default_rng(2)
    known = answers(3000, rng)
    alike = [SimulatedShift(f"{i}", answers(500, rng, harder=h)) for i in range(12) for h in (0.4, 1.2)]
    unlike = [
        SimulatedShift(f"{i}", answers(500, rng, harder=h, sure=0.2 + 0.2 * i))
        for i in range(12)
        for h in (0.4, 1.2)
    ]
    window = of(answers(1000, rng, harder=0.5))

    def width(shifts: list[SimulatedShift]) -> float:
        _, low, high = told(
            estimate_accuracy(learn_accuracy(known, shifts, rng=np.random.default_rng(0)), window)
        )
        return high - low

    assert width(unlike) > 1.3 * width(alike)


def test_more_answers_are_narrower_and_more_labels_too() -> None:
    rng = np.random.default_rng(3)
    known, window = answers(3000, rng), of(answers(3000, rng))

    def width(reference: KnownAnswers, n: int) -> float:
        learned = learn_accuracy(reference, rng=np.random.default_rng(0))
        _, low, high = told(estimate_accuracy(learned, Answers(window.confidence[:n], window.predicted[:n])))
        return high - low

    widths = [width(known, n) for n in (50, 200, 3000)]
    assert widths == sorted(widths, reverse=True)
    assert width(known.take(np.arange(150)), 3000) > width(known, 3000)


def test_the_order_of_a_window_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    learned = learn_accuracy(answers(1000, rng), rng=rng)
    window = answers(400, rng, harder=0.4)
    one = estimate_accuracy(learned, of(window))
    other = estimate_accuracy(learned, of(window.take(rng.permutation(400))))
    assert told(one) == pytest.approx(told(other), abs=1e-9)


def test_another_mix_of_classes_is_no_alarm() -> None:
    """A mix alone leaves the accuracy where it is, where all classes are as hard."""
    rng = np.random.default_rng(5)
    known = answers(4000, rng)
    learned = learn_accuracy(known, rng=rng)
    window = answers(4000, rng)
    some = window.take(np.flatnonzero(np.isin(window.truth, (1, 2, 3))))
    found = estimate_accuracy(learned, of(some))
    accuracy, low, high = told(found)
    assert low <= some.correct.mean() <= high
    assert accuracy == pytest.approx(some.correct.mean(), abs=0.05)


def test_the_same_draws_give_the_same_result() -> None:
    known = answers(500, np.random.default_rng(6))
    one, other = (
        estimate_accuracy(learn_accuracy(known, rng=np.random.default_rng(7)), of(known)) for _ in range(2)
    )
    assert one == other


def test_scores_that_fell_far_are_not_believed() -> None:
    rng = np.random.default_rng(8)
    learned = learn_accuracy(answers(2000, rng), rng=rng)
    found = estimate_accuracy(learned, of(answers(500, rng, harder=4.0)))
    assert not found.told
    assert found.reason.startswith("scores like these go with any accuracy from ")
    _, low, high = told(found)
    assert high - low > WIDEST


def test_scores_unlike_any_simulated() -> None:
    rng = np.random.default_rng(9)
    known = answers(2000, rng)
    shifts = [one for i in range(12) for one in fault(rng, f"fault {i}")]
    learned = learn_accuracy(known, shifts, rng=rng)
    strange = Answers(np.full(500, 0.1), np.zeros(500, np.intp))
    found = estimate_accuracy(learned, strange)
    assert found.reason == "the scores are unlike those under any of the simulated faults"


def test_what_a_reference_must_have() -> None:
    rng = np.random.default_rng(10)
    known = answers(2000, rng)
    window = of(answers(500, rng))

    def reason(reference: KnownAnswers) -> str:
        found = estimate_accuracy(learn_accuracy(reference, rng=rng), window)
        assert not found.told
        assert found.accuracy is None
        return found.reason

    assert reason(known.take(np.arange(99))) == "99 answers of the reference have a truth; 100 are needed"
    assert "0 are wrong; 5 are needed" in reason(known.take(np.flatnonzero(known.correct)))
    assert reason(known.take(np.flatnonzero(~known.correct))) == "all answers of the reference are wrong"
    blind = KnownAnswers(rng.random(2000), known.predicted, known.truth)
    assert reason(blind) == "on the reference wrong answers have scores as high as right ones"


def test_a_window_that_is_too_small() -> None:
    rng = np.random.default_rng(11)
    learned = learn_accuracy(answers(500, rng), rng=rng)
    found = estimate_accuracy(learned, of(answers(LEAST_ANSWERS - 1, rng)))
    assert found.reason == "the window has 29 answers with a score; 30 are needed"
    assert estimate_accuracy(learned, of(answers(0, rng))).n == 0


def test_a_reference_of_nothing() -> None:
    rng = np.random.default_rng(12)
    with pytest.raises(UsageError, match="has none"):
        learn_accuracy(answers(0, rng), rng=rng)
    with pytest.raises(UsageError, match="has none"):
        learn_accuracy(answers(200, rng), [SimulatedShift("blur", answers(0, rng))], rng=rng)


def coverage(references: int, faults: int, seed: int) -> tuple[float, float]:
    """Return how often the interval held the accuracy under faults never seen, and how often it was told."""
    rng = np.random.default_rng(seed)
    held, said = [], []
    for _ in range(references):
        known = answers(1500, rng)
        learned = learn_accuracy(known, [s for i in range(14) for s in fault(rng, str(i))], rng=rng)
        for _ in range(faults):
            n = int(rng.choice([50, 200, 1000]))
            window = answers(n, rng, harder=rng.uniform(0, 1.6), sure=rng.uniform(0.5, 1.5))
            found = estimate_accuracy(learned, of(window))
            _, low, high = told(found)
            held.append(low <= window.correct.mean() <= high)
            said.append(found.told)
    return float(np.mean(held)), float(np.mean(said))


def test_the_interval_holds_under_new_faults() -> None:
    held, said = coverage(3, 60, 0)
    assert held >= 0.85
    assert said >= 0.4


@pytest.mark.slow
def test_the_interval_holds_under_new_faults_at_length() -> None:
    held, said = coverage(30, 100, 1)
    assert 0.88 <= held <= 0.995
    assert said >= 0.4
