from __future__ import annotations

from datetime import UTC, datetime

import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.labelled_image import Answer, ClassLabel, LabelledImage
from driftwheel.formats.losses import Losses, Note
from driftwheel.formats.single_answer import AnswerChoice, choose_answer, the_answer


def said(label: str, day: int | None = None, **more: object) -> Answer:
    time = None if day is None else datetime(2026, 1, day, tzinfo=UTC)
    return Answer((ClassLabel(label),), time=time, **more)  # type: ignore[arg-type]


A, B, GOLDEN = said("a", 3), said("b", 1), said("g", 2, golden=True)
MODEL = said("m", source="model")


@pytest.mark.parametrize(
    ("answers", "choice", "expected"),
    [
        ((A,), "only", (A,)),
        ((MODEL,), "only", (MODEL,)),
        ((MODEL, A), "only", (A,)),
        ((), "only", ()),
        ((A, B, GOLDEN, MODEL), "first", (B,)),
        ((A, B, GOLDEN, MODEL), "latest", (A,)),
        ((said("x"), A, said("y")), "latest", (said("y"),)),
        ((A, B, GOLDEN), "golden", (GOLDEN,)),
        ((A, B), "golden", ()),
        ((A, MODEL), "model", (MODEL,)),
        ((A, MODEL), "human", (A,)),
        ((A, B, MODEL), "all", (A, B, MODEL)),
    ],
)
def test_choices(answers: tuple[Answer, ...], choice: AnswerChoice, expected: tuple[Answer, ...]) -> None:
    losses = Losses()
    assert choose_answer(LabelledImage("a.jpg", answers=answers), choice, losses).answers == expected
    left = len(answers) - len(expected)
    assert [(one.kind, one.count) for one in losses.all] == ([(Note.OTHER_ANSWERS, left)] if left else [])


def test_several_are_refused() -> None:
    with pytest.raises(LabelFormatError, match=r"'a\.jpg' has 2 answers; one is wanted. Choose by --answers"):
        choose_answer(LabelledImage("a.jpg", answers=(A, B)), "only", Losses())
    with pytest.raises(LabelFormatError, match="this format holds one"):
        the_answer(LabelledImage("a.jpg", answers=(A, B)), Losses())


def test_who_and_when_are_told_where_they_are_lost() -> None:
    losses = Losses()
    assert the_answer(LabelledImage("a.jpg", answers=(A,)), losses) == A
    assert [one.kind for one in losses.all] == [Note.WHO_AND_WHEN]
