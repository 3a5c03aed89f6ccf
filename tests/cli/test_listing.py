"""Lists on a terminal: nothing is cut in two, however narrow it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from driftwheel.cli.listing import Cell, print_rows

WHEN = datetime(2026, 3, 5, 6, 7, tzinfo=UTC)
ROWS: list[Mapping[str, Cell]] = [
    {"key": 12, "model": "sorting line", "state": "acknowledged", "what": "Drift: blurred.", "by": "ana"},
    {"key": 3, "model": "x", "state": "firing", "what": None, "by": None},
]


def printed(
    rows: list[Mapping[str, Cell]], width: int, capsys: pytest.CaptureFixture[str], hint: str = ""
) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        print_rows("alerts", rows, as_json=False, sentence="what", below=("by", "until"), hint=hint)
    return capsys.readouterr().out


def test_a_table_where_it_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(ROWS, 60, capsys).splitlines() == [
        "key  model         state         what             by",
        " 12  sorting line  acknowledged  Drift: blurred.  ana",
        "  3  x             firing        –                –",
    ]


def test_what_is_long_goes_below_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(ROWS, 40, capsys).splitlines() == [
        "key  model         state",
        " 12  sorting line  acknowledged",
        "    Drift: blurred.",
        "    by ana",
        "  3  x             firing",
    ]


def test_the_narrowest_terminal_gets_one_thing_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(ROWS, 24, capsys).splitlines() == [
        "key: 12",
        "model: sorting line",
        "state: acknowledged",
        "what: Drift: blurred.",
        "by: ana",
        "",
        "key: 3",
        "model: x",
        "state: firing",
    ]


def test_long_sentences_are_wrapped_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[Mapping[str, Cell]] = [{"key": 1, "what": "about 50 % of the images look blurred", "by": None}]
    assert printed(rows, 26, capsys).splitlines() == [
        "key",
        "  1",
        "    about 50 % of the",
        "    images look blurred",
    ]


def test_cells_are_shown_as_people_write_them_and_steer_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows: list[Mapping[str, Cell]] = [{"when": WHEN, "on": True, "models": ("a", "b"), "name": "\x1b[31mred"}]
    assert printed(rows, 80, capsys).splitlines()[1] == "2026-03-05 06:07  yes  a, b    \\x1b[31mred"
    assert printed([{"name": "画像", "n": 5}], 80, capsys).splitlines() == ["name  n", "画像  5"]


def test_json_keeps_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows("alerts", [{"last sent": WHEN, "what": None}], as_json=True, sentence="what")
    assert json.loads(capsys.readouterr().out) == {
        "alerts": [{"last_sent": "2026-03-05T06:07:00Z", "what": None}]
    }


def test_nothing_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed([], 80, capsys, "Make one.") == "There are no alerts. Make one.\n"
