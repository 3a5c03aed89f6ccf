"""`driftwheel train` and `driftwheel trainings`: asked for, listed, shown, stopped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.learning.digits import need_training
from tests.services.train.striped_model import striped_model

from driftwheel.cli import train
from driftwheel.cli.data_options import acting_user
from driftwheel.errors import UsageError
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.train.training_runs import run_by_key


def test_a_training_is_asked_for_listed_and_stopped(
    migrated_sqlite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_training()
    shutil.copyfile(migrated_sqlite, tmp_path / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    striped_model(engine, Blobs.open(str(tmp_path / "blobs")), tmp_path / "given", 40)

    train.train("stripes", side=32, fault=["blur:4"], seed=3, data=tmp_path)
    asked = capsys.readouterr().out
    train.trainings("stripes", as_json=True, data=tmp_path)
    (row,) = json.loads(capsys.readouterr().out)["trainings"]
    train.trainings("stripes", stop=row["run"], data=tmp_path)
    train.trainings("stripes", run=row["run"], data=tmp_path)
    shown = capsys.readouterr().out

    assert f"driftwheel trainings stripes --run {row['run']}" in asked
    assert (row["state"], row["trainer"], row["dataset"]) == ("waiting", "linear-head", 1)
    assert f"Stopped by {acting_user()}." in shown
    with reading(engine) as connection:
        run = run_by_key(connection, row["run"])
    engine.dispose()
    assert run is not None
    assert run.recipe["faults"] == [{"fault": "blur", "severity": 4, "variant": ""}]
    with pytest.raises(UsageError, match="Did you mean 'blur'"):
        train.train("stripes", fault=["blurr:4"], data=tmp_path)
