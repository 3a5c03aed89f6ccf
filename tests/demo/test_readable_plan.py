"""What cannot be read is left out of a story before it begins, and said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest

from driftwheel.demo.readable_plan import readable_plan
from driftwheel.demo.story_plan import StoryPlan, plan_story
from driftwheel.errors import SourceError

IMAGE = cv2.imencode(".jpg", np.full((8, 8, 3), 90, np.uint8))[1].tobytes()


def planned(folder: Path) -> StoryPlan:
    images = []
    for kind in ("cat", "dog"):
        (folder / kind).mkdir()
        for i in range(300):
            file = folder / kind / f"{i:03}.jpg"
            file.write_bytes(IMAGE)
            images.append((kind, file))
    return plan_story(
        images[::3],
        [one for i, one in enumerate(images) if i % 3],
        until=date(2026, 3, 10),
        severity=4,
        seed=0,
    )


def test_unreadable_images_are_left_out_and_named(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    (tmp_path / "cat" / "000.jpg").write_bytes(IMAGE[:-40])
    (tmp_path / "dog" / "001.jpg").write_bytes(b"no image")
    (tmp_path / "dog" / "002.jpg").unlink()
    seen: list[int] = []
    left, lost = readable_plan(plan, lambda _, done, total: seen.append(done))
    assert [line.rpartition("/")[2] for line in lost] == [
        "000.jpg (truncated)",
        "001.jpg (not an image)",
        "002.jpg (No such file or directory)",
    ]

    def images(one: StoryPlan) -> int:
        return len(one.reference) + len(one.known) + sum(map(len, one.days))

    assert images(left) == images(plan) - 3
    assert sum(seen) == images(plan)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    for file in (tmp_path / "cat").iterdir():
        file.write_bytes(b"no image")
    with pytest.raises(SourceError, match=r"images cannot be read, such as .*000.jpg \(.*Take these away"):
        readable_plan(plan)
