import numpy as np

from driftwheel.performance.answers import KnownAnswers
from driftwheel.performance.moved_scores import usual_scores
from driftwheel.performance.simulated_windows import SimulatedShift, simulate_windows


def known(right: float, n: int = 600, seed: int = 0) -> KnownAnswers:
    rng = np.random.default_rng(seed)
    said = rng.integers(3, size=n)
    truth = np.where(rng.random(n) < right, said, (said + 1) % 3)
    return KnownAnswers(np.where(rng.random(n) < right, 0.9, 0.6), said, truth)


def test_windows_of_each_kind() -> None:
    reference = known(0.9)
    shifts = [SimulatedShift("blur", known(0.5, seed=1)), SimulatedShift("blur", known(0.2, seed=2))]
    found = simulate_windows(usual_scores(reference), reference, shifts, np.random.default_rng(0))
    assert found.names == ("no shift", "class mix", "blur")
    assert np.bincount(found.fault).tolist() == [5, 20, 4]
    assert found.moved.shape == (29, 3)
    blurred = found.accuracy[found.fault == 2]
    assert np.allclose(blurred, [0.5, 0.7, 0.2, 0.55], atol=0.06)
    assert np.abs(found.moved[found.fault == 0]).max() < 0.4
    assert found.moved[found.fault == 1, 2].max() > 0.5


def test_a_class_without_truth_in_the_reference_is_no_trouble() -> None:
    reference = KnownAnswers(np.full(200, 0.9), np.zeros(200, np.intp), np.repeat([-1, 0], 100))
    found = simulate_windows(usual_scores(reference), reference, [], np.random.default_rng(0))
    assert np.isfinite(found.moved).all()


def test_classes_that_the_model_never_names_do_not_become_common() -> None:
    reference = known(0.9)
    unknown = KnownAnswers(reference.confidence, np.zeros(600, np.intp), np.where(reference.correct, 0, 7))
    found = simulate_windows(usual_scores(unknown), unknown, [], np.random.default_rng(0))
    assert np.abs(found.accuracy - reference.correct.mean()).max() < 0.05


def test_few_images_of_a_fault_leave_its_accuracy_to_chance() -> None:
    reference = known(0.9)
    shifts = [SimulatedShift("blur", known(0.5, n)) for n in (50, 500)]
    found = simulate_windows(usual_scores(reference), reference, shifts, np.random.default_rng(0))
    few, few_in_half, many, _ = found.chance[found.fault == 2]
    assert few > few_in_half > 0
    assert few > 3 * many
