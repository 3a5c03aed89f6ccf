"""Work on all processors: in order, a few tasks ahead, and clear about what goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest

from driftwheel.errors import DriftwheelError
from driftwheel.services.measure.parallel import default_threads, map_in_order


def squarer(refuse: int = -1) -> Callable[[int], tuple[int, int]]:
    """A local function travels to another process by its code: this module cannot be imported there."""

    def squared(number: int) -> tuple[int, int]:
        if number == refuse:
            raise ValueError(f"not {number}")
        return number**2, os.getpid()

    return squared


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("few", [0, 4, 100])
def test_results_come_in_order_from_threads_and_from_processes(threads: int, few: int) -> None:
    found = list(map_in_order(squarer(), range(30), threads=threads, few=few))
    assert [value for value, _ in found] == [n**2 for n in range(30)]
    elsewhere = [process != os.getpid() for _, process in found]
    assert elsewhere == [threads > 1 and n >= few for n in range(30)]


@pytest.mark.parametrize("few", [0, 100])
def test_tasks_are_read_only_a_few_ahead(few: int) -> None:
    read = []

    def tasks() -> Iterator[int]:
        for number in range(10_000):
            read.append(number)
            yield number

    results = map_in_order(squarer(), tasks(), threads=2, few=few)
    for _ in range(20):
        next(results)
    assert len(read) < 40
    results.close()
    assert len(read) < 40


@pytest.mark.parametrize("few", [0, 100])
def test_what_the_work_raises_comes_through_at_its_place(few: int) -> None:
    results = map_in_order(squarer(refuse=5), range(10), threads=2, few=few)
    assert [next(results)[0] for _ in range(5)] == [0, 1, 4, 9, 16]
    with pytest.raises(ValueError, match="not 5"):
        next(results)


def test_no_tasks_no_results() -> None:
    assert list(map_in_order(squarer(), [], threads=2, few=0)) == []


def test_by_default_as_many_at_once_as_there_are_processors() -> None:
    found = list(map_in_order(squarer(), range(8), threads=None, few=8))
    assert found == [(n**2, os.getpid()) for n in range(8)]
    read = []

    def tasks() -> Iterator[int]:
        for number in range(10_000):
            read.append(number)
            yield number

    results = map_in_order(squarer(), tasks(), threads=None, few=10_000)
    next(results)
    results.close()
    assert len(read) <= default_threads() + 2


def test_a_process_that_is_killed_is_an_error_that_says_what_to_do_and_the_next_run_works() -> None:
    def end_this_process(number: int) -> int:
        if number == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with pytest.raises(DriftwheelError, match=r"ended from outside.*--threads 1"):
        list(map_in_order(end_this_process, range(20), threads=2, few=0))
    assert len(list(map_in_order(squarer(), range(20), threads=2, few=0))) == 20


def test_a_script_needs_no_main_guard_and_leaves_no_process_behind() -> None:
    script = """
        import numpy as np
        from driftwheel.services.measure.measure_images import measure_images
        from driftwheel.records import Image
        images = [Image(f"{i:03}", np.full((32, 32), i, np.uint8)) for i in range(200)]
        print(sum(len(chunk) for chunk in measure_images(images, threads=2)))
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("200\n", "")


def test_processes_that_end_because_they_were_idle_are_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwheel.services.measure.parallel._IDLE_SECONDS", 0.001)
    for _ in range(3):
        found = list(map_in_order(squarer(), range(200), threads=2, few=0))
        assert [square for square, _ in found] == [n * n for n in range(200)]
