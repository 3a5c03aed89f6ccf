"""How many JPEG files a second are profiled, beside pure decoding and beside peers, and in how much memory.

Makes its own files of quality 90 at 640 × 480 and 1920 × 1080: half are textile images of
conformal-clip-data where that is installed, enlarged and tinted, half synthetic scenes. Every contender runs
in a process of its own, peers in virtual environments of their own under bench/.venvs; rounds are interleaved
and the median counts. OpenCV decodes in full in two processes, one as it comes and one with the allocator
taught to keep freed memory as Driftwheel teaches it; the faster one is the measure for ours.

`--quick`: few files and rounds, small memory runs, no peers, no table written. `--no-peers`: without them.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from driftwheel.images.properties import PROPERTIES, measure
from machine import machine_lines
from throughput_files import some_of, write_files

BENCH = Path(__file__).parent
RESULT = BENCH / "results" / "throughput.md"
WORKER = BENCH / "throughput_worker.py"
SIZES = {(640, 480): 480, (1920, 1080): 256}
ROUNDS, PEER_ROUNDS = 7, 5
SLOW = 8
"""Peers that would take minutes get this many files of each size."""

OWN = ("opencv", "opencv-heap", "driftwheel", "driftwheel-fast")
ROWS = {
    "opencv": "OpenCV, full decode only",
    "opencv-heap": "OpenCV, full decode only, freed memory kept",
    "driftwheel": f"**driftwheel**, {len(PROPERTIES)} properties",
    "driftwheel-fast": f"**driftwheel --fast**, {len(PROPERTIES)} properties",
    "whylogs": "whylogs, its image statistics",
    "deepchecks-sampled": "deepchecks, 7 properties on 10,000 sampled pixels",
    "deepchecks": "deepchecks, 7 properties on all pixels",
    "cleanvision": "cleanvision, all its checks",
}
PEERS = {
    "whylogs": (("whylogs[image]", "numpy<2", "setuptools<81"),),
    "deepchecks": (
        ("--no-deps", "deepchecks"),
        ("opencv-python-headless", "scikit-image", "typing-extensions"),
    ),
    "cleanvision": (("cleanvision",),),
}
Table = dict[tuple[tuple[int, int], int], dict[str, float | str]]
"""(size, threads) → contender → images a second, or why it did not run."""

LEAST_EXACT, LEAST_FAST, LEAST_TWO_THREADS, MOST_MEBIBYTES = 0.6, 1.0, 1.8, 400


class Contender:
    """A worker process that does a round when asked."""

    def __init__(self, name: str, threads: int, folder: Path, python: Path) -> None:
        command = [python, "-W", "ignore", WORKER, name, str(threads), folder]
        self.images = len(list(folder.glob("*.jpg")))
        self.seconds: list[float] = []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(self.process.communicate()[1].strip().splitlines()[-1])

    def round(self) -> None:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        self.seconds.append(float(self.process.stdout.readline()))

    def rate(self) -> float:
        """Images a second, of the median round."""
        return self.images / statistics.median(self.seconds)

    def close(self) -> None:
        self.process.communicate()


def make_environment(peer: str) -> Path:
    """Make a virtual environment with a peer and return its interpreter; reuse one that is there."""
    home = BENCH / ".venvs" / f"throughput_{peer}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        for packages in PEERS[peer]:
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
            subprocess.run(pip, check=True, capture_output=True, text=True)
        (home / "complete").touch()
    return python


def version_of(peer: str, python: Path) -> str:
    code = f"from importlib.metadata import version; print(version({peer!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def rates(
    names: Sequence[str], folder: Path, threads: int, rounds: int, pythons: dict[str, Path]
) -> dict[str, float | str]:
    """Images a second of each contender, rounds interleaved; or why it could not run."""
    running: dict[str, Contender] = {}
    found: dict[str, float | str] = {}
    for name in names:
        try:
            python = pythons.get(name.removesuffix("-sampled"), Path(sys.executable))
            running[name] = Contender(name, threads, folder, python)
        except RuntimeError as error:
            found[name] = f"did not run: {error}"
    try:
        for _ in range(rounds):
            for contender in running.values():
                contender.round()
    finally:
        for contender in running.values():
            contender.close()
    return found | {name: contender.rate() for name, contender in running.items()}


def peak_memory(count: int, folder: Path) -> float:
    """Peak resident MiB of a process that measures `count` images in two threads."""
    command = [sys.executable, WORKER, "memory", str(count), "2", folder]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def fast_errors(folders: Sequence[Path]) -> list[str]:
    """A Markdown table of what fast mode gives beside exact mode, over all files."""
    files = [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.jpg"))]
    exact = np.array([measure(data).values for data in files], dtype=np.float64)
    fast = np.array([measure(data, "fast").values for data in files], dtype=np.float64)
    lines = [
        "| property | needs | median, exact | median, fast | median error | in spreads |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for column, row in enumerate(PROPERTIES):
        if row.needs in ("header", "sequence"):
            continue
        one, other = exact[:, column], fast[:, column]
        if np.isnan(other).all():
            lines.append(f"| `{row.name}` | {row.needs} | {np.nanmedian(one):.4g} | not defined | – | – |")
            continue
        defined = ~(np.isnan(one) | np.isnan(other))
        one, other = one[defined], other[defined]
        gap = np.abs(other - one)
        if row.kind == "circular":
            gap = np.minimum(gap, row.high - row.low - gap)
        scaled = [np.log(np.maximum(v, row.low)) if row.scale == "log" else v for v in (one, other)]
        spread = float(np.std(scaled[0]))
        apart = gap if row.kind == "circular" else np.abs(scaled[1] - scaled[0])
        in_spreads = f"{np.median(apart) / spread:.3f}" if spread > 0 else "–"
        medians = f"{np.median(one):.4g} | {np.median(other):.4g} | {np.median(gap):.3g}"
        lines.append(f"| `{row.name}` | {row.needs} | {medians} | {in_spreads} |")
    return lines


def decode_rate(found: dict[str, float | str]) -> float:
    """The better of the two rates of pure decoding."""
    return max(float(found["opencv"]), float(found["opencv-heap"]))


def cell(rate: float | str | None, decode: float) -> str:
    if rate is None:
        return "–"
    return rate if isinstance(rate, str) else f"{rate:.0f} ({rate / decode:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    sizes = dict.fromkeys(SIZES, 8) if options.quick else SIZES
    rounds = 3 if options.quick else ROUNDS
    notes: list[str] = []
    pythons: dict[str, Path] = {}
    for peer in () if options.quick or options.no_peers else PEERS:
        try:
            pythons[peer] = make_environment(peer)
            notes.append(f"Beside {peer} {version_of(peer, pythons[peer])}.")
        except subprocess.CalledProcessError as error:
            reason = (error.stderr or str(error)).strip().splitlines()[-1]
            notes.append(f"{peer} could not be installed: {reason}.")
    peers = [name for name in ROWS if name.removesuffix("-sampled") in pythons]
    table: Table = {}
    with tempfile.TemporaryDirectory() as home:
        folders = {size: write_files(Path(home), *size, count) for size, count in sizes.items()}
        for size, folder in folders.items():
            for threads in (1, 2):
                found = rates(OWN, folder, threads, rounds, {})
                found |= rates(peers, some_of(folder, SLOW), threads, PEER_ROUNDS, pythons) if peers else {}
                table[size, threads] = found
                print(size, threads, {name: cell(rate, 1) for name, rate in found.items()}, flush=True)
        counts = (100, 400) if options.quick else (1_000, 20_000)
        peaks = {count: peak_memory(count, folders[640, 480]) for count in counts}
        memory = {f"{count:,} of 640 × 480": peak for count, peak in peaks.items()}
        for count in counts:
            memory[f"{count // 10:,} of 1920 × 1080"] = peak_memory(count // 10, folders[1920, 1080])
        errors = fast_errors([some_of(folder, 2 * SLOW) for folder in folders.values()])
        for (width, height), folder in folders.items():
            mean = statistics.mean(path.stat().st_size for path in folder.glob("*.jpg")) / 1024
            notes.append(f"JPEG of quality 90, {width} × {height}: {mean:.0f} KiB a file.")
    checks = targets(table, peaks)
    lines = report(table, memory, checks, errors, notes)
    if options.quick:
        print("\n".join(lines))
    else:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    missed = [f"{text} ({value:.2f})" for text, value, met in checks if not met]
    if missed and not options.quick:
        sys.exit("Not met: " + "; ".join(missed))


def targets(table: Table, memory: dict[int, float]) -> list[tuple[str, float, bool]]:
    """Every target: what it asks, what was measured, whether it is met."""
    checks = []
    for (size, threads), found in table.items():
        where = f"{size[0]} × {size[1]}"
        if threads == 1:
            for name, least in (("driftwheel", LEAST_EXACT), ("driftwheel-fast", LEAST_FAST)):
                share = float(found[name]) / decode_rate(found)
                checks.append((f"{name}, {where}: share of the decode rate ≥ {least}", share, share >= least))
        else:
            for name in ("driftwheel", "driftwheel-fast"):
                gain = float(found[name]) / float(table[size, 1][name])
                asks = f"{name}, {where}: two threads ≥ {LEAST_TWO_THREADS} × one"
                checks.append((asks, gain, gain >= LEAST_TWO_THREADS))
    (few, low), (many, high) = memory.items()
    checks.append((f"peak memory of {many:,} images ≤ {MOST_MEBIBYTES} MiB", high, high <= MOST_MEBIBYTES))
    checks.append((f"peak memory of {many:,} images ≤ 1.1 × that of {few:,}", high / low, high <= 1.1 * low))
    return checks


def report(
    table: Table,
    memory: dict[str, float],
    checks: list[tuple[str, float, bool]],
    errors: list[str],
    notes: list[str],
) -> list[str]:
    """The page of results."""
    lines = ["# Throughput of measuring images", "", *machine_lines(), *notes, ""]
    lines += [
        "No embeddings, files in memory. Images a second, and in brackets the share of the rate at which",
        "OpenCV does nothing but decode the same files in full (the faster of its two rows). Medians of",
        f"interleaved rounds; peers on {SLOW} of the files. cleanvision runs processes in place of threads.",
        "",
        "| | " + " | ".join(f"{w} × {h}, {threads} thr." for (w, h), threads in table) + " |",
        "| --- |" + " --- |" * len(table),
    ]
    for name, title in ROWS.items():
        cells = [cell(found.get(name), decode_rate(found)) for found in table.values()]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    lines += ["", "| target | measured | met |", "| --- | --- | --- |"]
    lines += [f"| {text} | {value:.2f} | {'yes' if met else '**no**'} |" for text, value, met in checks]
    lines += ["", "Peak resident memory, two threads, files read one by one:", "", "| images | MiB |"]
    lines += ["| --- | --- |", *(f"| {images} | {mebibytes:.0f} |" for images, mebibytes in memory.items())]
    lines += [
        "",
        "## What fast mode gives beside exact mode",
        "",
        "On some of the same files of both sizes. A spread is the standard deviation over the images, of",
        "the logarithm where the property's scale is logarithmic. What needs the full resolution is",
        "measured on the reduced decode in its place, which is another scale of the scene: those rows",
        "serve to compare fast runs with fast runs.",
        "",
        *errors,
    ]
    return lines


if __name__ == "__main__":
    main()
