from __future__ import annotations

import math
from typing import Any

import pytest

from driftwheel.errors import UsageError
from driftwheel.formats.labelled_image import BoxLabel, ClassLabel


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": ""}, "without a class"),
        ({"x": math.nan}, "not a finite number"),
        ({"y": -math.inf}, "not a finite number"),
        ({"rotation": math.inf}, "not a finite number"),
        ({"width": 0}, "0 × 4 pixels"),
        ({"height": -1}, "3 × -1 pixels"),
        ({"rotation": 360}, "turned by 360°"),
        ({"score": 2}, "the score 2"),
    ],
)
def test_what_is_no_box(changes: dict[str, Any], message: str) -> None:
    whole = {"label": "a", "x": 1, "y": 2, "width": 3, "height": 4}
    with pytest.raises(UsageError, match=message):
        BoxLabel(**(whole | changes))


def test_what_is_no_class() -> None:
    with pytest.raises(UsageError, match="without a name"):
        ClassLabel("")
    with pytest.raises(UsageError, match="the score -1"):
        ClassLabel("a", -1)
