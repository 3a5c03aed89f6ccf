"""Read eyes from a folder in the form in which "Closed Eyes in the Wild" is published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from driftwheel.errors import SourceError
from driftwheel.sources.file_kinds import IMAGE_SUFFIXES

__all__ = ["CLASSES", "Eye", "read_eyes"]

CLASSES = ("closed", "open")
"""Names of the folders, and of the classes, in order."""

_SIDE = re.compile(r"(?P<who>.+)_[LR]")
_PHOTO = re.compile(r"(?P<who>closed_eye_\d+)\..*|(?P<name>.+)_\d+")
_LEAST_PEOPLE = 40
_FORM = (
    "It has the folders 'open' and 'closed', and in them files such as 'Aaron_Guiel_0001_L.jpg' and "
    "'closed_eye_0001.jpg_face_1_R.jpg': who, and which eye."
)


@dataclass(frozen=True, slots=True)
class Eye:
    """An image of one eye.

    Attributes
    ----------
    file
        Where it is.
    label
        ``closed`` or ``open``.
    person
        Whose eye it is; all faces of a photo of several count as one person, for their names are not known.
    """

    file: Path
    label: str
    person: str


def read_eyes(folder: Path) -> tuple[Eye, ...]:
    """Return the eyes of a folder, those of each class in order of their files' names.

    Raises
    ------
    SourceError
        When the folder is not in the published form, or has fewer than 40 people of a class.
    """
    if missing := [name for name in CLASSES if not (folder / name).is_dir()]:
        raise SourceError(
            f"{folder} has no folder '{missing[0]}'. Name with --data a folder in the form of the data set "
            f"'Closed Eyes in the Wild'. {_FORM}"
        )
    found: list[Eye] = []
    for label in CLASSES:
        files = [one for one in sorted((folder / label).iterdir()) if one.suffix.lower() in IMAGE_SUFFIXES]
        own = [Eye(one, label, _person(one)) for one in files]
        if (people := len({one.person for one in own})) < _LEAST_PEOPLE:
            raise SourceError(
                f"{folder / label} has eyes of {people} people; at least {_LEAST_PEOPLE} are needed, as they "
                "are shared out to learn from and to measure on."
            )
        found += own
    return tuple(found)


def _person(file: Path) -> str:
    side = _SIDE.fullmatch(file.stem)
    if side is None:
        raise SourceError(
            f"The name of {file} does not say whose eye it is, so people cannot be kept apart. {_FORM}"
        )
    photo = _PHOTO.fullmatch(side["who"])
    return side["who"] if photo is None else photo["who"] or photo["name"]
