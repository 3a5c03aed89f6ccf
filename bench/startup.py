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
MOST_SECONDS, MOST_MEBIBYTES = 0.5, 450


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


def sizes_in_bytes() -> tuple[dict[str, int], int]:
    """Bytes of each installed package, and how many of all are byte code that pip compiled on the way.

    Without pip and setuptools, which venv brings.
    """
    packages = next(HOME.glob("lib/python*/site-packages"))
    sizes: dict[str, int] = {}
    compiled = 0
    for entry in packages.iterdir():
        if entry.name.startswith(
            ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence")
        ):
            continue
        files = [entry] if entry.is_file() else [path for path in entry.rglob("*") if path.is_file()]
        name = entry.name.split("-")[0].removesuffix(".libs").removesuffix(".py")
        sizes[name] = sizes.get(name, 0) + sum(path.stat().st_size for path in files)
        compiled += sum(path.stat().st_size for path in files if path.suffix == ".pyc")
    return sizes, compiled


def main() -> None:
    programs = install()
    bare = seconds([programs / "python", "-c", "pass"])
    shown = seconds([programs / "driftwheel", "--help"])
    sizes, compiled = sizes_in_bytes()
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
        f"| installed size, MiB, as `du` counts | {total / 2**20:.0f} | {MOST_MEBIBYTES} |",
        f"| the same, MB (10⁶ bytes) | {total / 1e6:.0f} | |",
        f"| of which byte code that pip compiles on installing, MB | {compiled / 1e6:.0f} | |",
        "",
        "The largest parts, MB: " + ", ".join(f"{name} {size / 1e6:.0f}" for name, size in largest) + ".",
        "",
    ]
    results = BENCH / "results"
    results.mkdir(exist_ok=True)
    (results / "startup.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    if shown[RUNS // 2] > MOST_SECONDS or total / 2**20 > MOST_MEBIBYTES:
        sys.exit("Too slow or too large.")


if __name__ == "__main__":
    main()
