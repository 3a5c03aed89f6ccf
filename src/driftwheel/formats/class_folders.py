"""Image folders: the class of an image is the folder it lies in. What torchvision calls ImageFolder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftwheel.errors import LabelFormatError
from driftwheel.formats.box_fitness import fitting_class, no_boxes
from driftwheel.formats.checked_labels import as_class
from driftwheel.formats.image_name import image_name
from driftwheel.formats.label_files import LabelFiles, OutFile, is_image
from driftwheel.formats.labelled_image import Answer, ClassLabel, LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.single_answer import the_answer

__all__ = ["SPLITS", "read_class_folders", "write_class_folders"]

SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test"})
"""First folders that are no classes, where all first folders are among them."""


def read_class_folders(files: LabelFiles) -> LabelSet:
    """Return the classes, sorted, and images of a folder of classes, sorted by name.

    The class is the first folder of an image's path; the second, where all first folders are `SPLITS`.

    Raises
    ------
    LabelFormatError
        For an image in no folder.
    """
    names = sorted(image_name(name, files.called) for name in files.names() if is_image(name))
    depth = 1 if names and all(name.split("/")[0].lower() in SPLITS for name in names) else 0

    def label_of(name: str) -> str:
        parts = name.split("/")
        if len(parts) < depth + 2:
            raise LabelFormatError(
                f"{files.called}: '{name}' lies in no folder that names its class. Move it into one, such as "
                f"'{'/'.join([*parts[:-1], 'some class', parts[-1]])}'."
            )
        return as_class(parts[depth], f"{files.called}: '{name}'")

    classes = tuple(sorted({label_of(name) for name in names}))
    images = (LabelledImage(name, answers=(Answer((ClassLabel(label_of(name)),)),)) for name in names)
    return LabelSet(classes, images)


def write_class_folders(images: Iterable[LabelledImage], *, losses: Losses) -> Iterator[OutFile]:
    """Yield, for each image, where a copy of it belongs: in the folder of its class.

    The folder comes before the image's own path, unless the path begins with it (or has it after a split).

    Raises
    ------
    LabelFormatError
        For images with several classes or none, or what else this format cannot say, unless `losses` allows
        it; for classes that are no names of folders.
    """
    taken: dict[str, str] = {}
    for image in images:
        where = f"'{image.name}'"
        answer = the_answer(image, losses)
        if answer is None:
            continue
        no_boxes(answer, where, losses)
        if not answer.classes:
            losses.lose(Loss.NOTHING, where, "it has no class, and there is no folder for that")
            continue
        if len(answer.classes) > 1:
            raise LabelFormatError(
                f"{where} has {len(answer.classes)} classes; in folders it has one. Write CSV instead."
            )
        label = fitting_class(answer.classes[0], where, losses).label
        if image_name(label, where) != label or "/" in label or "\\" in label:
            raise LabelFormatError(f"{where}: the class '{label}' is no name of a folder. Rename it.")
        parts = image.name.split("/")
        at = 1 if parts[0].lower() in SPLITS else 0
        path = image.name if label in parts[at : at + 1] and len(parts) > at + 1 else f"{label}/{image.name}"
        if taken.setdefault(path, image.name) != image.name:
            raise LabelFormatError(f"{where} and '{taken[path]}' would both be '{path}'. Rename one of them.")
        yield OutFile(path, image=image.name)
