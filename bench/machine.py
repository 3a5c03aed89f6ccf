"""What a table of results says about the machine it was made on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def machine_lines(*packages: str) -> list[str]:
    """Return Markdown lines: processor, cores, memory, versions, and the day."""
    info = Path("/proc/cpuinfo")
    models = (
        [
            line.split(":", 1)[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        if info.exists()
        else []
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ("driftwheel", "numpy", "scipy", "opencv-python-headless", *packages)
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    model = models[0] if models else platform.processor()
    machine = f"Machine: {model}, {os.cpu_count()} cores, {memory:.0f} GiB; "
    return [
        f"{machine}Python {platform.python_version()}; {versions}.",
        f"Made {datetime.now(UTC):%Y-%m-%d}.",
    ]
