"""Help texts fit a terminal, and no sentence in them ends with dots."""

from __future__ import annotations

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from driftwheel.cli import app

WHOLE = get_command(app)
GROUPS = [(), *((name,) for name, one in vars(WHOLE)["commands"].items() if "commands" in vars(one))]


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_every_command_is_told_in_a_whole_sentence(group: tuple[str, ...]) -> None:
    said = CliRunner().invoke(app, [*group, "--help"], env={"COLUMNS": "80"}).output
    usage, *lines = said.splitlines()
    assert usage.startswith("Usage: ")
    assert "Commands:" in lines
    assert [line for line in lines if line.endswith("...") or len(line) > 80] == []


def test_there_are_groups_in_it() -> None:
    assert ("monitors",) in GROUPS
