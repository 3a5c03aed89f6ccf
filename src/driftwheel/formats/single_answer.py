"""One answer for each image: what most formats can hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from driftwheel.errors import LabelFormatError
from driftwheel.formats.labelled_image import Answer, LabelledImage
from driftwheel.formats.losses import Loss, Losses, Note

__all__ = ["AnswerChoice", "choose_answer", "the_answer"]

AnswerChoice = Literal["only", "first", "latest", "golden", "human", "model", "all"]


def choose_answer(image: LabelledImage, choice: AnswerChoice, losses: Losses) -> LabelledImage:
    """Return an image with the answer that was chosen; what is left out is counted.

    Parameters
    ----------
    choice
        ``only``: the one answer, or the one that a person gave beside predictions; several are refused.
        ``human``, ``model``: the only one of its kind. ``first`` and ``latest`` of the people's (by time; of
        those without a time, and of equal ones, by place in the file). ``golden``: the one marked as the
        truth. ``all``: as they are.

    Raises
    ------
    LabelFormatError
        When several fit the choice.
    """
    if choice == "all" or not image.answers:
        return image
    of_people = [answer for answer in image.answers if answer.source == "human"]
    fitting: list[Answer] = {
        "only": list(image.answers) if len(image.answers) == 1 else of_people or list(image.answers),
        "human": of_people,
        "model": [answer for answer in image.answers if answer.source == "model"],
        "golden": [answer for answer in image.answers if answer.golden],
        "first": _by_time(of_people)[:1],
        "latest": _by_time(of_people)[-1:],
    }[choice]
    if len(fitting) > 1:
        raise LabelFormatError(
            f"'{image.name}' has {len(fitting)} answers; one is wanted. Choose by --answers: first, latest, "
            "golden (the one marked as the truth), human or model."
        )
    for _ in range(len(image.answers) - len(fitting)):
        losses.note(Note.OTHER_ANSWERS, image.name)
    return replace(image, answers=tuple(fitting))


def the_answer(image: LabelledImage, losses: Losses, *, keeps_who: bool = False) -> Answer | None:
    """Return the one answer of an image, for a format that holds no more; None to leave the image out.

    Raises
    ------
    LabelFormatError
        When there are several; when there is none, unless `Loss.UNLABELLED` is allowed.
    """
    if not image.answers:
        losses.lose(
            Loss.UNLABELLED, f"'{image.name}'", "nobody has labelled it, and this format cannot say so"
        )
        return None
    if len(image.answers) > 1:
        raise LabelFormatError(f"'{image.name}' has {len(image.answers)} answers; this format holds one.")
    (answer,) = image.answers
    if not keeps_who and (answer.by or answer.time is not None or answer.seconds is not None):
        losses.note(Note.WHO_AND_WHEN, image.name)
    return answer


def _by_time(answers: list[Answer]) -> list[Answer]:
    known = [answer for answer in answers if answer.time is not None]
    return sorted(known, key=lambda answer: answer.time) if len(known) == len(answers) else answers  # type: ignore[arg-type,return-value]
