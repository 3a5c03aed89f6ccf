"""The tutorial of the server works as it is written, down to the first alert and what it says."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tutorials import blocks, commands, serve, typed

pytest.importorskip("conformal_clip_data", reason="the extra 'demo' is not installed")

from driftwheel.demo.set_up import wait_for_reference
from driftwheel.demo.textile_week import FAULT, plan_week, textile_images
from driftwheel.demo.write_week import write_week

pytestmark = pytest.mark.long

TUTORIAL = Path(__file__).parent.parent / "docs" / "tutorial" / "watch-a-model.md"
TEXT = TUTORIAL.read_text(encoding="utf-8")
WAITED_FOR = 300.0  # seconds, of a machine that is busy with other tests


def images(folder: Path) -> None:
    """What `driftwheel demo check` writes, as far as it is logged, without its checks of every day."""
    shots = tuple(one for one in plan_week(textile_images(), 0) if one.day <= 4)
    folder.mkdir()
    write_week(folder, shots, fault=FAULT, seed=0)


def wait_until(command: str, holds: str, folder: Path) -> str:
    deadline = time.monotonic() + WAITED_FOR
    while not re.search(holds, printed := typed(command, folder)):
        assert time.monotonic() < deadline, f"{command} still says:\n{printed}"
        time.sleep(1)
    return printed


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Do what the tutorial says in an empty folder, and yield what each command printed.

    `auto` is another embedder where the extra `embed` is installed; with the extra `demo` alone it is gist.
    """
    folder = tmp_path_factory.mktemp("watch")
    (program,) = blocks(TEXT, "python")
    known = commands(TEXT)
    assert known[:2] == ["driftwheel demo check", "driftwheel serve"]
    images(folder / "driftwheel-demo")
    found = {}
    with serve(folder, {"DRIFTWHEEL_SETTLE_SECONDS": "2"}) as server:
        own = program.replace("http://127.0.0.1:8080", server.url)
        (folder / "log_day.py").write_text(own, encoding="utf-8")
        for command in known[2:]:
            whole = command.replace("register textile", "register textile --embedder gist")
            match command.split():
                case ["driftwheel", "reference", "show", *_]:
                    wait_for_reference(server.api(), "textile")
                    found[command] = typed(whole, folder)
                case ["driftwheel", "alerts", "list"]:
                    found[command] = wait_until(whole, "camera=right", folder)
                case _:
                    found[command] = typed(whole, folder)
        yield found


def test_the_days_are_logged_whole(printed: dict[str, str]) -> None:
    told = [text for command, text in printed.items() if "log_day" in command]
    assert [text.count("sent=100") for text in told] == [3, 1]
    assert all("rejected=0" in text for text in told)


def test_the_list_has_the_alerts_that_the_tutorial_names(printed: dict[str, str]) -> None:
    rows = [line for line in printed["driftwheel alerts list"].splitlines() if "critical" in line]
    assert len(rows) == 2
    assert sum("camera=right" in row for row in rows) == 1


def test_the_alert_says_what_the_tutorial_shows(printed: dict[str, str]) -> None:
    """Line by line, but for the numbers, which differ a little from one platform to the next."""
    shown = next(block for block in blocks(TEXT, "text") if "wrong" in block)
    said = printed["driftwheel alerts show 1"]
    assert FAULT in said.lower()

    def skeleton(text: str) -> list[str]:
        return [re.sub(r"[0-9][0-9.,:-]*", "N", line).rstrip() for line in text.strip().splitlines()]

    assert skeleton(shown) == skeleton(said)
