from __future__ import annotations

import threading
import time

from driftwheel.store.engine.fair_lock import FairLock


def test_it_is_given_in_the_order_it_was_asked_for() -> None:
    lock = FairLock()
    order: list[int] = []
    assert lock.acquire(1)

    def wait(number: int) -> None:
        assert lock.acquire(10)
        order.append(number)
        lock.release()

    threads = []
    for number in range(5):
        thread = threading.Thread(target=wait, args=(number,))
        thread.start()
        threads.append(thread)
        while len(lock._waiting) <= number:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_comes_back_at_once_does_not_keep_others_out() -> None:
    lock = FairLock()
    stop = threading.Event()
    turns = 0

    def greedy() -> None:
        nonlocal turns
        while not stop.is_set():
            assert lock.acquire(10)
            turns += 1
            time.sleep(0.001)
            lock.release()

    thread = threading.Thread(target=greedy)
    thread.start()
    for _ in range(20):
        before = turns
        assert lock.acquire(10)
        assert turns <= before + 2
        lock.release()
    stop.set()
    thread.join()


def test_who_gives_up_is_forgotten() -> None:
    lock = FairLock()
    assert lock.acquire(1)
    assert not lock.acquire(0.01)
    assert not lock.acquire(0)
    lock.release()
    assert lock.acquire(0)
    lock.release()


def test_only_one_has_it() -> None:
    lock = FairLock()
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            if lock.acquire(0.0005):
                inside += 1
                most = max(most, inside)
                inside -= 1
                lock.release()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert lock.acquire(0)
