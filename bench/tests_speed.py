"""How fast the drift tests are, beside scipy, alibi-detect and Evidently on the same numbers.

Every row is measured in a process of its own, so peak memory is that row's. Peers live in virtual
environments of their own under bench/.venvs, made here; one that cannot be installed is noted with the
reason. `--quick` runs small sizes of our own tests only and writes no table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

BENCH = Path(__file__).parent
RESULT = BENCH / "results" / "tests_speed.md"

Work = Callable[[], Any]


def tables(n: int, m: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, columns) and (m, columns) float32, the second a little moved; the same in every environment."""
    rng = np.random.default_rng(0)
    reference = rng.standard_normal((n, columns), dtype=np.float32)
    return reference, rng.standard_normal((m, columns), dtype=np.float32) + np.float32(0.02)


def ours_ks_columns(n: int, columns: int) -> Work:
    from driftwheel.drift.statistics.kolmogorov_smirnov import kolmogorov_smirnov_columns

    reference, current = tables(n, n, columns)
    return lambda: kolmogorov_smirnov_columns(reference, current)


def ours_ks_histograms(n: int, columns: int) -> Work:
    from driftwheel.drift.statistics.kolmogorov_smirnov import kolmogorov_smirnov_from_histograms

    rng = np.random.default_rng(0)
    counts = rng.multinomial(n, np.full(256, 1 / 256), size=(2, columns))
    return lambda: kolmogorov_smirnov_from_histograms(counts[0], counts[1])


def ours_ks_permutations(n: int, columns: int, permutations: int) -> Work:
    from driftwheel.drift.statistics.kolmogorov_smirnov_permutations import kolmogorov_smirnov_permutations
    from driftwheel.drift.statistics.permutations import draw_labels

    reference, current = tables(n, n, columns)
    rng = np.random.default_rng(0)
    return lambda: kolmogorov_smirnov_permutations(reference, current, draw_labels(n, n, permutations, rng))


def ours_mmd(n: int, dimensions: int, permutations: int) -> Work:
    from driftwheel.drift.statistics.mmd import mmd

    reference, current = tables(n, n, dimensions)
    rng = np.random.default_rng(0)
    return lambda: mmd(reference, current, rng=rng, permutations=permutations)


def ours_frechet(n: int, dimensions: int) -> Work:
    from driftwheel.drift.statistics.frechet import frechet

    reference, current = tables(n, n, dimensions)
    return lambda: frechet(reference, current)


def ours_classifier(n: int, columns: int, permutations: int) -> Work:
    from driftwheel.drift.statistics.domain_classifier import domain_classifier

    reference, current = tables(n, n, columns)
    rng = np.random.default_rng(0)
    return lambda: domain_classifier(reference, current, rng=rng, permutations=permutations)


def scipy_ks_columns(n: int, columns: int, method: str) -> Work:
    from scipy import stats

    reference, current = tables(n, n, columns)
    return lambda: [stats.ks_2samp(reference[:, c], current[:, c], method=method) for c in range(columns)]


def alibi_ks_columns(n: int, columns: int) -> Work:
    from alibi_detect.cd import KSDrift

    reference, current = tables(n, n, columns)
    return lambda: KSDrift(reference, p_val=0.05).predict(current)


def alibi_mmd(n: int, dimensions: int, permutations: int) -> Work:
    from alibi_detect.cd import MMDDrift

    reference, current = tables(n, n, dimensions)
    return lambda: MMDDrift(reference, backend="pytorch", n_permutations=permutations, device="cpu").predict(
        current
    )


def evidently_ks_columns(n: int, columns: int) -> Work:
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    names = [f"c{c}" for c in range(columns)]
    definition = DataDefinition(numerical_columns=names)
    reference, current = (
        Dataset.from_pandas(pd.DataFrame(table, columns=names), data_definition=definition)
        for table in tables(n, n, columns)
    )
    return lambda: Report([DataDriftPreset(num_method="ks")]).run(current, reference)


WORKS: dict[str, Callable[..., Work]] = {
    work.__name__: work
    for work in (
        ours_ks_columns,
        ours_ks_histograms,
        ours_ks_permutations,
        ours_mmd,
        ours_frechet,
        ours_classifier,
        scipy_ks_columns,
        alibi_ks_columns,
        alibi_mmd,
        evidently_ks_columns,
    )
}

