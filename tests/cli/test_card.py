"""The command that writes the card of a version."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.services.release.registry import NOW
from tests.services.release.two_colours import CLASSES, network
from typer.testing import CliRunner, Result

from driftwheel.cli.app import app
from driftwheel.errors import UsageError
from driftwheel.services.models.register_model import NewModel, add_model_version, register_model
from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs


def call(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_a_card_is_written_with_what_people_say(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWHEEL_DATA", str(tmp_path))
    monkeypatch.setenv("DRIFTWHEEL_DISK_RESERVE_BYTES", "0")
    shutil.copyfile(migrated_sqlite, tmp_path / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    register_model(engine, NewModel("cam", "classification", CLASSES, embedder="none"), by="me", now=NOW)
    blobs = Blobs.open(f"file://{tmp_path}/blobs")
    add_model_version(engine, blobs, "cam", "v1", onnx=network(), by="me", now=NOW)
    (tmp_path / "use.md").write_text("Sorts *cloth*.\n", encoding="utf-8")

    said = call(
        "card", "cam", "v1", "--text", "contact=a=b", "--text", f"intended_use=@{tmp_path / 'use.md'}"
    )
    assert said.exit_code == 0, said.output
    assert "# cam, version v1" in said.output
    assert "a=b" in said.output
    assert "Sorts *cloth*." in said.output
    file = tmp_path / "card.html"
    assert call("card", "cam", "v1", "--format", "html", "--output", str(file)).exit_code == 0
    assert "Sorts <em>cloth</em>." in file.read_text(encoding="utf-8")
    plain = json.loads(call("card", "cam", "v1", "--format", "json", "--take-back", "contact").output)
    assert list(plain["texts"]) == ["intended_use"]
    assert len(plain["digest"]) == 64

    for words, told in (
        (("cam", "v2"), "no version 'v2'"),
        (("cam", "v1", "--text", "contact"), "as contact=Ann Lee"),
        (("cam", "v1", "--text", "contact=@no.md"), "Cannot read 'no.md'"),
        (("cam", "v1", "--text", "contact=x", "--take-back", "contact"), "given twice"),
    ):
        failed = call("card", *words)
        assert isinstance(failed.exception, UsageError)
        assert told in str(failed.exception)
