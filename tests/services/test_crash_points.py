"""A process told to end at a point ends there, at the time it was told, as if it were killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

LOOP = """
from driftwheel.services.crash_points import reach
for number in range(5):
    print(number, flush=True)
    reach("other")
    reach("here")
print("end")
"""


def run(told: str | None, code: str = LOOP) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DRIFTWHEEL_CRASH_AT"}
    if told is not None:
        environment["DRIFTWHEEL_CRASH_AT"] = told
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("told", [None, "", "nowhere", "here:6"])
def test_without_being_told_nothing_happens(told: str | None) -> None:
    done = run(told)
    assert (done.returncode, done.stdout.split()) == (0, ["0", "1", "2", "3", "4", "end"])


@pytest.mark.parametrize(
    ("told", "printed"), [("here", ["0"]), ("here:1", ["0"]), ("here:3", ["0", "1", "2"])]
)
def test_it_ends_at_the_point_and_no_handler_runs(told: str, printed: list[str]) -> None:
    done = run(told, "import atexit; atexit.register(lambda: print('handled'))" + LOOP)
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, printed)


@pytest.mark.parametrize("told", ["here:0", "here:-1", "here:x"])
def test_what_makes_no_sense_is_said(told: str) -> None:
    done = run(told)
    assert done.returncode == 1
    assert "expected a name, or name:times with times above 0" in done.stderr
