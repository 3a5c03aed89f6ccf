"""What becomes of a box in a format that cannot say all of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from driftwheel.errors import LabelFormatError
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage
from driftwheel.formats.losses import Loss, Losses, Note
from driftwheel.formats.turned_box import corners, edges_around

__all__ = ["FLAGS", "clipped", "fitting_box", "fitting_class", "no_boxes", "no_classes", "size_of"]

FLAGS = ("crowd", "occluded", "truncated", "ignored")
_LEAST_TOLD = 0.01  # pixels: less than that, cut off at the border, is rounding


def fitting_box(
    box: BoxLabel,
    where: str,
    losses: Losses,
    *,
    rotation: bool = False,
    flags: Collection[str] = (),
    attributes: bool = False,
    score: bool = False,
) -> BoxLabel:
    """Return a box with only what a format can say; the rest is lost where allowed, else refused.

    Parameters
    ----------
    rotation, flags, attributes, score
        What the format can say.
    """
    if box.rotation and not rotation:
        losses.lose(Loss.ROTATION, where, f"'{box.label}' is turned by {box.rotation:g}°")
        x, y, width, height = edges_around(corners(box))
        box = replace(box, x=x, y=y, width=width, height=height, rotation=0.0)
    marks = [name for name in FLAGS if getattr(box, name) and name not in flags]
    if marks:
        losses.lose(Loss.FLAGS, where, f"'{box.label}' is marked {' and '.join(marks)}")
        box = replace(
            box,
            crowd=box.crowd and "crowd" in flags,
            occluded=box.occluded and "occluded" in flags,
            truncated=box.truncated and "truncated" in flags,
            ignored=box.ignored and "ignored" in flags,
        )
    if box.attributes and not attributes:
        losses.lose(Loss.ATTRIBUTES, where, f"'{box.label}' has the attribute '{box.attributes[0][0]}'")
        box = replace(box, attributes=())
    if box.score is not None and not score:
        losses.lose(Loss.SCORES, where, f"'{box.label}' has the score {box.score:g}")
        box = replace(box, score=None)
    return box


def fitting_class(
    one: ClassLabel, where: str, losses: Losses, *, attributes: bool = False, score: bool = False
) -> ClassLabel:
    """Return a class with only what a format can say, as `fitting_box` does."""
    if one.attributes and not attributes:
        losses.lose(Loss.ATTRIBUTES, where, f"'{one.label}' has the attribute '{one.attributes[0][0]}'")
        one = replace(one, attributes=())
    if one.score is not None and not score:
        losses.lose(Loss.SCORES, where, f"'{one.label}' has the score {one.score:g}")
        one = replace(one, score=None)
    return one


def clipped(box: BoxLabel, width: int, height: int, where: str, losses: Losses) -> BoxLabel | None:
    """Return an upright box cut off at the border of its image, counted where that is over 0.01 pixel.

    None for one wholly outside, where that may be left out.
    """
    left, upper = min(max(box.x, 0.0), width), min(max(box.y, 0.0), height)
    right, lower = min(max(box.x + box.width, 0.0), width), min(max(box.y + box.height, 0.0), height)
    if right <= left or lower <= upper:
        losses.lose(
            Loss.OUTSIDE, where, f"the box of '{box.label}' lies outside the {width} × {height} image"
        )
        return None
    cut = max(left - box.x, upper - box.y, box.x + box.width - right, box.y + box.height - lower)
    if cut <= 0:
        return box
    if cut > _LEAST_TOLD:
        losses.note(Note.CLIPPED, where)
    return replace(box, x=left, y=upper, width=right - left, height=lower - upper)


def no_classes(answer: Answer, where: str, losses: Losses) -> None:
    """Lose every class of a whole image, for a format that holds boxes only."""
    for one in answer.classes:
        losses.lose(
            Loss.CLASSES, where, f"'{one.label}' is a class of the whole image; this format holds boxes"
        )


def no_boxes(answer: Answer, where: str, losses: Losses) -> None:
    """Lose every box, for a format that holds classes of whole images only."""
    for box in answer.boxes:
        losses.lose(
            Loss.BOXES, where, f"it has a box of '{box.label}'; this format holds classes of whole images"
        )


def size_of(image: LabelledImage) -> tuple[int, int]:
    """Return width and height, which the format to write needs."""
    if image.width is None or image.height is None:
        raise LabelFormatError(
            f"'{image.name}': the size of the image is not known, and this format needs it. "
            "Say where the images are, so that it can be read from them: --images FOLDER."
        )
    return image.width, image.height
