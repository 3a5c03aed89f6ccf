"""Run a program of these tests in a process of its own, which may be killed at a step."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from driftwheel.services.crash_points import VARIABLE

ROOT = Path(__file__).parents[2]


def run_program(module: str, *arguments: str, crash_at: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment["PYTHONPATH"] = str(ROOT)
    if crash_at is not None:
        environment[VARIABLE] = crash_at
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", module, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
