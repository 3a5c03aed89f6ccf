"""The published experiment: on small digits in seconds, and as it is for those who have MNIST."""

import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.learning.digits import digits, need_training

from driftwheel.demo.autoencoder import ALPHAS, repeat_experiment
from driftwheel.errors import SourceError, UsageError
from driftwheel.learning.autoencoder import open_autoencoder

SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", Path(__file__).parents[3] / "shared")) / "data"


def write_idx(path: Path, images: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    large = np.stack([cv2.resize(image, (28, 28), interpolation=cv2.INTER_CUBIC) for image in images])
    path.write_bytes(bytes([0, 0, 8, 3]) + struct.pack(">3I", *large.shape) + large.tobytes())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of the real data, of which the other images are digits lying on their side."""
    folder = tmp_path_factory.mktemp("data")
    pictures = digits()
    write_idx(folder / "mnist" / "train-images-idx3-ubyte", pictures[:1300])
    write_idx(folder / "mnist" / "t10k-images-idx3-ubyte", pictures[1300:])
    write_idx(folder / "notmnist" / "t10k-images-idx3-ubyte", pictures[1300:].transpose(0, 2, 1, 3))
    return folder


def test_what_it_reports_adds_up(data: Path):
    need_training()
    told = []
    done = repeat_experiment(
        data,
        epochs=6,
        draws=60,
        threads=1,
        on_progress=lambda stage, n, total: told.append((stage, n, total)),
    )
    facts = open_autoencoder(done.model).facts
    assert (done.n_fit, len(facts.held_out_errors), done.epochs) == (1300 - 260 - 43, 130, 6)
    assert facts.training.noise == 0.5
    validation, again, other, _, clean = (one.loss for one in done.losses)
    assert again == pytest.approx(validation, rel=0.02)
    assert other > 1.2 * validation
    assert clean == pytest.approx(facts.held_out_loss, rel=0.1)
    assert [one.published for one in done.losses] == [0.1011, 0.1024, 0.1458, None, None]
    unchanged, _, changed = done.rates
    assert unchanged.significant[0] <= 0.25  # the 130 + 130 images themselves differ by chance
    assert changed.significant == (1.0,) * len(ALPHAS)
    assert changed.drifted == 1.0
    assert {stage for stage, _, _ in told} == {"Training the autoencoder", "Drawing windows of 20"}
    assert sum(n for stage, n, _ in told if stage.startswith("Drawing")) == 180


def test_too_few_images_and_missing_files_are_said(data: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="9 training images cannot be used; give 1,000 to 1,300"):
        repeat_experiment(data, images=9)
    with pytest.raises(SourceError, match=r"There is no folder .*mnist"):
        repeat_experiment(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "mnist").is_dir(), reason="no MNIST: set DRIFTWHEEL_SHARED")
def test_the_published_experiment_is_met_and_beaten():
    need_training()
    done = repeat_experiment(SHARED)
    validation, again, other = (one.loss for one in done.losses[:3])
    assert validation <= 0.095
    assert again <= 1.02 * validation
    assert other >= 1.6 * validation
    unchanged, _, changed = done.rates
    assert unchanged.drifted <= 0.05
    assert changed.drifted >= 0.95
    assert 0.03 <= unchanged.significant[0] <= 0.066
