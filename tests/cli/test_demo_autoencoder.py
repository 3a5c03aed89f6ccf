"""`driftwheel demo autoencoder` as a person runs it."""

from pathlib import Path

from tests.demo.test_autoencoder import data
from tests.learning.digits import need_training
from typer.testing import CliRunner

from driftwheel.cli import app
from driftwheel.learning.autoencoder import open_autoencoder

__all__ = ["data"]


def demo(*words: object):
    return CliRunner().invoke(app, ["demo", "autoencoder", *map(str, words)])


def test_it_prints_the_losses_beside_the_published_ones_and_keeps_the_network(data: Path, tmp_path: Path):
    need_training()
    out = tmp_path / "digits.onnx"
    done = demo("--data", data, "--epochs", 1, "--draws", 2, "--threads", 1, "--out", out)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith("Trained on 997 images, 1 times each, in ")
    assert [line.split()[-2] for line in lines if line.startswith(("MNIST", "notMNIST "))][:3] == [
        "0.1011", "0.1024", "0.1458"
    ]  # fmt: skip
    assert sum("%" in line for line in lines) >= 7
    assert open_autoencoder(out).facts.n_fit == 997


def test_a_mistake_is_said_before_the_work(data: Path, tmp_path: Path):
    done = demo("--data", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "There is no folder" in str(done.exception)
    done = demo("--data", data, "--out", tmp_path / "no" / "such.onnx")
    assert "Cannot write" in str(done.exception)
