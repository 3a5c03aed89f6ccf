from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.services.grey_autoencoder import grey_autoencoder
from tests.workflows.installation import picture
from typer.testing import CliRunner, Result

from driftwheel.cli.app import app
from driftwheel.cli.moments import as_moment
from driftwheel.errors import UsageError
from driftwheel.profiles import read_profiles
from driftwheel.services.clock import utc_now
from driftwheel.settings import Settings
from driftwheel.store.engine.database import open_database, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.models.references import create_reference, set_reference_ready
from driftwheel.workflows import run


@pytest.fixture(autouse=True)
def settings(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWHEEL_DATA", str(data))
    monkeypatch.setenv("DRIFTWHEEL_DISK_RESERVE_BYTES", "0")


def call(*words: str, mistake: bool = False) -> str:
    result: Result = CliRunner().invoke(app, words)
    if mistake:
        assert isinstance(result.exception, UsageError), result.output
        return str(result.exception)
    assert result.exception is None, result.exception
    return result.output


def test_a_model_from_registration_to_its_reference(tmp_path: Path) -> None:
    said = ["--embedder", "gist", "--class", "cat", "--class", "dog", "--segment", "camera", "--days", "30"]
    out = call("models", "register", "cam", "--window", "hour", *said)
    assert "cam: classification" in out
    assert "classes: cat, dog" in out
    assert "records are kept for 30 days, of their images 100 %" in out
    assert "cam: classification, profiles by the hour" in call("models", "list")
    out = call("models", "change", "cam", "--for-ever", "--keep-images", "0")
    assert "records are kept for ever, of their images 0 %" in out
    assert "segments by camera" in out
    assert "false alarms: at most 1 a year" in out
    assert "at most 0.5 a year" in call("models", "change", "cam", "--false-alarms-per-year", "0.5")
    said = call("models", "change", "cam", "--false-alarms-per-year", "1e-320", mistake=True)
    assert "Give at least 0.00876, for example 1." in said
    call("models", "add-version", "cam", "1.0")
    out = call("models", "show", "cam")
    assert "version 1.0" in out
    assert "reference: none" in out

    assert "cam has no reference" in call("reference", "show", "cam")
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(6):
        (folder / f"{i}.png").write_bytes(picture(i))
    call("reference", "set", "cam", "--folder", str(folder))
    assert "measuring" in call("reference", "show", "cam")
    out_file = tmp_path / "reference.dwp"
    mistake = call("reference", "show", "cam", "-o", str(out_file), mistake=True)
    assert mistake == "The reference of 'cam' is not measured yet; there is nothing to write."
    call("worker", "--once", "--threads", "1")
    assert not run.is_running()
    out = call("reference", "show", "cam", "-o", str(out_file))
    assert "in use" in out
    assert "6 images, 6 kept one by one, embeddings in gist-1/" in out
    assert read_profiles(out_file).whole().n == 6
    assert "reference: folder" in call("models", "show", "cam")
    call("models", "backfill", "cam", "--since", "2026-01-01", "--until", "2026-02-01")
    call("worker", "--once", "--threads", "1")


def test_mistakes(data: Path) -> None:
    call("models", "register", "cam", "--embedder", "none")
    assert "There is already a model 'cam'" in call("models", "register", "cam", mistake=True)
    assert "Did you mean 'cam'" in call("models", "show", "cm", mistake=True)
    assert "Give one of: --folder" in call("reference", "set", "cam", mistake=True)
    both = ["--folder", str(data), "--trailing", "3"]
    assert "Give one of: --folder" in call("reference", "set", "cam", *both, mistake=True)
    since = ["--since", "yesterday", "--until", "today"]
    assert "'yesterday' is no time" in call("models", "backfill", "cam", *since, mistake=True)
    version = ["models", "add-version", "cam", "1", "--onnx", str(data / "none.onnx")]
    assert "cannot be read" in call(*version, mistake=True)


@pytest.mark.parametrize(
    "words",
    [
        ["models", "register", "cam"],
        ["models", "list"],
        ["models", "change", "cam", "--days", "3"],
        ["reference", "set", "cam", "--trailing", "3"],
    ],
)
def test_no_command_makes_an_installation_where_none_is(data: Path, words: list[str]) -> None:
    wrong = data.with_name("dta")
    said = call(*words, "--data", str(wrong), mistake=True)
    assert said.startswith(f"There is no installation in '{wrong}'")
    assert "Did you mean 'data'?" in said
    assert said.endswith(f"start one there: driftwheel serve --data {wrong}")
    assert not wrong.exists()


def test_nor_tables_in_a_file_that_has_none(data: Path) -> None:
    empty = data / "empty.sqlite"
    empty.touch()
    for _ in range(2):
        said = call("models", "register", "cam", "--database-url", f"sqlite:///{empty}", mistake=True)
        assert "not made yet" in said


def test_times_may_name_their_zone() -> None:
    assert as_moment("2026-03-04T05:06:07+02:00").isoformat() == "2026-03-04T03:06:07+00:00"


@pytest.mark.parametrize(
    "words", [["worker", "--help"], ["models", "--help"], ["reference", "set", "--help"]]
)
def test_help_imports_nothing_of_the_service(words: list[str]) -> None:
    code = (
        "import sys\nfrom driftwheel.cli import main\nsys.argv[1:] = sys.argv[1:]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('dbos', 'sqlalchemy', 'numpy', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_autoencoder_is_set_seen_and_removed(tmp_path: Path) -> None:
    file = tmp_path / "autoencoder.onnx"
    file.write_bytes(grey_autoencoder([picture(i) for i in range(4)]))
    call("models", "register", "eye", "--embedder", "none")
    assert "autoencoder: none" in call("models", "show", "eye")
    refused = call("models", "set-autoencoder", "eye", str(file), mistake=True)
    assert "driftwheel reference set eye --folder" in refused
    assert "No such file" in call("models", "set-autoencoder", "eye", str(tmp_path / "x.onnx"), mistake=True)
    engine = open_database(Settings.load().database_url)
    for _ in range(2):
        with writing(engine) as connection:
            model = find_model(connection, "eye")
            made = create_reference(
                connection, model.key, kind="folder", source={}, created=utc_now(), by="me"
            )
            set_reference_ready(connection, made.key, None)
        if "none" in call("models", "show", "eye").partition("autoencoder: ")[2][:5]:
            said = call("models", "set-autoencoder", "eye", str(file))
            assert "driftwheel models backfill eye SINCE UNTIL" in said
            assert "earlier" not in call("models", "show", "eye")
    engine.dispose()
    assert ", trained on an earlier reference" in call("models", "show", "eye")
    assert "no autoencoder any more" in call("models", "remove-autoencoder", "eye")
    assert "autoencoder: none" in call("models", "show", "eye")
    assert "models show eye" in call("models", "train-autoencoder", "eye", "--side", "16", "--grey")
    assert "autoencoder: in training, " in call("models", "show", "eye")
