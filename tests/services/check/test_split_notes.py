import numpy as np
import pytest

from driftwheel.records import Records, Unreadable
from driftwheel.services.check.split_notes import SplitNotes

NAMES = ("x",)


def records(**rest) -> Records:
    return Records(("a", "b"), np.zeros((2, 1), np.float32), NAMES, **rest)


@pytest.mark.parametrize("times", [None, np.array(["NaT", "NaT"], "datetime64[us]")])
def test_no_time_at_all(times) -> None:
    seen = SplitNotes("hour", [])
    seen.add(records(times=times))
    (note,) = seen.notes()
    assert note.startswith("No image has a time, so windows of one hour split nothing.")
    assert "--name-pattern" in note
    seen.add(records(times=np.array(["NaT", "2026-03-05"], "datetime64[us]")))
    assert seen.notes() == ()


def test_a_tag_that_no_image_has() -> None:
    seen = SplitNotes(None, ["camera", "site", "lens"])
    seen.add(records(tags={"camera": (None, "left"), "lens": (None, None)}))
    seen.add(records(unreadable=(Unreadable("c", "truncated", tags={"sites": "Ghent"}),)))
    site, lens = seen.notes()
    assert "tag 'site'" in site
    assert site.endswith("Did you mean 'sites'? Tags there are: camera, sites.")
    assert "tag 'lens'" in lens


def test_no_tag_at_all() -> None:
    seen = SplitNotes(None, ["camera"])
    seen.add(records())
    assert seen.notes()[0].endswith(
        "No image has any tag; they come from a name pattern (--name-pattern) or a table (--table)."
    )
