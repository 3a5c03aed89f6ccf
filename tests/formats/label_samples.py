"""Labels to write and read, and label files held in memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from driftwheel.formats.class_folders import read_class_folders, write_class_folders
from driftwheel.formats.coco import read_coco, write_coco
from driftwheel.formats.cvat import read_cvat, write_cvat
from driftwheel.formats.label_csv import read_label_csv, write_label_csv
from driftwheel.formats.label_files import OutFile
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.label_studio import read_label_studio, write_label_studio
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage, LabelSet
from driftwheel.formats.losses import Losses
from driftwheel.formats.pascal_voc import read_voc, write_voc
from driftwheel.formats.yolo import read_yolo, write_yolo

Labels = Sequence[LabelledImage]


class Held:
    """Files in memory."""

    called = "held"

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def names(self) -> Sequence[str]:
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        return self.files[name]


def held(files: Iterable[OutFile], images: Iterable[str] = ()) -> Held:
    found = {file.path: file.content for file in files}
    assert all(not path.startswith("/") and ".." not in path.split("/") for path in found)
    return Held(found | {f"images/{name}": b"" for name in images})


def there_and_back(  # noqa: PLR0911
    form: LabelFormat, images: Labels, losses: Losses, classes: Sequence[str] = ()
) -> LabelSet:
    """Write images in a format and read them again."""
    out, scratch, of = io.BytesIO(), io.BytesIO(), iter(images)
    names = [image.name for image in images]
    sizes = {image.name: (image.width or 0, image.height or 0) for image in images}
    match form:
        case LabelFormat.COCO:
            write_coco(of, out, scratch, classes=classes, losses=losses)
            return read_coco(out, called="a.json", losses=losses)
        case LabelFormat.CVAT:
            write_cvat(of, out, scratch, classes=classes, losses=losses)
            return read_cvat(out, called="a.xml", losses=losses)
        case LabelFormat.LABEL_STUDIO:
            write_label_studio(of, out, losses=losses)
            return read_label_studio(out, called="a.json", losses=losses)
        case LabelFormat.CSV:
            write_label_csv(of, out, losses=losses)
            return read_label_csv(out, called="a.csv")
        case LabelFormat.YOLO:
            files = held(write_yolo(of, classes=classes, losses=losses), names)
            return read_yolo(files, size_of=sizes.get, losses=losses)
        case LabelFormat.VOC:
            return read_voc(held(write_voc(of, losses=losses)), losses=losses)
        case LabelFormat.FOLDERS:
            return read_class_folders(held(write_class_folders(of, losses=losses)))


@dataclass(frozen=True)
class Speaks:
    """What a format can say."""

    boxes: bool = True
    classes: bool = False
    rotation: bool = False
    flags: tuple[str, ...] = ()
    attributes: bool = False
    whole_pixels: bool = False
    inside: bool = False


SPEAKS = {
    LabelFormat.COCO: Speaks(flags=("crowd", "occluded", "truncated", "ignored"), attributes=True),
    LabelFormat.CVAT: Speaks(classes=True, rotation=True, flags=("occluded",), attributes=True),
    LabelFormat.LABEL_STUDIO: Speaks(classes=True, rotation=True, attributes=True),
    LabelFormat.CSV: Speaks(boxes=False, classes=True),
    LabelFormat.YOLO: Speaks(inside=True),
    LabelFormat.VOC: Speaks(flags=("occluded", "truncated", "ignored"), whole_pixels=True, inside=True),
}

# Letters, accents, other scripts, blanks, and signs that mean something in XML, CSV, YAML, JSON or URLs.
_SIGNS = "aZ09 _-.,;:'\"&<>#%+=@!?()[]{}|~é日本Ж" + chr(0x1F642)
words = st.text(_SIGNS, min_size=1, max_size=8).map(str.strip).filter(bool)
parts = words.filter(lambda word: word.strip(". ") and ":" not in word)
names = st.lists(parts, min_size=1, max_size=3).map(lambda found: "/".join(found) + ".jpg")
numbers = st.floats(-50, 3000).map(lambda number: round(number, 3))
sides = st.floats(0.5, 2000).map(lambda number: round(number, 3))


@st.composite
def boxes(draw: Callable[..., object], speaks: Speaks, size: tuple[int, int]) -> BoxLabel:
    if speaks.inside:
        unit = 1 if speaks.whole_pixels else 8
        x, y = (draw(st.integers(0, side * unit - 1)) for side in size)
        width, height = (
            draw(st.integers(1, side * unit - at)) for side, at in zip(size, (x, y), strict=True)
        )
        edges = [value / unit for value in (x, y, width, height)]
    else:
        edges = [draw(numbers), draw(numbers), draw(sides), draw(sides)]
    marks = {name: draw(st.booleans()) for name in speaks.flags}
    turn = draw(st.sampled_from([0.0, 0.0, 30.5, 90.0, 359.75])) if speaks.rotation else 0.0
    pairs = st.lists(st.tuples(words, words), max_size=2, unique_by=lambda pair: pair[0])
    said = tuple(draw(pairs)) if speaks.attributes else ()
    said = tuple(pair for pair in said if pair[0] not in {"rotation", "occluded", "truncated"})
    return BoxLabel(draw(words), *edges, rotation=turn, attributes=said, **marks)


@st.composite
def images(draw: Callable[..., object], speaks: Speaks) -> list[LabelledImage]:
    found = []
    for name in draw(st.lists(names, max_size=4, unique_by=lambda name: name.casefold())):
        size = (draw(st.integers(1, 4000)), draw(st.integers(1, 4000)))
        drawn = tuple(draw(st.lists(boxes(speaks, size), max_size=3))) if speaks.boxes else ()
        least, most = (0 if speaks.boxes else 1), (3 if speaks.classes else 0)
        said = draw(st.lists(words, min_size=least, max_size=most, unique=True))
        found.append(LabelledImage(name, *size, (Answer(tuple(map(ClassLabel, said)), drawn),)))
    return found


def answers_of(labels: LabelSet | Labels) -> Iterator[tuple[str, Answer]]:
    for image in labels.images if isinstance(labels, LabelSet) else labels:
        for answer in image.answers:
            yield image.name, answer
