"""`driftwheel labels export` and `import`, on a project of an installation."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.cli.conftest import Administer
from tests.services.labelling import labelling

from driftwheel.errors import LabelFormatError, UsageError
from driftwheel.store.engine.database import open_database


@pytest.fixture
def project(data: Path) -> str:
    """A project with a labelled image, and two that nobody has labelled."""
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    work = labelling(engine, 3)
    work.label("ann", "dog")
    engine.dispose()
    return work.project.name


def test_labels_go_out_and_come_in(administer: Administer, project: str, tmp_path: Path) -> None:
    target = tmp_path / "labels.csv"
    done = administer("labels", "export", project, str(target))
    assert done.output == f"{target}: 1 images, 1 answers (csv)\n"
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert rows == [{"image": "i0", "label": "dog"}]
    target.write_text("image,label\ni1.jpg,cat\nx.jpg,cat\ni2,cow\n")
    done = administer("labels", "import", str(target), project, "--as", "consensus")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        f"{target}: 3 images, 1 labels taken, 0 new tasks (csv)",
        "left out: 1: no record of the model has their name (x.jpg)",
        "left out: 1: they name a class that the project has not (i2)",
        "classes that the project has not: cow (1)",
        "import 1; to take it back: driftwheel labels imports PROJECT --undo 1",
    ]
    checked = administer("labels", "import", str(target), project, "--as", "consensus", "--check")
    assert checked.output.splitlines()[0] == f"{target}: 3 images, 0 labels taken, 0 new tasks (csv)"
    assert administer("labels", "import", str(target), project, "--as", "consensus").exit_code == 1
    assert (
        "import 1: labels.csv: 1 of 3 images as consensus" in administer("labels", "imports", project).output
    )
    done = administer("labels", "imports", project, "--undo", "1")
    assert done.output == "import 1: Taken back: 1. Touched since, so they stay: 0.\n"


def test_what_cannot_be_done_is_said(administer: Administer, project: str, tmp_path: Path) -> None:
    for words, message in (
        (("export", "nothing", "a.csv"), "There is no labelling project 'nothing'"),
        (("export", project, "a.txt"), "format to write is not clear"),
        (("export", project, "a", "--to-format", "yolo"), "give a name that ends in"),
        (("export", project, "a.csv", "--pool", "frist"), "Did you mean 'first'"),
    ):
        at = [str(tmp_path / one) if one.startswith("a") and one != project else one for one in words]
        with pytest.raises(UsageError, match=message):
            raise administer("labels", *at).exception or AssertionError
    path = tmp_path / "a.json"
    path.write_text('[{"id": 1, "data": {"image": 3}}]')
    with pytest.raises(LabelFormatError):
        raise administer("labels", "import", str(path), project, "--as", "golden").exception or AssertionError
