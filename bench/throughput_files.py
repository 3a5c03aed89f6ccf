"""The JPEG files that bench/throughput.py profiles."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def scenes(width: int, height: int, count: int) -> list[NDArray[np.uint8]]:
    """(height, width, 3) BGR images of about the detail of photos."""
    rng = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]) + 1 / width
    made = []
    for _ in range(count):
        fields = []
        for _ in range(3):
            spectrum = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
            field = np.fft.irfft2(spectrum / frequency**1.5, s=(height, width))
            fields.append(field / field.std())
        light = fields[0]
        colour = np.stack([light, light + 0.3 * fields[1], light + 0.3 * fields[2]], axis=-1)
        grain = rng.normal(0, 1.5, (height, width, 1))
        made.append(np.clip(rng.uniform(80, 160) + 40 * colour + grain, 0, 255).astype(np.uint8))
    return made


def textiles(width: int, height: int, count: int) -> list[NDArray[np.uint8]]:
    """(height, width, 3) BGR textile images, enlarged and tinted; none where the package is missing."""
    try:
        from driftwheel.demo.textile_week import textile_images

        paths = sorted(path for group in textile_images().values() for path in group)[:: 2000 // count][
            :count
        ]
    except Exception as error:
        print(f"No textile images: {error}")
        return []
    tints = np.random.default_rng(1).uniform(0.75, 1.0, (count, 3))
    made = []
    for path, tint in zip(paths, tints, strict=True):
        large = cv2.resize(cv2.imread(str(path)), (width, height), interpolation=cv2.INTER_CUBIC)
        made.append(np.clip(large * tint, 0, 255).astype(np.uint8))
    return made


def write_files(folder: Path, width: int, height: int, count: int) -> Path:
    """Write `count` JPEG files and return their folder."""
    folder = folder / f"{width}x{height}"
    folder.mkdir()
    images = textiles(width, height, count // 2)
    images += scenes(width, height, count - len(images))
    for index, pixels in enumerate(images):
        cv2.imwrite(str(folder / f"{index:04}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return folder


def some_of(folder: Path, count: int) -> Path:
    """Return a folder with every k-th file of `folder`, `count` of them."""
    part = folder.with_name(f"{folder.name}-{count}")
    part.mkdir(exist_ok=True)
    files = sorted(folder.glob("*.jpg"))
    for path in files[:: max(1, len(files) // count)][:count]:
        (part / path.name).write_bytes(path.read_bytes())
    return part
