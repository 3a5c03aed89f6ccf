"""Profiles: file size, merging, reading, and KS from histograms beside KS from raw values, with its error.

Writes bench/results/profiles.md and exits with 1 when a limit is not met: 64 KB a file without embeddings,
20 ms for KS over 512 columns, errors within their stated bounds.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

from driftwheel.drift.from_profiles import judge_profiles
from driftwheel.drift.statistics.kolmogorov_smirnov import (
    KolmogorovSmirnovColumns,
    kolmogorov_smirnov_columns,
    kolmogorov_smirnov_from_histograms,
)
from driftwheel.profiles import (
    Profile,
    PropertyDefinition,
    covariance,
    from_bytes,
    merge,
    profile_records,
    quantile,
    single,
    to_bytes,
)
from driftwheel.profiles.property_definition import current_definitions
from driftwheel.records import Records

RESULT = Path(__file__).parent / "results" / "profiles.md"
COLUMNS = tuple(
    PropertyDefinition(f"score_{i}", f"score {i}", "", "number", 0.0, 1.0, 256, "linear") for i in range(512)
)


def fastest(call: Callable[[], object], times: int = 7) -> float:
    """Return the least wall-clock seconds of several runs, after one that does not count."""
    call()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def table_records(n: int, seed: int, dimensions: int = 0, shift: float = 0.0) -> Records:
    """Records of every property of the table, bell-shaped over the bins in use; categories at random."""
    rng = np.random.default_rng(seed)
    columns = []
    for definition in current_definitions():
        if definition.kind == "category":
            columns.append(rng.integers(0, definition.bins, n).astype(np.float64))
            continue
        edges = definition.edges()
        place = np.clip(rng.normal(0.5 + shift, 0.12, n), 0, 1) * definition.bins
        columns.append(np.interp(place, np.arange(definition.bins + 1), edges))
    names = tuple(definition.name for definition in current_definitions())
    embeddings = rng.normal(size=(n, dimensions)).astype(np.float32) if dimensions else None
    return Records(
        tuple(map(str, range(n))),
        np.column_stack(columns).astype(np.float32),
        names,
        embeddings=embeddings,
        embedder="bench-1" if dimensions else None,
    )


def grown(profile: Profile, times: int) -> Profile:
    """Return the profile merged with itself to ten times its size, and again."""
    for _ in range(times):
        profile = merge([profile] * 10)
    return profile


def score_profile(scores: np.ndarray) -> Profile:
    names = tuple(definition.name for definition in COLUMNS)
    return profile_records(Records(tuple(map(str, range(len(scores)))), scores, names), definitions=COLUMNS)


def main() -> None:
    failed: list[str] = []

    def limit(what: str, value: float, most: float) -> str:
        if value > most:
            failed.append(what)
        return "met" if value <= most else "**not met**"

    python = f"Python {platform.python_version()}, numpy {np.__version__}"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {python}"
    lines = [
        "# Profiles",
        "",
        f"{machine}; least wall-clock time of seven runs. Written by `bench/profiles.py`.",
        "",
        "## Size of a file",
        "",
        f"All {len(current_definitions())} properties of the table, one window and segment.",
        "",
        "| images | embeddings | bytes | limit 64 KB |",
        "| ---: | --- | ---: | --- |",
    ]
    base = profile_records(table_records(10_000, 0))
    spread = profile_records(uniform_records(10_000, 0))
    for name, profile in (
        ("none", profile_records(table_records(1_000, 0))),
        ("none", grown(base, 2)),
        ("none, every bin in use", grown(spread, 2)),
        ("none, every bin in use", grown(spread, 5)),
    ):
        size = len(to_bytes(single(profile)))
        lines.append(f"| {profile.n:,} | {name} | {size:,} | {limit('size', size, 64 * 1024)} |")
    for dimensions in (128, 1280):
        embedded = single(profile_records(table_records(2_000, 0, dimensions)))
        size = len(to_bytes(embedded))
        note = "" if dimensions <= 128 else " → 128, its projection included"
        lines.append(f"| 2,000 | {dimensions} dimensions{note} | {size:,} | – |")

    lines += ["", "## Making, merging, writing, reading", ""]
    lines += ["| what | milliseconds | rate |", "| --- | ---: | ---: |"]
    records = table_records(256, 1)
    parts = [profile_records(table_records(256, seed)) for seed in range(100)]
    wide = [profile_records(table_records(256, seed, 128)) for seed in range(20)]
    data = to_bytes(single(base))
    for what, call, count, unit in (
        ("summarise a chunk of 256 records", lambda: profile_records(records), 256, "records/s"),
        ("summarise 256 embeddings of 1,280", wide_moments, 256, "records/s"),
        ("merge 100 profiles", lambda: merge(parts), 100, "profiles/s"),
        ("merge 20 profiles with 128 dimensions", lambda: merge(wide), 20, "profiles/s"),
        ("write one profile to bytes", lambda: to_bytes(single(base)), 1, "profiles/s"),
        ("read one profile from bytes, checked", lambda: from_bytes(data), 1, "profiles/s"),
        ("compare two profiles, all properties", lambda: compared(base, parts[0]), 1, "comparisons/s"),
    ):
        seconds = fastest(call)
        lines.append(f"| {what} | {seconds * 1000:.2f} | {count / seconds:,.0f} {unit} |")

    rng = np.random.default_rng(0)
    raw = [rng.beta(2, 3, (10_000, 512)).astype(np.float32) for _ in range(2)]
    pair = [score_profile(scores) for scores in raw]
    from_profiles = fastest(lambda: ks_of(pair))
    from_raw = fastest(lambda: kolmogorov_smirnov_columns(*raw), 3)
    lines += ["", "## KS over 512 columns of 10,000 + 10,000 values", ""]
    lines += ["| how | milliseconds | |", "| --- | ---: | --- |"]
    met = limit("KS", from_profiles, 0.02)
    lines.append(f"| from profiles, 256 bins a column | {from_profiles * 1000:.1f} | limit 20: {met} |")
    lines.append(f"| from raw values, `kolmogorov_smirnov_columns` | {from_raw * 1000:.0f} | |")
    start = time.perf_counter()
    exact = [stats.ks_2samp(raw[0][:, i], raw[1][:, i], method="asymp").statistic for i in range(512)]
    lines.append(
        f"| from raw values, scipy `ks_2samp`, a loop | {(time.perf_counter() - start) * 1000:.0f} | |"
    )

    found = ks_of(pair)
    error = np.array(exact) - found.statistic
    outside = int(np.count_nonzero((error < -1e-9) | (error > found.error + 1e-9)))
    lines += [
        "",
        "## Errors against raw values, and their stated bounds",
        "",
        "| what | largest error | largest bound | outside its bound |",
        "| --- | ---: | ---: | ---: |",
        f"| KS statistic, 512 columns | {error.max():.4f} | {found.error.max():.4f} | {outside} |",
        quantile_row(raw[0], pair[0], failed),
        moments_row(failed),
    ]
    if outside:
        failed.append("KS error")
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    if failed:
        sys.exit(f"Not met: {', '.join(failed)}")


def uniform_records(n: int, seed: int) -> Records:
    """Records spread evenly over all bins: the least compressible profile there is."""
    rng = np.random.default_rng(seed)
    columns = []
    for definition in current_definitions():
        if definition.kind == "category":
            columns.append(rng.integers(0, definition.bins, n).astype(np.float64))
        else:
            place = rng.random(n) * definition.bins
            columns.append(np.interp(place, np.arange(definition.bins + 1), definition.edges()))
    names = tuple(definition.name for definition in current_definitions())
    return Records(tuple(map(str, range(n))), np.column_stack(columns).astype(np.float32), names)


_WIDE = np.random.default_rng(0).normal(size=(256, 1280)).astype(np.float32)


def wide_moments() -> object:
    from driftwheel.profiles.embedding_moments import moments_of

    return moments_of(_WIDE)


def compared(reference: Profile, current: Profile) -> object:
    return judge_profiles(reference, current, rng=np.random.default_rng(0))


def ks_of(pair: list[Profile]) -> KolmogorovSmirnovColumns:
    reference, current = (np.stack([summary.counts for summary in profile.properties]) for profile in pair)
    return kolmogorov_smirnov_from_histograms(reference, current)


def quantile_row(raw: np.ndarray, profile: Profile, failed: list[str]) -> str:
    worst = bound = 0.0
    outside = 0
    for share in (0.01, 0.05, 0.5, 0.95, 0.99):
        exact = np.quantile(raw.astype(np.float64), share, axis=0, method="inverted_cdf")
        for value, summary in zip(exact, profile.properties, strict=True):
            read = quantile(summary, share)
            error = abs(read.value - float(value))
            worst, bound = max(worst, error), max(bound, read.error_bound)
            outside += error > read.error_bound + 1e-9
    if outside:
        failed.append("quantile error")
    return f"| quantiles, five a column, in [0, 1] | {worst:.4f} | {bound:.4f} | {outside} |"


def moments_row(failed: list[str]) -> str:
    """Covariance of 20,000 embeddings folded in chunk by chunk, against numpy in one go."""
    records = table_records(20_000, 3, 64)
    parts = [profile_records(records.take(range(s, min(s + 256, 20_000)))) for s in range(0, 20_000, 256)]
    moments = merge(parts).embeddings
    assert moments is not None
    assert records.embeddings is not None
    expected = np.cov(records.embeddings.astype(np.float64).T)
    error = float(np.max(np.abs(covariance(moments) - expected)) / np.abs(expected).max())
    if error > 1e-9:
        failed.append("covariance")
    what = "covariance of 20,000 × 64 embeddings in 79 merges, relative to its largest entry"
    return f"| {what} | {error:.1e} | 1e-09 | {int(error > 1e-9)} |"


if __name__ == "__main__":
    main()
