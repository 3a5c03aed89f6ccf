"""Work in a process of its own: its result, its errors, and its end."""

from __future__ import annotations

import os
import time
from functools import partial

import pytest

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.autoencoder_shape import shape_for
from driftwheel.services.models.own_process import in_own_process


class Enough(BaseException):
    """Ends the work from here."""


def nothing() -> None:
    """Look at nothing."""


def test_what_is_returned_and_what_is_raised_come_through() -> None:
    assert in_own_process(os.getppid, what="counted", look=nothing) == os.getpid()
    with pytest.raises(UsageError, match="The side of an autoencoder is 3"):
        in_own_process(partial(shape_for, 3, colour=True), what="counted", look=nothing)


def test_a_process_that_is_ended_is_told_of() -> None:
    with pytest.raises(DriftwheelError, match="The process that counted was ended from outside"):
        in_own_process(partial(os._exit, 9), what="counted", look=nothing)


def test_it_can_be_ended_from_here() -> None:
    looks = []

    def look() -> None:
        looks.append(1)
        if len(looks) > 2:
            raise Enough

    with pytest.raises(Enough):
        in_own_process(partial(time.sleep, 3600), what="slept", look=look)
