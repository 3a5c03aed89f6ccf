from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from tests.demo.eyes.drawn_eyes import draw_eyes

from driftwheel.demo.eyes.published_eyes import Eye, read_eyes
from driftwheel.demo.eyes.share_out_eyes import clearness, share_out_eyes
from driftwheel.errors import SourceError


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Eye, ...]:
    return read_eyes(draw_eyes(tmp_path_factory.mktemp("eyes") / "drawn", 40))


def test_the_dark_half_is_what_production_sees_and_nobody_is_in_two_parts(eyes: tuple[Eye, ...]) -> None:
    parts = share_out_eyes(eyes, clearness(eyes), 0)
    of = [{one.person for one in part} for part in astuple_of(parts)]
    assert not any(first & second for first, second in combinations(of, 2))
    assert sum(map(len, astuple_of(parts))) == len(eyes)
    dark = {one.person for one in (*parts.production, *parts.new_test)}
    assert all(int("".join(filter(str.isdigit, one))[:4]) % 2 == 1 for one in dark)
    for part in astuple_of(parts):
        assert sum(one.label == "open" for one in part) == len(part) // 2


def test_a_seed_gives_the_same_parts_and_another_one_others(eyes: tuple[Eye, ...]) -> None:
    clear = clearness(eyes)
    assert share_out_eyes(eyes, clear, 3) == share_out_eyes(eyes, clear, 3)
    assert set(share_out_eyes(eyes, clear, 3).learnt) != set(share_out_eyes(eyes, clear, 4).learnt)


def test_ranks_are_within_the_class(eyes: tuple[Eye, ...]) -> None:
    clear = clearness(eyes)
    assert 0 < clear.min() < clear.max() < 1
    for label in ("open", "closed"):
        own = np.array([one.label == label for one in eyes])
        assert clear[own].mean() == pytest.approx(0.5)


def test_a_damaged_image_is_named(tmp_path: Path, eyes: tuple[Eye, ...]) -> None:
    broken = tmp_path / "Ada_0001_L.jpg"
    broken.write_bytes(b"no image")
    with pytest.raises(SourceError, match=r"Ada_0001_L\.jpg' cannot be read"):
        clearness([*eyes, Eye(broken, "open", "Ada")])


def astuple_of(parts: object) -> list[tuple[Eye, ...]]:
    return [getattr(parts, name) for name in parts.__dataclass_fields__]  # type: ignore[attr-defined]