PEERS = {
    "alibi": ("alibi-detect", ["alibi-detect[torch]", "torch==2.13.0"]),
    "evidently": ("evidently", ["evidently", "pandas<3"]),
}
"""Prefix of a work → the distribution whose version is shown, and what to install."""

# what a person reads, work, its arguments, repeats, most seconds, most megabytes
Row = tuple[str, str, dict[str, Any], int, float | None, float | None]

ROWS: list[Row] = [
    (
        "KS, 512 columns of 10k + 10k: **Driftwheel**",
        "ours_ks_columns",
        {"n": 10_000, "columns": 512},
        5,
        0.8,
        None,
    ),
    (
        "— scipy `ks_2samp`, asymptotic",
        "scipy_ks_columns",
        {"n": 10_000, "columns": 512, "method": "asymp"},
        2,
        None,
        None,
    ),
    (
        "— scipy `ks_2samp`, exact",
        "scipy_ks_columns",
        {"n": 10_000, "columns": 512, "method": "exact"},
        1,
        None,
        None,
    ),
    ("— alibi-detect `KSDrift`", "alibi_ks_columns", {"n": 10_000, "columns": 512}, 1, None, None),
    (
        "— Evidently `DataDriftPreset`, KS",
        "evidently_ks_columns",
        {"n": 10_000, "columns": 512},
        1,
        None,
        None,
    ),
    (
        "KS, 512 pairs of histograms of 256 bins",
        "ours_ks_histograms",
        {"n": 10_000, "columns": 512},
        20,
        0.02,
        None,
    ),
    (
        "KS null, 34 columns, 2k + 2k, 1,000 permutations",
        "ours_ks_permutations",
        {"n": 2000, "columns": 34, "permutations": 1000},
        5,
        1.5,
        None,
    ),
    (
        "KS null, 34 columns, 50 + 50, 1,000 permutations",
        "ours_ks_permutations",
        {"n": 50, "columns": 34, "permutations": 1000},
        20,
        None,
        None,
    ),
    (
        "MMD, 1k + 1k × 512, 200 permutations, 4 bandwidths: **Driftwheel**",
        "ours_mmd",
        {"n": 1000, "dimensions": 512, "permutations": 200},
        10,
        0.1,
        None,
    ),
    (
        "— alibi-detect `MMDDrift` (torch), 100 permutations, 1 bandwidth",
        "alibi_mmd",
        {"n": 1000, "dimensions": 512, "permutations": 100},
        3,
        None,
        None,
    ),
    (
        "MMD, 10k + 10k × 512, 200 permutations, 4 bandwidths: **Driftwheel**",
        "ours_mmd",
        {"n": 10_000, "dimensions": 512, "permutations": 200},
        2,
        8.0,
        600.0,
    ),
    (
        "— alibi-detect `MMDDrift` (torch), 10 permutations, 1 bandwidth",
        "alibi_mmd",
        {"n": 10_000, "dimensions": 512, "permutations": 10},
        1,
        None,
        None,
    ),
    ("Fréchet, 5k + 5k × 128", "ours_frechet", {"n": 5000, "dimensions": 128}, 10, None, None),
    ("Fréchet, 5k + 5k × 512", "ours_frechet", {"n": 5000, "dimensions": 512}, 5, None, None),
    (
        "Domain classifier, 2k + 2k × 34, 200 permutations",
        "ours_classifier",
        {"n": 2000, "columns": 34, "permutations": 200},
        3,
        None,
        None,
    ),
    (
        "Domain classifier, 2k + 2k × 512, 200 permutations",
        "ours_classifier",
        {"n": 2000, "columns": 512, "permutations": 200},
        3,
        None,
        None,
    ),
]


def measure(work: str, arguments: dict[str, Any], repeats: int) -> dict[str, float]:
    """Run one row here and now: least seconds of `repeats` runs, and the process's peak memory in MB."""
    job = WORKS[work](**arguments)
    if repeats > 1:
        job()  # fill caches, start threads
    taken, busy = [], []
    for _ in range(repeats):
        start, start_busy = time.perf_counter(), time.process_time()
        job()
        taken.append(time.perf_counter() - start)
        busy.append(time.process_time() - start_busy)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = peak / (1e6 if sys.platform == "darwin" else 1e3)
    return {"seconds": min(taken), "cpu_seconds": min(busy), "megabytes": megabytes}


