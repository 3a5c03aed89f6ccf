"""Small property tables and random records that the profile tests share."""

from collections.abc import Callable

import numpy as np
import pytest

from driftwheel.profiles import PropertyDefinition
from driftwheel.records import Records, Unreadable

DEFINITIONS = (
    PropertyDefinition("brightness", "brightness", "grey levels", "number", 0.0, 255.0, 51, "linear"),
    PropertyDefinition("file_bytes", "file bytes", "bytes", "number", 64.0, 2.0**30, 48, "log"),
    PropertyDefinition("hue", "hue", "°", "circular", 0.0, 360.0, 36, "linear"),
    PropertyDefinition("format", "format", "", "category", 0.0, 2.0, 3, "linear", ("jpeg", "png", "webp")),
)


def make_records(
    n: int, *, seed: int = 0, dimensions: int = 0, shift: float = 0.0, embedder: str = "toy-1"
) -> Records:
    """Random records of the properties above: gaps, times over a fortnight, a tag, unreadable images."""
    rng = np.random.default_rng(seed)
    values = np.column_stack(
        [
            rng.normal(120 + shift, 30, n),
            np.exp(rng.normal(11, 0.7, n)),
            rng.normal(350, 40, n) % 360,
            rng.integers(0, 3, n),
        ]
    ).astype(np.float32)
    values[rng.random(values.shape) < 0.05] = np.nan
    minutes = rng.integers(0, 14 * 24 * 60, n).astype("timedelta64[m]")
    times = np.datetime64("2026-03-02T00:00:00", "us") + minutes
    times[rng.random(n) < 0.03] = np.datetime64("NaT")
    mixing = rng.normal(size=(dimensions, dimensions)) * np.exp(-np.arange(dimensions) / 40)
    embeddings = (rng.normal(size=(n, dimensions)) @ mixing.T + 3 + shift / 30).astype(np.float32)
    return Records(
        images=tuple(f"{i:06d}.jpg" for i in range(n)),
        properties=values,
        property_names=tuple(d.name for d in DEFINITIONS),
        embeddings=embeddings if dimensions else None,
        embedder=embedder if dimensions else None,
        times=times,
        tags={"camera": tuple(("east", "west", None)[k] for k in rng.integers(0, 3, n))},
        unreadable=tuple(Unreadable(f"bad{i}.jpg", ("truncated", "empty")[i % 2]) for i in range(n // 20)),
    )


@pytest.fixture(scope="session")
def definitions() -> tuple[PropertyDefinition, ...]:
    return DEFINITIONS


@pytest.fixture(scope="session")
def records_of() -> Callable[..., Records]:
    return make_records
