"""Every command a page tells a newcomer is one that exists."""

import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from driftwheel.cli.app import app


def files(folder: Traversable) -> Iterator[Traversable]:
    for one in folder.iterdir():
        yield from files(one) if one.is_dir() else [one]


COMMAND = r"driftwheel ([a-z][a-z-]*(?: [a-z][a-z-]+)*[^\"<}]*)"
TOLD = sorted(
    {
        found.group(1)
        for file in files(resources.files("driftwheel.web") / "templates")
        for found in re.finditer(
            r"driftwheel ([a-z][a-z-]*(?: [a-z][a-z-]+)*[^\"<}]*)", file.read_text("utf-8")
        )
        if not found.group(1).startswith(("serve<",))
    }
)


def test_commands_are_told() -> None:
    assert len(TOLD) >= 5


@pytest.mark.parametrize("words", TOLD)
def test_the_command_exists_with_its_options(words: str) -> None:
    parts = words.split()
    command = get_command(app)
    path = []
    for part in parts:
        known = getattr(command, "commands", None)
        if known is None:
            break
        assert part in known, f"driftwheel {words}"
        command, path = known[part], [*path, part]
    help_ = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200"})
    assert help_.exit_code == 0
    for option in re.findall(r"--[a-z-]+", words):
        assert option in help_.output, f"driftwheel {words}"