def run_row(interpreter: str | Path, row: Row) -> dict[str, float] | str:
    """Measure a row in a process of its own; the reason when it fails."""
    _, work, arguments, repeats, *_ = row
    request = json.dumps({"work": work, "arguments": arguments, "repeats": repeats})
    done = subprocess.run(
        [interpreter, __file__, "--row", request], capture_output=True, text=True, check=False, timeout=1800
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def peer_environment(prefix: str) -> tuple[Path, str]:
    """Make (once) the peer's environment; return its interpreter and version, or raise with the reason."""
    distribution, packages = PEERS[prefix]
    home = BENCH / ".venvs" / f"tests_speed_{prefix}"
    interpreter = home / "bin" / "python"
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            errors = [
                line for line in done.stderr.splitlines() if "ERROR" in line
            ] or done.stderr.splitlines()
            raise RuntimeError(errors[-1] if errors else "pip failed")
        (home / "complete").touch()
    ask = f"from importlib.metadata import version; print(version({distribution!r}))"
    found = subprocess.run([interpreter, "-c", ask], capture_output=True, text=True, check=True)
    return interpreter, f"{distribution} {found.stdout.strip()}"


def machine() -> str:
    """The processor's name and the number of cores this process may use."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        name = next(
            (ln.split(":")[1].strip() for ln in info.read_text().splitlines() if "model name" in ln), name
        )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores"


def within(found: float, most: float | None) -> str:
    return "" if most is None else f"≤ {most:g} {'met' if found <= most else '**missed**'}"


def report() -> bool:
    interpreters: dict[str, Path | str] = {}
    versions = [f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
    missing = []
    for prefix in PEERS:
        try:
            interpreters[prefix], shown = peer_environment(prefix)
            versions.append(shown)
        except (RuntimeError, subprocess.CalledProcessError) as reason:
            missing.append(f"{PEERS[prefix][0]} could not be installed: {reason}")
    busy_machine = os.getloadavg()[0]
    lines = [
        "# Speed of the drift tests",
        "",
        f"`python bench/tests_speed.py`, Python {platform.python_version()}, {machine()};",
        f"{', '.join(versions)}.",
        "Least wall-clock seconds of some runs; processor seconds of all cores; peak memory of the process.",
        "",
        "| | seconds | processor seconds | peak MB | most seconds | most MB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    if busy_machine > 1.5 * (os.cpu_count() or 1):  # not only what ran just before
        lines.insert(
            4, f"**Load average {busy_machine:.1f} at the start: others ran too, seconds are too long.**"
        )
    met = True
    for row in ROWS:
        title, work, _, _, most_seconds, most_megabytes = row
        prefix = work.split("_")[0]
        if prefix in PEERS and prefix not in interpreters:
            lines.append(f"| {title} | not installed | | | | |")
            continue
        found = run_row(interpreters.get(prefix, sys.executable), row)
        if isinstance(found, str):
            lines.append(f"| {title} | failed: {found} | | | | |")
            met = met and prefix != "ours"
        else:
            seconds, busy, megabytes = found["seconds"], found["cpu_seconds"], found["megabytes"]
            lines.append(
                f"| {title} | {seconds:.3g} | {busy:.3g} | {megabytes:.0f} "
                f"| {within(seconds, most_seconds)} | {within(megabytes, most_megabytes)} |"
            )
            met = met and "missed" not in lines[-1]
        print(lines[-1], flush=True)
    lines += ["", *(f"- {reason}" for reason in missing), ""] if missing else [""]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines), encoding="utf-8")
    return met


def quick() -> None:
    """A smoke run: each of our tests once, small."""
    small = {"n": 200, "columns": 20, "dimensions": 32, "permutations": 20}
    for title, work, arguments, *_ in ROWS:
        if work.startswith("ours"):
            found = measure(work, {name: min(value, small[name]) for name, value in arguments.items()}, 1)
            print(f"{title.replace('**', '')} (small): {found['seconds']:.4f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, no peers, no table")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        print(json.dumps(measure(**json.loads(options.row))))
    elif options.quick:
        quick()
    elif not report():
        sys.exit("A limit was missed.")


if __name__ == "__main__":
    main()
