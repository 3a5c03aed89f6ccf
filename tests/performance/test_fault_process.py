import numpy as np
import pytest

from driftwheel.performance.fault_process import fit_process, foretell, misfits
from driftwheel.performance.moved_scores import log_odds
from driftwheel.performance.simulated_windows import SimulatedWindows


def windows(slopes: list[float], each: int = 6) -> SimulatedWindows:
    """Faults that move accuracy by a slope of their own times how far the scores moved."""
    moved = np.array([[-s, -s, 0.0] for _ in slopes for s in np.linspace(0.1, 2, each)])
    fault = np.repeat(np.arange(len(slopes)), each)
    odds = log_odds(0.9, 1000) + np.array(slopes)[fault] * moved[:, 0]
    names = tuple(f"fault {i}" for i in range(len(slopes)))
    return SimulatedWindows(moved, 1 / (1 + np.exp(-odds)), fault, names, np.full(len(fault), 0.01))


def test_it_learns_the_slope_that_faults_share() -> None:
    process = fit_process(windows([0.8] * 10), 0.9, 1000)
    for far in (0.5, 1.0, 1.5):
        found = foretell(process, np.array([-far, -far, 0.0]))
        assert found.mean == pytest.approx(log_odds(0.9, 1000) - 0.8 * far, abs=0.1)


def test_without_a_window_that_moved_it_says_what_is_usual() -> None:
    process = fit_process(windows([0.8] * 10), 0.9, 1000)
    assert foretell(process, np.zeros(3)).mean == pytest.approx(log_odds(0.9, 1000), abs=0.1)


def test_the_further_scores_move_the_less_sure_it_is() -> None:
    process = fit_process(windows([0.5] * 3), 0.9, 1000)
    deviations = [foretell(process, np.array([-far, -far, 0.0])).deviation for far in (0.0, 0.5, 1, 2, 4)]
    assert deviations == sorted(deviations)


def test_a_small_reference_makes_it_less_sure() -> None:
    known = windows([0.5] * 3)
    few, many = (foretell(fit_process(known, 0.9, n), np.zeros(3)).deviation for n in (100, 10_000))
    assert few > many


def test_misfits_show_the_fault_that_is_unlike_the_others() -> None:
    found = misfits(windows([0.5] * 9 + [3.0]), 0.9, 1000)
    assert len(found) == 10
    assert found[-1].max() > 2 * max(one.max() for one in found[:-1])


def test_the_order_of_the_windows_changes_nothing() -> None:
    known = windows([0.3, 0.6, 0.9])
    order = np.random.default_rng(0).permutation(len(known.moved))
    shuffled = SimulatedWindows(
        known.moved[order], known.accuracy[order], known.fault[order], known.names, known.chance[order]
    )
    at = np.array([-1.0, -0.5, 0.2])
    one, other = (foretell(fit_process(its, 0.9, 500), at) for its in (known, shuffled))
    assert one.mean == pytest.approx(other.mean, abs=1e-8)
    assert one.deviation == pytest.approx(other.deviation, abs=1e-8)
