"""Labels drawn on the image as it is stored, brought to the image as it is displayed, and back.

A photo held upright is often stored lying, with an EXIF orientation 2…8 that tells viewers how to turn it.
Labelling tools in a browser, Ultralytics and OpenCV work on the displayed image; a loader that ignores EXIF,
on the stored one.
"""

from __future__ import annotations

from dataclasses import replace

from driftwheel.errors import UsageError
from driftwheel.formats.labelled_image import BoxLabel, LabelledImage

__all__ = ["displayed_from_stored", "displayed_size", "stored_from_displayed"]

_INVERSE = {6: 8, 8: 6}
_MIRRORED = frozenset({2, 4, 5, 7})


def displayed_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Return the size of an image as displayed, from its stored size (or the other way round).

    Examples
    --------
    >>> displayed_size(640, 480, 6)
    (480, 640)
    """
    return (height, width) if orientation >= 5 else (width, height)


def displayed_from_stored(image: LabelledImage, orientation: int) -> LabelledImage:
    """Return labels in coordinates of the displayed image.

    A box has no front: one turned by a quarter swaps its sides and keeps its angle; a mirrored one is turned
    the other way.

    Parameters
    ----------
    image
        In coordinates of the stored image; ``width`` and ``height`` are the stored ones.
    orientation
        1…8 as EXIF numbers them.

    Examples
    --------
    >>> from driftwheel.formats.labelled_image import Answer
    >>> stored = LabelledImage("a.jpg", 640, 480, (Answer(boxes=(BoxLabel("car", 0, 0, 10, 20),)),))
    >>> displayed_from_stored(stored, 6).answers[0].boxes[0]
    BoxLabel(label='car', x=460.0, y=0.0, width=20, height=10, rotation=0.0, ...)
    """
    if orientation not in range(1, 9):
        raise UsageError(f"The orientation {orientation} is none; EXIF numbers them 1 to 8.")
    if orientation == 1:
        return image
    if image.width is None or image.height is None:
        if any(answer.boxes for answer in image.answers):
            raise UsageError(
                f"The size of '{image.name}' is not known, and its boxes cannot be turned without."
            )
        return image
    size = image.width, image.height
    answers = tuple(
        replace(answer, boxes=tuple(_moved(box, size, orientation) for box in answer.boxes))
        for answer in image.answers
    )
    width, height = displayed_size(*size, orientation)
    return replace(image, width=width, height=height, answers=answers)


def stored_from_displayed(image: LabelledImage, orientation: int) -> LabelledImage:
    """Return labels in coordinates of the stored image: the inverse of `displayed_from_stored`."""
    return displayed_from_stored(image, _INVERSE.get(orientation, orientation))


def _moved(box: BoxLabel, size: tuple[int, int], orientation: int) -> BoxLabel:
    width, height = size
    u, v = box.x + box.width / 2, box.y + box.height / 2
    x, y = {
        2: (width - u, v),
        3: (width - u, height - v),
        4: (u, height - v),
        5: (v, u),
        6: (height - v, u),
        7: (height - v, width - u),
        8: (v, width - u),
    }[orientation]
    sides = (box.height, box.width) if orientation >= 5 else (box.width, box.height)
    rotation = (360 - box.rotation) % 360 if orientation in _MIRRORED else box.rotation
    return replace(
        box, x=x - sides[0] / 2, y=y - sides[1] / 2, width=sides[0], height=sides[1], rotation=rotation
    )
