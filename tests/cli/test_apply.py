"""`driftwheel apply` and `driftwheel export toml`, as whoever looks after the server gives them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Administer

from driftwheel.errors import UsageError

FILE = """
[models.cats]
task = "classification"
embedder = "none"

[models.cats.monitors.drift]
when = "drift is found"
severity = "critical"

[channels.ops]
url = "jsons://${OPS_HOST}/x"
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_HOST", "hooks.example.com")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "driftwheel.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_shown_applied_and_applied_again(administer: Administer, file: Path) -> None:
    shown = administer("apply", file, "--dry-run")
    assert shown.output.splitlines() == [
        "+ models.cats",
        "+ models.cats.monitors.drift",
        "+ channels.ops",
        "It would be: 3 added. Nothing was changed.",
    ]
    assert administer("models", "list").output.startswith("No model is registered yet")
    assert administer("apply", file).output.endswith("Done: 3 added.\n")
    assert administer("apply", file, "--diff").output == "Nothing to change.\n"
    file.write_text(FILE.replace("critical", "info"), encoding="utf-8")
    changed = administer("apply", "-", "--diff", typed=file.read_text(encoding="utf-8"))
    assert changed.output.splitlines() == [
        "~ models.cats.monitors.drift",
        '    - severity = "critical"',
        '    + severity = "info"',
        "Done: 1 changed.",
    ]


def test_what_is_exported_can_be_applied(administer: Administer, file: Path, tmp_path: Path) -> None:
    administer("apply", file)
    out = tmp_path / "out.toml"
    assert administer("export", "toml", "-o", out).exit_code == 0
    assert "hooks.example.com" not in out.read_text(encoding="utf-8")
    assert administer("apply", out, "--prune").output == "Nothing to change.\n"
    out.write_text("[models.cats]\n", encoding="utf-8")
    assert administer("apply", out, "--prune").output.splitlines() == [
        "- models.cats.monitors.drift",
        "- channels.ops",
        "Done: 2 removed.",
    ]


def test_mistakes_are_told(administer: Administer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words, typed, said in (
        (
            ("apply",),
            "",
            "No such file or directory. Write one: driftwheel export",
        ),
        (("apply", "-"), "[models", "-: Expected ']'"),
        (
            ("apply", "-"),
            "[channels.ops]\nurl = '${NO_SUCH}'",
            "${NO_SUCH}, which the environment",
        ),
    ):
        failed = administer(*words, typed=typed)
        assert isinstance(failed.exception, UsageError)
        assert said in str(failed.exception)
