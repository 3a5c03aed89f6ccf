"""What lies around the text files of a YOLO data set: the names of the classes, and which image is whose."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from posixpath import basename

import yaml

from driftwheel.errors import LabelFormatError
from driftwheel.formats.checked_labels import as_class
from driftwheel.formats.image_name import image_name
from driftwheel.formats.label_files import LabelFiles, is_image, stem_of, text_of

__all__ = [
    "YoloData",
    "below",
    "find_yolo_files",
    "read_yolo_data",
    "write_yolo_data",
    "yolo_data_file",
    "yolo_text_files",
]

_LISTS = ("classes.txt", "obj.names", "predefined_classes.txt")
_SPLITS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}


@dataclass(frozen=True, slots=True)
class YoloData:
    """The names of the classes, by number; `numbers` are those in use, which may be sparse."""

    classes: tuple[str, ...]
    numbers: Mapping[int, str]
    called: str

    def class_of(self, word: str, where: str) -> str:
        """Return the class that a line begins with."""
        try:
            number = int(word) if "." not in word else -1 if float(word) % 1 else int(float(word))
        except (ValueError, OverflowError):
            number = -1
        label = self.numbers.get(number)
        if label is None:
            known = f"{min(self.numbers)} to {max(self.numbers)}" if self.numbers else "none"
            raise LabelFormatError(
                f"{where}: '{word[:30]}' is no class; the {len(self.numbers)} of {self.called} are {known}. "
                "Add it there, or correct the line."
            )
        return label


def yolo_data_file(names: Sequence[str]) -> str | None:
    """Return the file that names the classes, nearest to the top; None where there is none."""
    yamls = [name for name in names if name.endswith((".yaml", ".yml"))]
    lists = [name for name in names if basename(name) in _LISTS or name.endswith(".names")]
    for found in (yamls, lists):
        if found:
            return min(found, key=lambda name: (name.count("/"), not name.endswith("data.yaml"), name))
    return None


def read_yolo_data(files: LabelFiles) -> YoloData:
    """Return the classes of a data set from ``data.yaml``, or a list with one name a line.

    Raises
    ------
    LabelFormatError
        When there is none, it is no YAML, ``names`` is missing or is no list or table of names, a name comes
        twice, or ``nc`` is another number than that of the names.
    """
    file = yolo_data_file(files.names())
    if file is None:
        raise LabelFormatError(
            f"{files.called} has no data.yaml (nor obj.names or classes.txt) to name the classes. Add one."
        )
    called = f"{files.called}/{file}"
    if not file.endswith((".yaml", ".yml")):
        return _checked({number: line for number, (_, line) in enumerate(text_of(files, file))}, called)
    try:
        data = yaml.load(files.read(file), _PlainLoader)  # noqa: S506 (it is a SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise LabelFormatError(f"{called} is no YAML: {' '.join(str(error).split())[:200]}.") from None
    names = data.get("names") if isinstance(data, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(map(_is_number, names)):
        raise LabelFormatError(f"{called}: 'names' should be a list of classes, or a table of number: name.")
    n = data.get("nc")
    if n is not None and not (_is_number(n) and n == len(names)):
        raise LabelFormatError(f"{called}: 'nc' is {_shown(n)}, but there are {len(names)} names.")
    if odd := [name for name in names.values() if not (isinstance(name, str) or _is_number(name))]:
        raise LabelFormatError(
            f"{called}: 'names' has {_shown(odd[0])}, which YAML reads as no text. Put the name in quotes."
        )
    return _checked({key: str(name) for key, name in names.items()}, called)


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML without aliases: a few hundred bytes of them stand for more than memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(
                problem="an alias (*) is not read; write out what it is for", problem_mark=mark
            )
        return super().compose_node(parent, index)


def _is_number(value: object) -> bool:
    return type(value) is int and value.bit_length() < 64


def _shown(value: object) -> str:
    """Return what YAML has read in a few words: lists and tables may be of any size."""
    if value is None or isinstance(value, bool | float) or _is_number(value):
        return repr(value)
    return f"a value of the type {type(value).__name__}"


def write_yolo_data(classes: Sequence[str], tops: AbstractSet[str]) -> bytes:
    """Return ``data.yaml``: classes by number, and the folders of images by what they are for.

    `tops` are the first folders of the images' names; ``train``, ``val`` (``valid``, ``validation``) and
    ``test`` are named as such, and without them all images are for all.
    """
    data: dict[str, object] = {}
    splits = {use: name for use, names in _SPLITS.items() for name in names if name in tops}
    if set(splits.values()) != set(tops) or not splits:
        data |= {"train": "images", "val": "images"}
    else:
        data |= {use: f"images/{name}" for use, name in splits.items()}
        for use in ("train", "val"):
            data.setdefault(use, f"images/{next(iter(splits.values()))}")
    data["names"] = dict(enumerate(classes))
    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)).encode()


def find_yolo_files(files: LabelFiles, images: Sequence[str] | None) -> list[tuple[str, str | None]]:
    """Return (name of the image, its text file or None) in order of name.

    The text file of ``images/train/a.jpg`` is ``labels/train/a.txt``; where there is no folder ``labels``, it
    lies beside its image.
    """
    names = files.names()
    labels = yolo_text_files(names)
    if images is None:
        images = [name for name in names if is_image(name)]
    pictures: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in images:
        name = image_name(below(path, "images"), files.called)
        pictures[stem_of(name)].append((name, path))
    found: list[tuple[str, str | None]] = []
    for stem, alike in pictures.items():
        if len(alike) > 1 and stem in labels:
            both = "' and '".join(path for _, path in alike)
            raise LabelFormatError(f"{files.called}: '{both}' share {labels[stem]}. Rename one of them.")
        found += [(name, labels.get(stem)) for name, _ in alike]
    if left := sorted(set(labels) - set(pictures)):
        raise LabelFormatError(
            f"{files.called}: {labels[left[0]]} has no image ({len(left):,} such). "
            "Say where the images are: --images FOLDER."
        )
    return sorted(found)


def yolo_text_files(names: Sequence[str]) -> dict[str, str]:
    """Return, of the files of a data set, stem of the image's name → text file."""
    texts = [name for name in names if name.endswith(".txt") and basename(name) not in _LISTS]
    inside = [name for name in texts if "labels" in name.split("/")[:-1]]
    if not inside:
        lists = {"train.txt", "val.txt", "valid.txt", "test.txt", "readme.txt", "requirements.txt"}
        inside = [name for name in texts if basename(name).lower() not in lists]
    found: dict[str, str] = {}
    for name in inside:
        stem = stem_of(below(name, "labels"))
        if stem in found:
            raise LabelFormatError(f"{found[stem]} and {name} are of the same image. Rename one of them.")
        found[stem] = name
    return found


def below(path: str, folder: str) -> str:
    """Return a path without the last folder of a name.

    Examples
    --------
    >>> below("images/train/a.jpg", "images"), below("train/images/a.jpg", "images")
    ('train/a.jpg', 'train/a.jpg')
    """
    parts = path.split("/")
    at = max((place for place, part in enumerate(parts[:-1]) if part == folder), default=None)
    return path if at is None else "/".join(parts[:at] + parts[at + 1 :])


def _checked(names: Mapping[int, str], called: str) -> YoloData:
    numbers = {number: as_class(names[number], called) for number in sorted(names)}
    classes = tuple(numbers.values())
    if twice := [label for label, n in Counter(classes).items() if n > 1]:
        raise LabelFormatError(f"{called}: the class '{twice[0]}' is there twice. Rename one of them.")
    return YoloData(classes, numbers, called)
