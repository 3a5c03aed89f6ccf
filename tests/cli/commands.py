"""Commands as a person gives them, each in a process of its own that need not import all anew."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests import fork_server

__all__ = ["run_command"]


def run_command(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``driftwheel arguments`` in a folder; a warning is an error."""
    return fork_server.run(
        *("driftwheel", *arguments),
        environment=os.environ | environment,
        folder=folder,
        options=["-W", "error"],
    )
