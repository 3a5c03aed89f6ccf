"""What the base install costs: seconds until `driftwheel --help` is on the screen, and megabytes on disk.

Makes an environment of its own, with no extra, from constraints.txt.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from machine import machine_lines

BENCH = Path(__file__).parent
ROOT = BENCH.parent
HOME = BENCH / ".venvs" / "startup"
RUNS = 20
MOST_SECONDS, MOST_MEGABYTES = 0.5, 450


def install() -> Path:
    """Make the environment anew and return its folder of programs."""
    shutil.rmtree(HOME, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
    programs = HOME / "bin"
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", ROOT / "constraints.txt", ROOT], check=True)
    return programs


def seconds(command: list[str | Path]) -> list[float]:
    """Wall-clock seconds of each of `RUNS` runs, after one that fills the disk cache and compiles."""
    taken = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return sorted(taken[1:])


def megabytes() -> dict[str, float]:
    """Size of each installed package in MB (10⁶ bytes), without pip and setuptools, which venv brings."""
    packages = next(HOME.glob("lib/python*/site-packages"))
    sizes: dict[str, float] = {}
    for entry in packages.iterdir():
        if entry.name.startswith(
            ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence")
        ):
            continue
        files = [entry] if entry.is_file() else [path for path in entry.rglob("*") if path.is_file()]
        name = entry.name.split("-")[0].removesuffix(".libs").removesuffix(".py")
        sizes[name] = sizes.get(name, 0.0) + sum(path.stat().st_size for path in files) / 1e6
    return sizes


def main() -> None:
    programs = install()
    bare = seconds([programs / "python", "-c", "pass"])
    shown = seconds([programs / "driftwheel", "--help"])
    sizes = megabytes()
    total = sum(sizes.values())
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:6]
    lines = [
        "# Start-up and size of the base install",
        "",
        *machine_lines("typer"),
        "",
        "| | measured | at most |",
        "| --- | --- | --- |",
        f"| `driftwheel --help`, seconds, median of {RUNS} runs | {shown[RUNS // 2]:.3f} | {MOST_SECONDS} |",
        f"| `driftwheel --help`, seconds, fastest | {shown[0]:.3f} | |",
        f"| of which the interpreter itself, median | {bare[RUNS // 2]:.3f} | |",
        f"| installed size, MB (with compiled Python files) | {total:.0f} | {MOST_MEGABYTES} |",
        "",
        "The largest parts, MB: " + ", ".join(f"{name} {size:.0f}" for name, size in largest) + ".",
        "",
    ]
    results = BENCH / "results"
    results.mkdir(exist_ok=True)
    (results / "startup.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    if shown[RUNS // 2] > MOST_SECONDS or total > MOST_MEGABYTES:
        sys.exit("Too slow or too large.")


if __name__ == "__main__":
    main()
