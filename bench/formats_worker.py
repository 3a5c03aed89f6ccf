"""One measurement of bench/formats.py, in a process of its own: write labels, or read them again."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from driftwheel.formats.class_folders import read_class_folders, write_class_folders
from driftwheel.formats.coco import read_coco, write_coco
from driftwheel.formats.cvat import read_cvat, write_cvat
from driftwheel.formats.label_csv import read_label_csv, write_label_csv
from driftwheel.formats.label_files import OutFile
from driftwheel.formats.label_studio import read_label_studio, write_label_studio
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage, LabelSet
from driftwheel.formats.losses import Losses
from driftwheel.formats.pascal_voc import read_voc, write_voc
from driftwheel.formats.yolo import read_yolo, write_yolo
from driftwheel.services.convert.label_files import open_label_place

SIZE = (1920, 1080)
CLASSES = tuple(f"class {number}" for number in range(20))
SUFFIX = {"coco": "a.json", "label-studio": "a.json", "cvat": "a.xml", "csv": "a.csv"}


def class_labels(count: int) -> Iterator[LabelledImage]:
    """One class an image."""
    for at in range(count):
        label = CLASSES[at % 20]
        yield LabelledImage(f"{label}/img_{at:07d}.jpg", *SIZE, (Answer((ClassLabel(label),)),))


def boxes(count: int) -> Iterator[LabelledImage]:
    """Four boxes an image, on eighths of pixels; whole pixels for VOC."""
    for at in range(count // 4):
        drawn = tuple(
            BoxLabel(CLASSES[(at + n) % 20], at % 1500 + STEP * n, at % 800, 100 + STEP * n, 50 + at % 200)
            for n in range(4)
        )
        yield LabelledImage(f"day {at % 30}/img_{at:07d}.jpg", *SIZE, (Answer(boxes=drawn),))


STEP = 0.125


def write(form: str, kind: str, count: int, place: Path) -> None:
    images = class_labels(count) if kind == "classes" else boxes(count)
    losses = Losses()
    if form in SUFFIX:
        with (place / SUFFIX[form]).open("wb") as out, tempfile.TemporaryFile() as scratch:
            match form:
                case "coco":
                    write_coco(images, out, scratch, classes=CLASSES, losses=losses)
                case "cvat":
                    write_cvat(images, out, scratch, classes=CLASSES, losses=losses)
                case "csv":
                    write_label_csv(images, out, losses=losses)
                case _:
                    write_label_studio(images, out, losses=losses)
        return
    files: Iterator[OutFile]
    if form == "folders":
        files = write_class_folders(images, losses=losses)
    elif form == "yolo":
        files = write_yolo(images, classes=CLASSES, losses=losses)
    else:
        files = write_voc(images, losses=losses)
    for file in files:
        path = place / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


def read(form: str, count: int, place: Path) -> tuple[int, int]:
    losses = Losses()
    labels: LabelSet
    if form in SUFFIX:
        with (place / SUFFIX[form]).open("rb") as stream:
            match form:
                case "coco":
                    labels = read_coco(stream, called=form, losses=losses)
                case "cvat":
                    labels = read_cvat(stream, called=form, losses=losses)
                case "csv":
                    labels = read_label_csv(stream, called=form)
                case _:
                    labels = read_label_studio(stream, called=form, losses=losses)
            return counted(labels)
    with open_label_place(place) as files:
        if form == "folders":
            return counted(read_class_folders(files))
        if form == "voc":
            return counted(read_voc(files, losses=losses))
        names = [f"day {at % 30}/img_{at:07d}.jpg" for at in range(count // 4)]
        return counted(read_yolo(files, size_of=lambda _: SIZE, losses=losses, images=names))


def counted(labels: LabelSet) -> tuple[int, int]:
    images = objects = 0
    for image in labels.images:
        images += 1
        objects += sum(len(answer.classes) + len(answer.boxes) for answer in image.answers)
    return images, objects


def memory(line: str) -> int:
    """Return what Linux says of this process, in KiB."""
    status = Path("/proc/self/status").read_text()
    return int(next(one for one in status.splitlines() if one.startswith(line)).split()[1])


def begin_anew() -> int:
    """Forget the peak so far, and return what is in use, in KiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def main() -> None:
    what, form, kind, count, folder = sys.argv[1:]
    global STEP  # noqa: PLW0603 - one measurement a process
    STEP = 1 if form == "voc" else 0.125
    idle = begin_anew()
    begin, begin_busy = time.perf_counter(), time.process_time()
    images = objects = 0
    if what == "write":
        write(form, kind, int(count), Path(folder))
    else:
        images, objects = read(form, int(count), Path(folder))
    seconds, busy = time.perf_counter() - begin, time.process_time() - begin_busy
    mib = (memory("VmHWM") - idle) / 1024
    print(json.dumps({"seconds": seconds, "busy": busy, "mib": mib, "images": images, "objects": objects}))


if __name__ == "__main__":
    main()
