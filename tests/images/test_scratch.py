from __future__ import annotations

import numpy as np

from driftwheel.images.scratch import Scratch


def test_a_buffer_is_used_again_and_grows_when_it_must():
    scratch = Scratch()
    first = scratch.take("a", (4, 5), 20)
    smaller = scratch.take("a", (3, 2), 6)
    assert np.shares_memory(first, smaller)
    larger = scratch.take("a", (10, 10), 100)
    assert not np.shares_memory(first, larger)
    assert larger.flags.c_contiguous
    assert larger.shape == (10, 10)


def test_names_do_not_share():
    scratch = Scratch()
    assert not np.shares_memory(scratch.take("a", (9,), 9), scratch.take("b", (9,), 9))
