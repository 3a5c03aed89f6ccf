"""Bring your own: a command gets a dataset and leaves a model; what it lacks is said, and it ends with us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.learning.digits import need_training
from tests.learning.trainers import shapes

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.load_classifier import load_classifier
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, write_classifier
from driftwheel.learning.networks.classifier_shape import small_shape
from driftwheel.learning.networks.torch_network import fresh_weights
from driftwheel.learning.trainers.command_trainer import CommandTrainer, read_command
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.trainer import TrainingJob

need_training()


def _job(folder: Path) -> TrainingJob:
    train = shapes.stripes(8, seed=0)
    recipe = Recipe("command", command="mine", seed=7)
    return TrainingJob(train, shapes.stripes(4, seed=9), np.ones(8), recipe, folder)


def _command(folder: Path, program: str) -> CommandTrainer:
    script = folder / "my train.py"
    script.write_text("import sys, pathlib, json\nd, o = map(pathlib.Path, sys.argv[1:])\n" + program)
    return CommandTrainer((sys.executable, str(script)))


def _model(folder: Path, classes: tuple[str, ...]) -> Path:
    shape = small_shape(classes, side=32, width=4, levels=1)
    file = folder / "ready.onnx"
    file.write_bytes(write_classifier(ClassifierNetwork(shape, fresh_weights(shape, 0))))
    return file


def test_a_command_gets_images_and_leaves_a_model(tmp_path: Path) -> None:
    ready = _model(tmp_path, ("across", "down"))
    program = (
        "about = json.loads((d / 'dataset.json').read_text())\n"
        "n = len(list((d / 'train' / 'down').glob('*.png')))\n"
        "print('learns from', n, about['classes'], about['seed'], (d / 'start.onnx').exists())\n"
        f"(o / 'model.onnx').write_bytes(pathlib.Path({str(ready)!r}).read_bytes())\n"
        "(o / 'metrics.json').write_text(json.dumps({'accuracy': 0.5, 'note': 'x', 'bad': True}))\n"
    )
    watched = shapes.Watched()
    job = replace(_job(tmp_path / "work"), start=ready.read_bytes())

    found = _command(tmp_path, program).train(job, watched)

    assert "learns from 4 ['across', 'down'] 7 True" in watched.lines
    assert found.notes == {"command_metrics": {"accuracy": 0.5}}
    classifier = load_classifier(found.file, threads=1)
    assert classifier is not None
    assert classifier.classes == ("across", "down")


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("print('no luck'); sys.exit(3)", "status 3. Its last lines: no luck"),
        ("pass", "left no model.onnx"),
        ("(o / 'model.onnx').write_bytes(b'x')", "no ONNX model"),
    ],
)
def test_what_it_does_wrong_is_said(program: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(DriftwheelError, match=told):
        _command(tmp_path, program).train(_job(tmp_path / "work"), shapes.Watched())


def test_a_model_of_other_classes_is_refused(tmp_path: Path) -> None:
    ready = _model(tmp_path, ("cat", "dog"))
    program = f"(o / 'model.onnx').write_bytes(pathlib.Path({str(ready)!r}).read_bytes())"

    with pytest.raises(DriftwheelError, match="names the classes cat, dog; the images show across, down"):
        _command(tmp_path, program).train(_job(tmp_path / "work"), shapes.Watched())


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DriftwheelError, match="cannot be started"):
        CommandTrainer(("/no/such/program",)).train(_job(tmp_path / "work"), shapes.Watched())


def test_the_command_ends_with_whoever_asked_for_it(tmp_path: Path) -> None:
    supervised = [sys.executable, "-m", "driftwheel.learning.trainers.supervised", "--"]
    sleeps = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
    with subprocess.Popen([*supervised, *sleeps], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)
    for _ in range(300):  # until the system has forgotten it
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("The command still runs.")


def test_an_empty_command_and_open_quotes_are_refused() -> None:
    with pytest.raises(UsageError, match="is empty"):
        read_command("  ")
    with pytest.raises(UsageError, match="Close every quotation mark"):
        read_command("train 'x")
    assert json.dumps(read_command("a 'b c'")) == '["a", "b c"]'
