"""Label formats: seconds, memory and counts of 200,000 labels, and whether other tools read the same boxes.

Each measurement runs in a process of its own. Other tools run in an environment under bench/.venvs, made
here; where they cannot be installed, the table says so.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.label_studio import write_label_studio
from driftwheel.formats.label_studio_config import write_label_config
from driftwheel.formats.label_studio_ml import PreLabels, predict_answer, read_predict_request
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage
from driftwheel.formats.losses import Losses
from driftwheel.formats.turned_box import corners
from driftwheel.services.convert.convert_labels import LabelOptions, convert_labels
from machine import machine_lines

BENCH = Path(__file__).parent
RESULTS = BENCH / "results" / "formats.md"
PEERS = ("pycocotools", "supervision", "datumaro", "label-studio-sdk")
COUNT = 200_000
LIMIT = 120.0
"""Seconds in which 200,000 class labels must be imported; reading them is to be far below that."""

CLASS_FORMATS = ("csv", "folders", "cvat", "label-studio")
BOX_FORMATS = ("coco", "yolo", "voc", "cvat", "label-studio")
GROWTH = ("coco", "cvat", "label-studio", "csv")
MOST = 600_000
PEAKS: dict[tuple[str, str], float] = {}
"""MiB above idle while `COUNT` labels were read."""


def measure(what: str, form: str, kind: str, count: int, folder: Path) -> dict[str, Any]:
    command = [sys.executable, BENCH / "formats_worker.py", what, form, kind, str(count), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    print(what, form, kind, count, answer, flush=True)
    return answer


def speed() -> list[str]:
    lines = [
        "Seconds of the clock, and in brackets those that the processor was busy with it.",
        "",
        "| labels | format | write | read | read, MiB above idle | images | labels read |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    worst, whole = 0.0, True
    for kind, forms in (("classes", CLASS_FORMATS), ("boxes", BOX_FORMATS)):
        for form in forms:
            with tempfile.TemporaryDirectory() as folder:
                written = measure("write", form, kind, COUNT, Path(folder))
                found = measure("read", form, kind, COUNT, Path(folder))
            PEAKS[form, kind] = found["mib"]
            worst = max(worst, found["seconds"] if kind == "classes" else 0)
            whole &= found["objects"] == COUNT
            lines.append(
                f"| {COUNT:,} {kind} | {form} | {_seconds(written)} | {_seconds(found)} "
                f"| {found['mib']:.0f} | {found['images']:,} | {found['objects']:,} |"
            )
    verdict = "met" if worst < LIMIT / 2 and whole else "missed"
    told = (
        f"{COUNT:,} class labels are read in at most {worst:.1f} s; limit of a whole import 120 s: {verdict}."
    )
    return [*lines, "", told]


def _seconds(measured: dict[str, Any]) -> str:
    return f"{measured['seconds']:.1f} ({measured['busy']:.1f})"


def growth() -> list[str]:
    lines = [
        f"| format | MiB above idle, {COUNT:,} labels | {MOST:,} labels | bytes a label |",
        "| --- | ---: | ---: | ---: |",
    ]
    for form in GROWTH:
        kind = "classes" if form == "csv" else "boxes"
        peaks = [PEAKS[form, kind]]
        with tempfile.TemporaryDirectory() as folder:
            measure("write", form, kind, MOST, Path(folder))
            peaks.append(measure("read", form, kind, MOST, Path(folder))["mib"])
        each = (peaks[1] - peaks[0]) * 2**20 / (MOST - COUNT)
        lines.append(f"| {form}, {kind} | {peaks[0]:.0f} | {peaks[1]:.0f} | {each:.0f} |")
    return lines


def drawn() -> list[LabelledImage]:
    """Images with names that need care, boxes on whole pixels, so that VOC can say them too."""
    rng = random.Random(0)
    found = []
    for number, name in enumerate(["a b", "é", "日本", "a&b", "x'y", "plain", "c,d", "neg"]):
        size = (rng.randrange(40, 400), rng.randrange(40, 400))
        boxes = []
        for _ in range(0 if name == "neg" else 8):
            x, y = (rng.randrange(side - 20) for side in size)
            width, height = (rng.randrange(2, side - at) for side, at in zip(size, (x, y), strict=True))
            boxes.append(BoxLabel(f"class {rng.randrange(4)}", x, y, width, height))
        found.append(LabelledImage(f"{name}{number}.png", *size, (Answer(boxes=tuple(boxes)),)))
    return found


def write_ours(folder: Path, images: list[LabelledImage]) -> None:
    (folder / "images").mkdir()
    for image in images:
        pixels = np.zeros((image.height or 1, image.width or 1, 3), np.uint8)
        (folder / "images" / image.name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    with (folder / "all.json").open("wb") as out:
        write_label_studio(images, out, losses=Losses(), image_url="")
    for form, name in (("coco", "a.json"), ("cvat", "a.xml"), ("voc", ""), ("yolo", "")):
        target = folder / form
        if name:
            target.mkdir()
        options = LabelOptions(to_format=LabelFormat(form), images=folder / "images")
        convert_labels(folder / "all.json", target / name if name else target, options)
    for place in ("yolo/images", "cvat/images", "voc/JPEGImages", "datumaro/images/default"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).symlink_to(folder / "images")
    labels = "".join(f"class {number}:::\n" for number in range(4))
    (folder / "voc" / "labelmap.txt").write_text(labels)  # Datumaro wants one for classes that VOC has not
    (folder / "datumaro" / "annotations").mkdir()
    (folder / "datumaro" / "annotations" / "instances_default.json").symlink_to(folder / "coco" / "a.json")
    rng = random.Random(1)
    turned = [
        LabelledImage(
            one.name,
            one.width,
            one.height,
            (Answer(boxes=tuple(_turn(box, rng) for box in one.answers[0].boxes)),),
        )
        for one in images
    ]
    (folder / "label-studio").mkdir()
    with (folder / "label-studio" / "a.json").open("wb") as out:
        write_label_studio(turned, out, losses=Losses(), image_url="")
    images[:] = turned
    write_pre_labels(folder, turned)


def write_pre_labels(folder: Path, images: list[LabelledImage]) -> None:
    """Answer a request of Label Studio for pre-labels of every image."""
    classes = sorted({box.label for one in images for box in one.answers[0].boxes})
    config = write_label_config(choices=classes, boxes=classes)
    tasks = [{"id": n, "data": {"image": one.name}} for n, one in enumerate(images, start=1)]
    request = read_predict_request({"tasks": tasks, "label_config": config, "project": "1.2"})
    said = [
        PreLabels(Answer((ClassLabel(classes[0], 0.5),), one.answers[0].boxes), one.width, one.height)
        for one in images
    ]
    answer = predict_answer(request, said, "v1")
    (folder / "config.xml").write_text(config)
    (folder / "predict.json").write_text(json.dumps(answer.body))


def _turn(box: BoxLabel, rng: random.Random) -> BoxLabel:
    return BoxLabel(box.label, box.x, box.y, box.width, box.height, rotation=rng.randrange(3600) / 10)


def apart(ours: dict[str, list[list[Any]]], theirs: Any) -> str:
    """Return the largest distance in pixels between boxes, matched by image and nearest box of the class."""
    if isinstance(theirs, str):
        return theirs.replace("|", "/")
    worst, missing, extra = 0.0, 0, 0
    for name, boxes in ours.items():
        left = list(theirs.get(name, []))
        for label, *edges in boxes:
            near = [
                (max(abs(a - b) for a, b in zip(edges, other[1:], strict=True)), n)
                for n, other in enumerate(left)
                if other[0] == label
            ]
            if not near:
                missing += 1
                continue
            distance, n = min(near)
            worst = max(worst, distance)
            left.pop(n)
        extra += len(left)
    lost = f"; {missing} missing, {extra} too many" if missing or extra else ""
    return f"{worst:.4f}{lost}"


def oracles() -> list[str]:
    home = BENCH / ".venvs" / "formats"
    python = home / "bin" / "python"
    try:
        if not (home / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS]
            subprocess.run(pip, check=True, capture_output=True, text=True)
            (home / "complete").touch()
    except (OSError, subprocess.CalledProcessError) as error:
        return [f"The other tools could not be installed: {error}"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = drawn()
        upright = {
            one.name: [[b.label, b.x, b.y, b.width, b.height] for b in one.answers[0].boxes] for one in images
        }
        write_ours(folder, images)
        turned = {
            one.name: [
                [b.label, *(part for point in corners(b) for part in point)] for b in one.answers[0].boxes
            ]
            for one in images
        }
        worker = [python, BENCH / "formats_oracles_worker.py"]
        done = subprocess.run([*worker, "read", folder], check=True, capture_output=True, text=True)
        answers = json.loads(done.stdout)
        precision, wrong = answers.pop("AP"), answers.pop("pre-labels")
        lines = ["| what Driftwheel wrote, read by | pixels apart at most |", "| --- | ---: |"]
        for who, found in answers.items():
            expected = turned if "label-studio" in who else upright
            if (
                who == "datumaro, voc"
            ):  # it takes corners for edges counted from 0, and reads them as they stand
                expected = {name: [_as_edges(box) for box in boxes] for name, boxes in upright.items()}
            lines.append(f"| {who} | {apart(expected, found)} |")
        (folder / "boxes.json").write_text(json.dumps(upright))
        subprocess.run(
            [*worker, "write", folder, folder / "boxes.json"], check=True, capture_output=True, text=True
        )
        lines += ["", "| written by | pixels apart at most, read by Driftwheel |", "| --- | ---: |"]
        for who, form, path in (
            ("datumaro, coco", "coco", "datumaro-coco/annotations/instances_default.json"),
            ("datumaro, cvat", "cvat", "datumaro-cvat/default.xml"),
            ("datumaro, voc (edges)", "voc", "datumaro-voc"),
            ("datumaro, yolo", "yolo", "datumaro-yolo"),
            ("supervision, coco", "coco", "supervision-coco.json"),
            ("supervision, yolo", "yolo", "supervision-yolo"),
            ("supervision, voc", "voc", "supervision-voc"),
        ):
            lines.append(f"| {who} | {read_theirs(folder, form, path, edges='edges' in who, ours=upright)} |")
    lines += [
        "",
        "Average precision of one perfect prediction by pycocotools, by the id of its annotation: "
        + ", ".join(f"{value:.0f} with {first}" for first, value in enumerate(precision))
        + ". Driftwheel begins with 1.",
        "",
        f"Answers to Label Studio that asks for pre-labels, by label-studio-sdk: {len(wrong)} faults.",
        "",
        "Tools: " + ", ".join(versions(python)) + ".",
    ]
    return lines


def _as_edges(box: list[Any]) -> list[Any]:
    label, x, y, width, height = box
    return [label, x + 1, y + 1, width - 1, height - 1]


def read_theirs(folder: Path, form: str, path: str, *, edges: bool, ours: dict[str, list[list[Any]]]) -> str:
    target = folder / f"back-{path.replace('/', '-')}.json"
    images = folder / path if path == "datumaro-yolo" else folder / "images"
    options = LabelOptions(
        LabelFormat(form),
        LabelFormat.COCO,
        images,
        voc_corners="edges" if edges else "devkit",
    )
    try:
        convert_labels(folder / path, target, options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    value = json.loads(target.read_text())
    names = {one["id"]: one["file_name"].rpartition("/")[2] for one in value["images"]}
    classes = {one["id"]: one["name"] for one in value["categories"]}
    found: dict[str, list[list[Any]]] = {}
    for one in value["annotations"]:
        found.setdefault(names[one["image_id"]], []).append([classes[one["category_id"]], *one["bbox"]])
    return apart(ours, found)


def versions(python: Path) -> list[str]:
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    answer = subprocess.run([python, "-c", code, *PEERS], check=True, capture_output=True, text=True)
    return [f"{name} {found}" for name, found in zip(PEERS, answer.stdout.split(), strict=True)]


def main() -> None:
    only = sys.argv[1:]
    parts = {"Speed": speed, "Memory": growth, "Other tools": oracles}
    lines = ["# Label formats", "", *machine_lines("ijson", "pyyaml")]
    lines += ["Written by `bench/formats.py`.", ""]
    for name, part in parts.items():
        if not only or name in only:
            lines += [f"## {name}", "", *part(), ""]
    print("\n".join(lines))
    if not only:
        RESULTS.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
