"""How long `driftwheel check` takes on 2,000 + 2,000 photos of 224 px with a fault to find.

Targets on 2 cores: under 90 s with EfficientNet embeddings and diagnosis, under 15 s without embeddings.
Photos: the textile images of conformal-clip-data, resized; the current ones a little blurred.
With --reference and --current, any two folders.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

from driftwheel.demo.textile_week import textile_images
from driftwheel.images.faults import apply_fault
from machine import machine_lines

RESULTS = Path(__file__).parent / "results" / "check_speed.md"
LIMITS = {"efficientnet-lite0": 90.0, "gist": None, "none": 15.0}


def write_photos(folder: Path) -> tuple[Path, Path]:
    """Write 2,000 reference and 2,000 current JPEG files of 224 × 224 px."""
    files = sorted(path for paths in textile_images().values() for path in paths)[:2000]
    reference, current = folder / "reference", folder / "current"
    for part in (reference, current):
        part.mkdir()
    for i, path in enumerate(files):
        pixels = cv2.imread(str(path))
        small = cv2.resize(pixels, (224, 224), interpolation=cv2.INTER_AREA)
        other = apply_fault(small, "blur", 2, seed=1)
        cv2.imwrite(str(reference / f"{i:04}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 92])
        cv2.imwrite(str(current / f"{i:04}.jpg"), other, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return reference, current


def seconds(reference: Path, current: Path, embedder: str) -> tuple[float, str]:
    """Return the wall-clock seconds of the whole command, and the first line of its answer."""
    command = [sys.executable, "-c", "from driftwheel.cli import main; main()", "check", reference, current]
    start = time.perf_counter()
    done = subprocess.run([*command, "--embedder", embedder], check=True, capture_output=True, text=True)
    return time.perf_counter() - start, done.stdout.splitlines()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--current", type=Path)
    options = parser.parse_args()
    rows, missed = [], []
    with tempfile.TemporaryDirectory() as folder:
        named = options.reference and options.current
        sides = (options.reference, options.current) if named else write_photos(Path(folder))
        for embedder, limit in LIMITS.items():
            taken, answer = min(seconds(*sides, embedder) for _ in range(2))
            wanted = f"< {limit:.0f} s" if limit else "–"
            rows.append(f"| {embedder} | {taken:.1f} s | {wanted} | {answer} |")
            print(rows[-1], flush=True)
            missed += [embedder] if limit and taken >= limit else []
    lines = [
        "# Seconds of `driftwheel check`",
        "",
        *machine_lines("onnxruntime"),
        "",
        "2,000 + 2,000 photos of 224 px (JPEG), a fault to diagnose, the whole command, better of two runs.",
        "",
        "| embedder | time | target | answer |",
        "| --- | --- | --- | --- |",
        *rows,
    ]
    RESULTS.write_text("\n".join(lines) + "\n")
    if missed:
        raise SystemExit(f"Slower than the target: {', '.join(missed)}")


if __name__ == "__main__":
    main()
