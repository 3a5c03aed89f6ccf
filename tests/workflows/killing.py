"""Run a program of these tests in a process of its own, which may be killed at a step."""

from __future__ import annotations

import os
import subprocess
import tempfile

from tests import fork_server

from driftwheel.services.crash_points import VARIABLE


def run_program(module: str, *arguments: str, crash_at: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if crash_at is not None:
        environment[VARIABLE] = crash_at
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = fork_server.start(
            *(module, *arguments),
            imports=[module],
            environment=environment,
            options=["-W", "error"],
            stderr=errors,
        )
        with process.stdout:
            try:
                ended = process.wait(300)
            finally:
                process.kill()
            printed = process.stdout.read()
        errors.seek(0)
        return subprocess.CompletedProcess([module, *arguments], ended, printed, errors.read())
