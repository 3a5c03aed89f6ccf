"""Eyes that are drawn, in a folder of the published form: some sharp and bright, some blurred and dark."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

__all__ = ["draw_eyes"]


def draw_eyes(folder: Path, people: int, *, seed: int = 0) -> Path:
    """Draw both eyes of so many people of each class; of every second one they are blurred and dark."""
    rng = np.random.default_rng(seed)
    for label in ("open", "closed"):
        (folder / label).mkdir(parents=True)
        for person in range(people):
            name = f"Ada_Number{person}_0001" if label == "open" else f"closed_eye_{person:04}.jpg_face_1"
            for side in "LR":
                picture = _drawn(label, dark=person % 2 == 1, rng=rng)
                cv2.imwrite(str(folder / label / f"{name}_{side}.jpg"), picture)
    return folder


def _drawn(label: str, *, dark: bool, rng: np.random.Generator) -> np.ndarray:
    picture = np.full((24, 24), 190, np.float32)
    x, y = (12 + rng.integers(-2, 3, 2)).tolist()
    if label == "open":
        cv2.ellipse(picture, (x, y), (9, 5), 0, 0, 360, 245, -1)
        cv2.circle(picture, (x, y), 4, 30, -1)
    else:
        cv2.line(picture, (x - 9, y), (x + 9, y + 1), 60, 2)
    if dark:
        picture = cv2.GaussianBlur(picture, (0, 0), 1.3) * 0.45
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
