from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from driftwheel.errors import SourceError
from driftwheel.services.check import check_images as service
from driftwheel.services.check.check_images import check_against, check_images
from driftwheel.services.check.measure_reference import measure_reference


def scenes(count: int, seed: int, gain: float = 1.0) -> list[np.ndarray]:
    """Random smooth colour images, 48 × 48 RGB, darker for a gain below 1."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(30, 220, (count, 6, 6, 3))
    fine = np.kron(coarse, np.ones((1, 8, 8, 1))) + rng.normal(0, 4, (count, 48, 48, 3))
    return list((fine * gain).clip(0, 255).astype(np.uint8))


def test_a_reference_measured_before_gives_the_same_verdict() -> None:
    before, dark = scenes(60, 0), scenes(40, 1, gain=0.4)
    reference = measure_reference(before, embedder="none", threads=1)
    again = check_against(reference, dark, seed=3)
    at_once = check_images(before, dark, embedder="none", threads=1, seed=3)
    assert again.verdict == at_once.verdict
    assert again.verdict.verdict == "drift"
    assert replace(at_once, seconds=again.seconds).reference_name == again.reference_name


def test_faults_are_simulated_once_however_many_windows_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    from driftwheel.services.check import measure_reference as module

    simulate = module.simulate_faults
    monkeypatch.setattr(
        module,
        "simulate_faults",
        lambda *a, **k: calls.append(1) or simulate(*a, **k, faults=module_faults()),
    )
    reference = measure_reference(scenes(40, 0), embedder="none", threads=1)
    for seed in (1, 2):
        assert check_against(reference, scenes(40, seed, gain=0.3)).verdict.verdict == "drift"
    assert calls == [1]


def module_faults() -> tuple[object, ...]:
    """Two faults instead of all of them: this test counts."""
    from driftwheel.images.faults import fault_named

    return fault_named("under_exposure"), fault_named("noise")


def test_without_drift_no_fault_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    from driftwheel.services.check import measure_reference as module

    monkeypatch.setattr(module, "simulate_faults", lambda *a, **k: pytest.fail("simulated for nothing"))
    reference = measure_reference(scenes(60, 0), embedder="none", threads=1)
    assert check_against(reference, scenes(40, 1)).verdict.verdict == "no_drift"


def test_a_current_source_that_is_not_there_fails_before_the_reference_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(service, "measure_reference", lambda *a, **k: pytest.fail("measured for nothing"))
    with pytest.raises(SourceError, match="nowhere"):
        check_images(scenes(20, 0), tmp_path / "nowhere", embedder="none")
