from __future__ import annotations

import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.losses import LOSS_WORDS, NOTE_WORDS, Loss, Losses, Lost, Note


def test_what_is_not_allowed_is_refused_with_how_to_allow_it() -> None:
    with pytest.raises(LabelFormatError) as refused:
        Losses({Loss.BOXES}).lose(Loss.ROTATION, "a.json, annotation 7", "'car' is turned by 3°")
    assert str(refused.value) == (
        "a.json, annotation 7: 'car' is turned by 3°. Change it there, or allow 'rotation' "
        "(turned boxes become the upright boxes around them)."
    )


def test_what_is_allowed_is_counted_with_the_first() -> None:
    losses = Losses({Loss.ROTATION})
    losses.note(Note.CLIPPED, "x")
    losses.lose(Loss.ROTATION, "one", "")
    losses.lose(Loss.ROTATION, "two", "")
    assert losses.all == (Lost(Note.CLIPPED, 1, "x"), Lost(Loss.ROTATION, 2, "one"))


def test_each_has_words() -> None:
    assert set(LOSS_WORDS) == set(Loss)
    assert set(NOTE_WORDS) == set(Note)
