"""One that fails keeps no other waiting."""

from __future__ import annotations

import pytest

from driftwheel.workflows.one_by_one import one_by_one


def test_all_have_their_turn_and_the_first_failure_is_told_with_the_others() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number % 2:
            raise ValueError(f"{number} is odd.")
        done.append(number)

    with pytest.raises(ValueError, match="1 is odd") as failed:
        one_by_one(range(5), work)
    assert done == [0, 2, 4]
    assert failed.value.__notes__ == ["Another failed, too: ValueError: 3 is odd."]


def test_whoever_stops_stops_at_once() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        done.append(number)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one_by_one(range(5), work)
    assert done == [0]
