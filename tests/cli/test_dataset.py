"""`driftwheel dataset`, on an installation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Administer
from tests.services.datasets.labelled_animals import Animals, picture
from tests.services.labelling import labelling

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs


@pytest.fixture
def model(data: Path) -> str:
    """A model with six images: two labelled in a pool, two told."""
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    work = labelling(engine, 6)
    work.label("ann", "dog")
    work.label("ann", "cat")
    Animals(engine, Blobs.open(str(data / "blobs")), work).tell({"i2": "cat", "i3": "dog"})
    engine.dispose()
    return work.model


def test_from_labels_to_files(administer: Administer, model: str, tmp_path: Path) -> None:
    done = administer("dataset", "create", model, "--split", "0.5,0,0.5", "--note", "first")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{model}, dataset version 1: 4 images (2 train, 0 validation, 2 test)\n")
    again = administer("dataset", "create", model, "--split", "0.5,0,0.5")
    assert "version 1 holds the very same; no other is made" in again.output
    told = administer("dataset", "create", model, "--source", "told", "--pool", "first")
    assert "version 2: 2 images" in told.output
    rows = json.loads(administer("dataset", "list", model, "--json").output)["datasets"]
    assert [(one["number"], one["images"], one["note"]) for one in rows] == [(2, 2, None), (1, 4, "first")]
    shown = administer("dataset", "show", model, 1).output
    assert "people: ann 2, token x 2" in shown
    assert "labels: consensus 2, told 2" in shown
    difference = administer("dataset", "diff", model, 1, 2).output.splitlines()
    assert difference[0] == f"{model}, version 1 to 2: 4 images, then 2"
    assert difference[2].startswith("2 only in the earlier: i")
    target = tmp_path / "labels.csv"
    done = administer("dataset", "export", model, 1, target)
    assert done.output == f"{target}: 4 images (csv)\n"
    assert target.read_text().startswith("image,label\ntrain/i")
    manifest = tmp_path / "all.jsonl"
    assert administer("dataset", "export", model, 1, manifest).exit_code == 0
    assert len(manifest.read_text().splitlines()) == 5
    assert "is removed: 2 images" in administer("dataset", "remove", model, 2).output
    with pytest.raises(UsageError, match="was removed"):
        raise administer("dataset", "diff", model, 1, 2).exception or AssertionError


def test_from_a_folder(administer: Administer, model: str, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    for number in range(4):
        path = folder / ("cat" if number % 2 else "dog") / f"p{number // 2}_{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    done = administer("dataset", "create", model, "--folder", folder, "--group-pattern", "{patient}_{_}")
    assert done.exit_code == 0, done.output
    assert "groups of several images: 2" in administer("dataset", "show", model, 1).output
    more = administer("dataset", "create", model, "--from", 1, "--labels")
    assert "version 2: 8 images" in more.output
    folder.joinpath("dog", "again.png").write_bytes(picture(1))
    torn = administer("dataset", "create", model, "--folder", folder)
    assert "left out: 1: the folder has them twice, with different labels (" in torn.output


def test_what_cannot_be_done_is_said(administer: Administer, model: str, tmp_path: Path) -> None:
    assert administer("dataset", "list", model).output == (
        f"There are no datasets. Make one: driftwheel dataset create {model}\n"
    )
    for words, message in (
        (("create", "nothing"), "no model 'nothing'"),
        (("create", model, "--split", "all"), "'all' are no shares"),
        (("create", model, "--pool", "frist"), "Did you mean 'first'"),
        (("create", model, "--since", "now"), "'now' is no time"),
        (("create", model, "--no-labels"), "Say what the version is made of"),
        (("show", model, 3), "no dataset version 3; it has none yet"),
        (("export", model, 1, tmp_path / "a.txt"), "format to write is not clear"),
        (("export", model, 1, tmp_path / "a", "--to-format", "yolo"), "give a name that ends in"),
    ):
        with pytest.raises(UsageError, match=message):
            raise administer("dataset", *words).exception or AssertionError
