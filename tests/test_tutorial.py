"""The tutorial works as it is written, and the demo's week ends as it promises."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.tutorials import commands, typed

pytestmark = pytest.mark.long

pytest.importorskip("conformal_clip_data", reason="the extra 'demo' is not installed")

TUTORIAL = Path(__file__).parent.parent / "docs" / "tutorial" / "check-two-folders.md"

EMBEDS = re.compile(r"(driftwheel (?:demo check|check))")
"""With the extra `demo` alone, as in the tutorial, the embedder is gist; here another may be installed."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Run every command of the tutorial in an empty folder; return it and what each command printed."""
    folder = tmp_path_factory.mktemp("tutorial")
    known = [line for line in commands(TUTORIAL.read_text(encoding="utf-8")) if "path/to" not in line]
    return folder, {one: typed(EMBEDS.sub(r"\1 --embedder gist", one), folder) for one in known}


def answer(folder: Path, day: int) -> dict[str, object]:
    document: dict[str, object] = json.loads(
        (folder / "driftwheel-demo" / f"day-{day}.json").read_text("utf-8")
    )
    return document


@pytest.mark.parametrize("day", [1, 2, 3])
def test_a_day_before_the_fault_shows_no_drift(finished: tuple[Path, dict[str, str]], day: int) -> None:
    assert answer(finished[0], day)["verdict"] == "no_drift"


@pytest.mark.parametrize(("day", "severity"), [(4, 1), (5, 2), (6, 3), (7, 4)])
def test_a_day_with_the_fault_shows_drift_and_names_it(
    finished: tuple[Path, dict[str, str]], day: int, severity: int
) -> None:
    found = answer(finished[0], day)
    assert (found["verdict"], found["kind"]) == ("drift", "appearance")
    diagnosis = found["diagnosis"]
    assert isinstance(diagnosis, list)
    assert diagnosis[0]["fault"] == "blur"
    assert abs(diagnosis[0]["severity"] - severity) <= 1
    assert abs(diagnosis[0]["share"] - 0.5) <= 0.15


def test_the_table_has_a_line_a_day_and_says_what_to_open(finished: tuple[Path, dict[str, str]]) -> None:
    folder, printed = finished
    lines = printed["driftwheel demo check"].splitlines()
    assert [line[0] for line in lines if re.match(r"[1-7] +100 ", line)] == list("1234567")
    assert "Day 4 is the first with drift. Open its report:" in lines
    report = Path("driftwheel-demo/report.html")
    assert f"  {report}" in lines
    assert (folder / report).stat().st_size < 6_000_000


def test_a_day_checked_by_hand_says_the_same(finished: tuple[Path, dict[str, str]]) -> None:
    by_hand = [text for command, text in finished[1].items() if command.endswith("driftwheel-demo/day-2")]
    assert by_hand[0].startswith("No drift")
    assert (finished[0] / "day-6.html").is_file()


def test_too_few_images_are_said_to_be_too_few(finished: tuple[Path, dict[str, str]]) -> None:
    few = [text for command, text in finished[1].items() if "exit code" in command]
    assert "exit code 4" in few[0]


def test_the_tutorial_shows_the_table_that_the_demo_prints(finished: tuple[Path, dict[str, str]]) -> None:
    """All but the seconds, and p-values to a digit: they differ a little from one platform to the next."""
    shown = re.findall(r"^[1-7]  +100  (No drift|Drift)", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE)
    assert shown == re.findall(
        r"^[1-7]  +100  (No drift|Drift)", finished[1]["driftwheel demo check"], re.MULTILINE
    )
    assert len(shown) == 7
