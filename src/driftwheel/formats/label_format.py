"""The formats of labels that are read and written, and how to tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import PurePosixPath

from driftwheel.errors import UsageError
from driftwheel.formats.label_files import is_image
from driftwheel.formats.yolo_data import yolo_data_file

__all__ = ["SINGLE_FILES", "LabelFormat", "format_of_files", "format_of_json", "format_of_target"]


class LabelFormat(StrEnum):
    """A format, by the name it has on the command line."""

    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"
    FOLDERS = "folders"
    CSV = "csv"
    CVAT = "cvat"
    LABEL_STUDIO = "label-studio"


SINGLE_FILES = {
    LabelFormat.COCO: ".json",
    LabelFormat.CSV: ".csv",
    LabelFormat.CVAT: ".xml",
    LabelFormat.LABEL_STUDIO: ".json",
}
"""Formats that are one file → how its name ends. The others are folders."""

_SAY = "Say it: --from-format coco, yolo, voc, folders, csv, cvat or label-studio."


def format_of_json(kind: str, keys: Sequence[str], called: str) -> LabelFormat:
    """Return the format of a JSON document from what `driftwheel.formats.json_stream.first_keys` says of it.

    Raises
    ------
    UsageError
        For a document of neither format; names those that look alike and are not read.

    Examples
    --------
    >>> format_of_json("object", ("info", "images", "annotations"), "a.json").value
    'coco'
    """
    if kind == "object" and "images" in keys:
        return LabelFormat.COCO
    if kind == "list" and "data" in keys:
        return LabelFormat.LABEL_STUDIO
    if kind == "list" and {"image_id", "category_id"} <= set(keys):
        raise UsageError(
            f"{called} is a list of COCO results, which does not name images and classes. Put it as "
            "'annotations' into the file with 'images' and 'categories'."
        )
    if kind == "list" and "annotation_id" in keys:
        raise UsageError(f"{called} is a JSON-MIN export of Label Studio. Export it as JSON.")
    raise UsageError(f"{called} is neither COCO nor Label Studio JSON. {_SAY}")


def format_of_files(
    names: Sequence[str], beginning: Callable[[str], bytes], called: str
) -> tuple[LabelFormat, str | None]:
    """Return the format of a folder or archive, and the one file to read of it where that is what it is.

    A JSON file is then told apart by `format_of_json`; until then it counts as COCO.

    Parameters
    ----------
    names
        Of all files in it.
    beginning
        Returns the first bytes of a file.

    Raises
    ------
    UsageError
        When it could be several, or none.
    """
    labels = [name for name in names if not is_image(name)]
    jsons = [name for name in labels if name.endswith(".json") and PurePosixPath(name).name != "notes.json"]
    xmls = [name for name in labels if name.endswith(".xml")]
    tables = [name for name in labels if name.endswith(".csv")]
    texts = [name for name in labels if name.endswith(".txt")]
    found: list[tuple[LabelFormat, str | None]] = []
    if yolo_data_file(labels) is not None and (texts or not jsons):
        found.append((LabelFormat.YOLO, None))
    if jsons:
        found.append((LabelFormat.COCO, jsons[0]))
    if xmls and b"<annotations" in beginning(xmls[0]):
        found.append((LabelFormat.CVAT, xmls[0]))
    elif xmls:
        found.append((LabelFormat.VOC, None))
    if tables:
        found.append((LabelFormat.CSV, tables[0]))
    if not found and any("/" in name for name in names if is_image(name)):
        found.append((LabelFormat.FOLDERS, None))
    several = len(jsons) > 1 or len(tables) > 1 or (len(xmls) > 1 and found[0][0] is LabelFormat.CVAT)
    if len(found) != 1 or several:
        seen = ", ".join((jsons + xmls + tables)[:3]) or f"{len(names):,} files"
        raise UsageError(f"The format of {called} is not clear ({seen}). {_SAY} Or name one file in it.")
    return found[0]


def format_of_target(name: str) -> LabelFormat | None:
    """Return the format to write by the ending of a name; None where it does not say.

    Examples
    --------
    >>> format_of_target("labels.csv").value, format_of_target("labels.json")
    ('csv', None)
    """
    return {".csv": LabelFormat.CSV, ".xml": LabelFormat.CVAT}.get(PurePosixPath(name).suffix.lower())
