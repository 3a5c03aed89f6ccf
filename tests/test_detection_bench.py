"""The detection benchmark: its shifts do what they say, and a run of it can be stopped and gone on with."""

from __future__ import annotations

import struct
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

BENCH = Path(__file__).parent.parent / "bench"
HELD = 449  # images of scikit-learn's digits in the test pool: a quarter


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a module of bench/ by its name."""
    monkeypatch.syspath_prepend(str(BENCH))
    import importlib

    return importlib.import_module


@pytest.fixture
def shifts(bench: Any) -> ModuleType:
    module: ModuleType = bench("detection_shifts")
    return module


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """scikit-learn's digits as idx files."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("data") / "digits"
    folder.mkdir()
    found = load_digits()
    pixels = np.round(found.images * (255 / 16)).astype(np.uint8)
    for part, rows in (("train", slice(0, 1000)), ("t10k", slice(1000, None))):
        images, labels = pixels[rows], found.target[rows].astype(np.uint8)
        header = struct.pack(">4B3I", 0, 0, 8, 3, *images.shape)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">4BI", 0, 0, 8, 1, len(labels)) + labels.tobytes()
        )
    return folder


def photos(count: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 24, 24, 3), dtype=np.uint8)


def test_no_intensity_changes_nothing(shifts: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for image in photos():
        np.testing.assert_array_equal(shifts.noisy(image, 0.0, rng), image)
        np.testing.assert_array_equal(shifts.warped(image, shifts.Warp(0, 0, 0, 0), rng), image)


def test_noise_has_the_deviation_it_says_and_whole_grey_levels(shifts: ModuleType) -> None:
    grey = np.full((200, 200), 128, np.uint8)
    noisy = shifts.noisy(grey, 10.0, np.random.default_rng(0))
    assert noisy.dtype == np.uint8
    assert noisy.std() == pytest.approx(10.0, rel=0.02)
    black = shifts.noisy(np.zeros((200, 200), np.uint8), 1.0, np.random.default_rng(0))
    assert (black > 0).mean() == pytest.approx(0.3085, abs=0.01)  # P(z > ½), the rest is clipped or rounded


def test_what_comes_into_view_is_the_nearest_edge(shifts: ModuleType) -> None:
    flat = np.full((28, 28), 77, np.uint8)
    for seed in range(5):
        moved = shifts.warped(flat, shifts.WARPS["image_large"], np.random.default_rng(seed))
        np.testing.assert_array_equal(moved, flat)


def test_a_move_is_a_share_of_the_side(shifts: ModuleType) -> None:
    dot = np.zeros((101, 101), np.uint8)
    dot[50, 50] = 255
    places = [
        np.argwhere(shifts.warped(dot, shifts.Warp(0, 0.2, 0, 0), np.random.default_rng(seed)) > 60)
        for seed in range(40)
    ]
    away = np.array([np.abs(found - 50).max() for found in places if len(found)])
    assert 15 < away.max() <= 21


@pytest.mark.parametrize("name", ["noise_small", "noise_large", "image_small", "image_large"])
def test_an_image_is_changed_the_same_whatever_is_beside_it(shifts: ModuleType, name: str) -> None:
    rows = np.arange(6)
    together = shifts.transformed(name, photos(), rows, 3)
    alone = shifts.transformed(name, photos()[4:5], rows[4:5], 3)
    np.testing.assert_array_equal(together[4], alone[0])
    assert not np.array_equal(together, shifts.transformed(name, photos(), rows, 4))


def test_every_shift_takes_the_rows_that_it_says(shifts: ModuleType) -> None:
    labels = np.random.default_rng(1).integers(0, 10, 1001)
    zeros = np.count_nonzero(labels == 0)
    for cell in shifts.CELLS:
        rows, changed = shifts.rows_of(cell, labels, 5)
        assert (np.diff(rows) > 0).all()
        left = np.count_nonzero(labels[rows] == 0)
        assert left == zeros - int(np.ceil(cell.removed * zeros))
        if cell.only_zero:
            assert len(rows) == zeros
        else:
            assert np.count_nonzero(labels[rows] != 0) == 1001 - zeros
        if not cell.removed:
            assert np.count_nonzero(changed) == int(np.ceil(cell.changed * len(rows)))
    assert len({cell.name for cell in shifts.CELLS}) == len(shifts.CELLS) == 30


def test_a_knock_out_takes_its_share_from_every_part_of_the_pool(shifts: ModuleType) -> None:
    labels = np.random.default_rng(1).integers(0, 10, 10_000)
    for cell in shifts.CELLS:
        if cell.shift == "knock-out":
            rows, _ = shifts.rows_of(cell, labels, 5)
            first = np.count_nonzero(labels[rows[:2000]] == 0)
            assert abs(first - 200 * (1 - cell.share)) < 50


def test_the_adversarial_step_is_the_smallest_that_succeeds(bench: Any, digits: Path) -> None:
    classifier = bench("detection_classifier")
    images = bench("detection_images").open_images(digits)
    network = classifier.train_classifier(images.pixels[:1200], images.labels[:1200], 10, seed=0, steps=200)
    held = images.pixels[1200:]
    before = classifier.scores_of(network, held)
    assert (before.argmax(axis=1) == images.labels[1200:]).mean() > 0.9
    np.testing.assert_allclose(before.sum(axis=1), 1.0, rtol=1e-5)
    changed = classifier.adversarial(network, held[:100])
    assert changed.dtype == np.uint8
    said, now = before[:100].argmax(axis=1), classifier.scores_of(network, changed).argmax(axis=1)
    fooled = said != now
    assert fooled.mean() > 0.8
    step = np.abs(changed.astype(int) - held[:100].astype(int))
    largest = step.max(axis=(1, 2))
    assert (largest[fooled] >= 1).all()
    assert (largest <= classifier.STEP_LIMIT).all()
    less = held[:100] + np.sign(changed.astype(int) - held[:100]) * np.minimum(
        step, np.maximum(largest - 1, 0)[:, None, None]
    )
    still = classifier.scores_of(network, less.astype(np.uint8)).argmax(axis=1) == said
    assert still[fooled].all()


def test_a_folder_of_classes_is_read_as_squares(bench: Any, tmp_path: Path) -> None:
    import cv2

    for place, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        picture = np.full((40, 60, 3), (10 * place, 20, 200), np.uint8)  # blue, green, red
        cv2.imwrite(str(tmp_path / name / "a.png"), picture)
    images = bench("detection_images").open_images(tmp_path, 16)
    assert images.classes == ("cat", "dog")
    assert images.pixels.shape == (2, 16, 16, 3)
    assert images.pixels[1, 3, 3].tolist() == [200, 20, 10]
    with pytest.raises(SystemExit, match="nor a sub-folder for each class"):
        bench("detection_images").open_images(tmp_path / "cat")


def test_intervals_are_those_of_clopper_and_pearson(bench: Any) -> None:
    interval = bench("detection_table").interval
    assert interval(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert interval(50, 1000) == pytest.approx((0.0373, 0.0654), abs=1e-4)


@pytest.mark.slow
def test_a_run_writes_its_table_and_goes_on_where_it_was(
    bench: Any, digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    detection, results = bench("detection"), bench("detection_results")
    table = tmp_path / "table.md"
    run = [str(digits), "--data", str(tmp_path), "--table", str(table), "--seeds", "0", "--draws", "3"]
    run += ["--references", "matched"]
    detection.main([*run, "--sizes", "20"])
    detection.main([*run, "--sizes", "50", "--methods", "BBSDs"])
    written = table.read_text(encoding="utf-8")
    assert "| method | n = 20 | n = 50 |" in written
    assert "one version of its judge" in written
    path = results.Unit("shifts", 0, 20, "matched").path(tmp_path / "digits" / "results")
    lines = results.read_lines(path)
    assert len(lines) == 4 * 30
    sure = {line.method: line.p_value for line in lines if line.case == "only zero + medium image 1"}
    assert sure["Driftwheel"] <= 0.05
    assert sure["BBSDs"] <= 0.05

    content = path.read_bytes()
    path.write_bytes(content[:-30])  # killed in the middle of its last line
    capsys.readouterr()
    detection.main([*run, "--sizes", "20"])
    assert capsys.readouterr().out.count("1 comparisons in") == 1
    assert sorted(path.read_bytes().splitlines()) == sorted(content.splitlines())
