"""The pictures of a report: read again, turned into thumbnails, and honest about what is gone."""

from pathlib import Path

import cv2
import numpy as np

from driftwheel.images.faults import apply_fault
from driftwheel.services.check.check_images import check_images


def write(folder: Path, n: int, seed: int, fault: str | None = None) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for i in range(n):
        pixels = cv2.GaussianBlur(rng.integers(0, 255, (48, 48, 3), dtype=np.uint8), (0, 0), 1.5)
        if fault:
            pixels = apply_fault(pixels, fault, 3, seed=1)
        assert cv2.imwrite(str(folder / f"{i:03}.png"), pixels)
    return folder


def test_a_drift_shows_reference_current_outliers_and_the_simulated_fault(tmp_path: Path):
    reference = write(tmp_path / "reference", 80, 1)
    current = write(tmp_path / "current", 40, 2, fault="over_exposure")
    check = check_images(reference, current, embedder="none")
    assert check.verdict.verdict == "drift"
    assert check.exhibits is not None
    assert len(check.exhibits.reference) == 8
    assert [one.image for one in check.exhibits.current] == list(check.verdict.exemplars[:8])
    assert [one.image for one in check.exhibits.outliers] == [one.image for one in check.verdict.outliers[:8]]
    assert check.verdict.diagnosis
    assert check.exhibits.simulated is not None
    assert check.exhibits.simulated_from is not None
    assert check.exhibits.simulated.image == check.exhibits.simulated_from.image
    assert check.exhibits.simulated.jpeg != check.exhibits.simulated_from.jpeg


def test_images_from_a_generator_give_an_answer_without_pictures():
    rng = np.random.default_rng(3)

    def shots():
        for _ in range(60):
            yield rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)

    check = check_images(shots(), shots(), embedder="none", diagnose=False)
    assert check.verdict.verdict == "no_drift"
    assert check.exhibits is None
