"""Run a program of these tests in a process of its own, which may be killed at a step."""

from __future__ import annotations

import os
import subprocess

from tests import fork_server

from driftwheel.services.crash_points import VARIABLE


def run_program(module: str, *arguments: str, crash_at: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if crash_at is not None:
        environment[VARIABLE] = crash_at
    return fork_server.run(module, *arguments, environment=environment, options=["-W", "error"])
