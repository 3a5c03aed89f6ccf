from __future__ import annotations

import threading
import time

import pytest

from driftwheel.client.bounded_queue import BoundedQueue


@pytest.fixture
def queue() -> BoundedQueue[str]:
    return BoundedQueue(10, len)


def test_first_in_first_out_within_the_bound(queue: BoundedQueue[str]) -> None:
    assert [queue.put(value) for value in ("aaaa", "bbbb", "ccc", "cc")] == [True, True, False, True]
    assert queue.take(2, 0.0) == ["aaaa", "bbbb"]
    assert queue.put("ddd")
    assert queue.take(9, 0.0) == ["cc", "ddd"]
    assert queue.take(9, 0.0) == []


def test_a_value_above_the_bound_is_let_into_an_empty_queue_only(queue: BoundedQueue[str]) -> None:
    assert queue.put("x" * 20)
    assert not queue.put("y")
    assert queue.take(1, 0.0) == ["x" * 20]
    assert queue.put("y")
    assert not queue.put("x" * 20)


def test_taking_waits_for_the_first_value(queue: BoundedQueue[str]) -> None:
    threading.Timer(0.05, queue.put, ["a"]).start()
    assert queue.take(5, 5.0) == ["a"]
    start = time.monotonic()
    assert queue.take(5, 0.05) == []
    assert time.monotonic() - start >= 0.04


def test_putting_waits_for_room_if_it_may(queue: BoundedQueue[str]) -> None:
    queue.put("x" * 10)
    assert not queue.put("a", 0.02)
    threading.Timer(0.05, queue.take, [1, 0.0]).start()
    assert queue.put("a", 5.0)


def test_closing_wakes_everyone_and_leaves_what_is_there(queue: BoundedQueue[str]) -> None:
    threading.Timer(0.05, queue.close).start()
    start = time.monotonic()
    assert queue.take(5, 30.0) == []
    assert time.monotonic() - start < 10
    full: BoundedQueue[str] = BoundedQueue(10, len)
    full.put("x" * 10)
    threading.Timer(0.05, full.close).start()
    assert not full.put("a", 30.0)
    assert full.take(5, 0.0) == ["x" * 10]


def test_many_threads_lose_and_double_nothing(queue: BoundedQueue[str]) -> None:
    taken: list[str] = []

    def put(number: int) -> None:
        for i in range(500):
            while not queue.put(f"{number}{i:03}", 1.0):
                pass

    threads = [threading.Thread(target=put, args=[n]) for n in range(3)]
    for thread in threads:
        thread.start()
    while len(taken) < 1500:
        taken += queue.take(7, 1.0)
    for thread in threads:
        thread.join()
    assert sorted(taken) == [f"{n}{i:03}" for n in range(3) for i in range(500)]
    for n in range(3):
        assert [one for one in taken if one[0] == str(n)] == [f"{n}{i:03}" for i in range(500)]
