"""Days of a made-up plant: stationary, but no two days, hours or cameras alike.

Three cameras send images of a mix of scenes at an exposure. Both the mix and the exposure wander from day to
day and from hour to hour about what is usual of the camera (AR(1): an hour resembles the one before, a day
the day before), follow the sun through the day, and differ on weekends, when half as many images come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.records import Records
from driftwheel.services.measure.measure_images import concatenate
from stream_pool import FAULT_GAINS, FAULTY_IMAGES, GAINS, SCENES, Pool

__all__ = ["FIRST_DAY", "REFERENCE_DAYS", "Fault", "Plant"]

FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
REFERENCE_DAYS = 28
CAMERAS = ("A", "B", "C")
HOURS = np.arange(6, 22)
WEEKEND = 0.5  # of the images of a weekday

DAY_AR, HOUR_AR = 0.6, 0.7
EXPOSURE_DAY, EXPOSURE_HOUR, EXPOSURE_IMAGE = 0.012, 0.015, 0.010  # standard deviations of the gain
MIX_DAY, MIX_HOUR = 0.25, 0.35  # of the logits of the mix


@dataclass(frozen=True)
class Fault:
    """A fault that a share of the images has from some day on."""

    name: str
    level: str
    share: float


class Plant:
    """A plant over `days` days after those of its reference; a seed is one model-year or part of one."""

    def __init__(self, pool: Pool, seed: int, days: int, images_a_day: int) -> None:
        self._pool = pool
        self._seed = seed
        self._images_a_day = images_a_day
        rng = np.random.default_rng([seed, 0])
        total = REFERENCE_DAYS + days
        size = (len(CAMERAS), total, len(HOURS))
        weekend = np.array([(day % 7) >= 5 for day in range(total)])
        base = rng.normal(1.0, 0.02, len(CAMERAS))
        sun = 0.02 * np.sin(np.pi * (HOURS - HOURS[0]) / (HOURS[-1] - HOURS[0]))
        self.gains = (
            base[:, None, None]
            + sun
            - 0.015 * weekend[None, :, None]
            + EXPOSURE_DAY * wander(rng, size[:2], DAY_AR)[:, :, None]
            + EXPOSURE_HOUR * wander(rng, size, HOUR_AR)
        )
        usual = np.log(np.bincount(pool.scene, minlength=SCENES) / len(pool.scene))
        logits = usual + rng.normal(0.0, 0.5, (len(CAMERAS), 1, 1, SCENES))
        logits = logits + 0.4 * weekend[None, :, None, None] * (np.arange(SCENES) == usual.argmax())
        logits = (
            logits
            + MIX_DAY * np.moveaxis(wander(rng, (SCENES, len(CAMERAS), total), DAY_AR), 0, -1)[:, :, None, :]
        )
        logits = logits + MIX_HOUR * np.moveaxis(wander(rng, (SCENES, *size), HOUR_AR), 0, -1)
        shares = np.exp(logits)
        self.mix = shares / shares.sum(axis=-1, keepdims=True)
        self.a_block = images_a_day / (len(CAMERAS) * len(HOURS)) * np.where(weekend, WEEKEND, 1.0)
        self._of_scene = [np.flatnonzero(pool.scene == scene) for scene in range(SCENES)]
        few = [mine[mine < FAULTY_IMAGES] for mine in self._of_scene]
        self._faulty_of_scene = [mine if len(mine) else np.arange(FAULTY_IMAGES) for mine in few]

    def reference(self, most: int) -> Records:
        """Return at most so many records of the days of the reference, in random order."""
        records = concatenate(self._records(day, None) for day in range(REFERENCE_DAYS))
        order = np.random.default_rng([self._seed, 1]).permutation(len(records))
        return records.take(order[:most])

    def day(self, day: int, fault: Fault | None = None) -> Records:
        """Return the records of a day from 0 on; with a fault, the same day with it."""
        return self._records(REFERENCE_DAYS + day, fault)

    def start(self, day: int) -> datetime:
        return FIRST_DAY + timedelta(days=day)

    def _records(self, day: int, fault: Fault | None) -> Records:
        rng = np.random.default_rng([self._seed, 2, day])
        rows, seconds, cameras = [], [], []
        for camera, name in enumerate(CAMERAS):
            for hour, clock in enumerate(HOURS):
                n = rng.poisson(self.a_block[day])
                scenes = rng.choice(SCENES, size=n, p=self.mix[camera, day, hour])
                gains = self.gains[camera, day, hour] + EXPOSURE_IMAGE * rng.standard_normal(n)
                picks = rng.random(n)
                ill = rng.random(n)
                for scene, gain, pick, luck in zip(scenes, gains, picks, ill, strict=True):
                    has = fault is not None and luck < fault.share
                    mine = (self._faulty_of_scene if has else self._of_scene)[scene]
                    image = mine[int(pick * len(mine))]
                    if has and fault is not None:
                        place = int(np.abs(np.array(FAULT_GAINS) - gain).argmin())
                        rows.append(self._pool.faulty[fault.name, fault.level][image, place])
                    else:
                        place = int(np.clip(np.rint((gain - GAINS[0]) / 0.02), 0, len(GAINS) - 1))
                        rows.append(self._pool.clean[image, place])
                seconds += list(clock * 3600 + rng.integers(3600, size=n))
                cameras += [name] * n
        begin = np.datetime64(FIRST_DAY.replace(tzinfo=None), "us")
        times = begin + np.array([(day - REFERENCE_DAYS) * 86400 + s for s in seconds]).astype(
            "timedelta64[s]"
        )
        index = np.array(rows, dtype=np.intp)
        return Records(
            images=tuple(f"{day:04}-{i:05}" for i in range(len(index))),
            properties=self._pool.properties[index],
            property_names=PROPERTY_NAMES,
            embeddings=self._pool.embeddings[index],
            embedder=self._pool.embedder,
            times=times.astype("datetime64[us]"),
            tags={"camera": tuple(cameras)},
        )


def wander(rng: np.random.Generator, size: tuple[int, ...], along: float) -> NDArray[np.float64]:
    """Return AR(1) series of variance 1 along the last axis, from their stationary start."""
    noise = rng.standard_normal(size)
    for step in range(1, size[-1]):
        noise[..., step] = along * noise[..., step - 1] + np.sqrt(1 - along**2) * noise[..., step]
    return noise
