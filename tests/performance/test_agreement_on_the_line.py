import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.performance.agreement_on_the_line import agreement_interval, agreement_on_the_line


def predictions(skills: list[float], n: int, harder: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Models that err on the images that are hard for all of them, as networks do; classes 0 and 1."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=n)
    hard = rng.standard_normal(n)
    own = rng.standard_normal((len(skills), n))
    right = np.array(skills)[:, None] - harder + 0.6 * hard + 0.8 * own > 0
    return np.where(right, truth, 1 - truth), truth


def test_models_on_one_line() -> None:
    skills = [0.6, 0.9, 1.2, 1.5, 1.8]
    before, truth = predictions(skills, 40_000, 0.0, 0)
    now, hidden = predictions(skills, 40_000, 0.4, 1)
    found = agreement_on_the_line(before, truth, now)
    assert found.trusted
    assert found.slope == pytest.approx(1.0, abs=0.3)
    real = (now == hidden).mean(axis=1)
    for estimates, most in ((found.simple, 0.06), (found.detailed, 0.06)):
        assert np.abs(np.array(estimates) - real).max() < most


def test_nothing_changed() -> None:
    before, truth = predictions([0.5, 1.0, 1.5], 500, 0.0, 0)
    found = agreement_on_the_line(before, truth, before)
    assert (found.slope, found.bias) == (pytest.approx(1), pytest.approx(0, abs=1e-9))
    assert found.simple == pytest.approx((before == truth).mean(axis=1), abs=0.002)
    assert found.detailed == pytest.approx(found.simple, abs=1e-6)
    assert (found.n_reference, found.n_current) == (500, 500)


def test_the_interval_holds_the_estimate_and_narrows_with_images() -> None:
    widths = []
    for n in (200, 3200):
        before, truth = predictions([0.6, 1.2, 1.8], n, 0.0, 0)
        now, _ = predictions([0.6, 1.2, 1.8], n, 0.4, 1)
        found = agreement_interval(before, truth, now)
        assert found.shape == (3, 2)
        told = np.array(agreement_on_the_line(before, truth, now).detailed)
        assert ((found[:, 0] < told) & (told < found[:, 1])).all()
        widths.append((found[:, 1] - found[:, 0]).max())
        assert (agreement_interval(before, truth, now) == found).all()
    assert widths[1] < widths[0] / 2


def test_detailed_solves_the_equation_of_every_pair() -> None:
    """With three models there are as many pairs as unknowns: the system has one solution."""
    before, truth = predictions([0.5, 1.0, 1.5], 5000, 0.0, 0)
    now, _ = predictions([0.5, 1.0, 1.5], 5000, 0.5, 1)
    found = agreement_on_the_line(before, truth, now)
    from scipy.stats import norm

    def probit(hits: np.ndarray) -> float:
        return float(norm.ppf((hits.sum() + 0.5) / (hits.size + 1)))

    for i, j in ((0, 1), (0, 2), (1, 2)):
        left = (norm.ppf(found.detailed[i]) + norm.ppf(found.detailed[j])) / 2
        accurate = (probit(before[i] == truth) + probit(before[j] == truth)) / 2
        right = probit(now[i] == now[j]) + found.slope * (accurate - probit(before[i] == before[j]))
        assert left == pytest.approx(right, abs=1e-6)


def test_models_that_all_agree_give_no_line() -> None:
    found = agreement_on_the_line([[0, 1]] * 3, [0, 1], [[0, 1]] * 3)
    assert not found.trusted
    assert all(0 <= one <= 1 for one in found.detailed)


@pytest.mark.parametrize(
    ("before", "truth", "now", "said"),
    [
        ([[0], [1]], [0], [[0], [1]], "needs 3 models or more; got 2"),
        ([[0], [1], [1]], [0], [[0], [1]], "the same models before and now"),
        ([[0], [1], [1]], [0, 1], [[0], [1], [1]], "one truth for each"),
        ([[0], [1], [1]], [0], [[], [], []], "at least one image"),
    ],
)
def test_what_does_not_fit(before: list, truth: list, now: list, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        agreement_on_the_line(before, truth, now)
