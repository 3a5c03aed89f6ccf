"""`driftwheel demo eyes` as a person runs it."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from driftwheel.cli import app


def demo(*words: object):
    return CliRunner().invoke(app, ["demo", "eyes", *map(str, words)])


def test_a_folder_of_another_form_is_one_line_that_says_which(tmp_path: Path) -> None:
    done = demo("--data", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "has no folder 'closed'" in str(done.exception)
    assert "Closed Eyes in the Wild" in str(done.exception)
    for label in ("open", "closed"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "cat.jpg").touch()
    done = demo("--data", tmp_path)
    assert done.exit_code == 1
    assert "does not say whose eye it is" in str(done.exception)


def test_it_needs_to_be_told_where_the_eyes_are() -> None:
    done = demo()
    assert done.exit_code == 2
    assert "--data" in done.stderr
