"""What the parser refuses is said in plain words, and mistaken sources say which and what would do."""

from pathlib import Path

import pytest
from tests.cli.commands import run_command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("profile", "a", "-o", "m.dwp", "--window", "month"),
            "'month' is not one of 'hour', 'day', 'week'.",
        ),
        (("check", "a", "b", "--fail-on", "x"), "'x' is not one of 'drift'."),
        (("check", "a", "b", "--threads", "0"), "'0' is too small; give 1 or more."),
        (("check", "a", "b", "--seed", "x"), "'x' is no whole number."),
        (("check", "a", "b", "--false-alarms-per-year", "x"), "'x' is no number."),
        (
            ("check", "a", "b", "--false-alarms-per-year", "1e9"),
            "--false-alarms-per-year is 1e+09, but with --windows-per-year 365",
        ),
        (
            ("check", "a", "b", "--false-alarms-per-year", "-1"),
            "--false-alarms-per-year is -1; give a number",
        ),
        (("compare", "a", "b", "--false-alarms-per-year", "365"), "Give a number above 0 and below 365"),
        (
            ("compare", "a", "b", "--windows-per-year", "nan"),
            "--windows-per-year is nan; give a number above 0",
        ),
        (
            ("check", "", "a.png"),
            "Error: Reference: An empty text ('') names no images; for the current folder",
        ),
        (("check", ".", ""), "Error: Current: An empty text ('') names no images; for the current folder"),
        (("profile", "", "-o", "m.dwp"), "An empty text ('') names no images"),
        (
            ("check", ".", "nope"),
            "Error: Current: There is nothing at nope. Give a folder, a glob in quotes,",
        ),
    ],
)
def test_a_mistake_is_said_in_plain_words(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = run_command(tmp_path, *arguments)
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert "Value error" not in done.stderr
    assert "Warning" not in done.stderr
    assert done.stdout == ""
