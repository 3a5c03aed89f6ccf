"""What other tools read in the files that bench/formats.py wrote, and files that they write.

It runs in their environment, and knows nothing of Driftwheel. `read FOLDER` prints, for each tool and format,
image → [[class, x, y, w, h]…]; `write FOLDER BOXES` writes the boxes of a JSON file in all formats of a tool.
"""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
Found = dict[str, list[list[Any]]]


def pycocotools_coco(folder: Path) -> Found:
    from pycocotools.coco import COCO

    coco = COCO(folder / "coco" / "a.json")
    found: Found = {}
    for image in coco.loadImgs(coco.getImgIds()):
        ours = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
        found[image["file_name"]] = [
            [coco.loadCats(one["category_id"])[0]["name"], *map(float, one["bbox"])] for one in ours
        ]
    return found


def supervision(folder: Path, form: str) -> Found:
    import supervision as sv

    images = str(folder / "images")
    if form == "coco":
        data = sv.DetectionDataset.from_coco(images, str(folder / "coco" / "a.json"))
    elif form == "yolo":
        data = sv.DetectionDataset.from_yolo(
            images, str(folder / "yolo" / "labels"), str(folder / "yolo" / "data.yaml")
        )
    else:
        data = sv.DetectionDataset.from_pascal_voc(images, str(folder / "voc" / "Annotations"))
    found: Found = {}
    for path, _, said in data:
        found[Path(path).name] = [
            [data.classes[number], *map(float, (x, y, right - x, lower - y))]
            for number, (x, y, right, lower) in zip(said.class_id, said.xyxy, strict=True)
        ]
    return found


def datumaro(folder: Path, form: str) -> Found:
    from datumaro.components.dataset import Dataset

    data = Dataset.import_from(str(folder / {"coco": "datumaro"}.get(form, form)), form)
    labels = [one.name for one in data.categories()[next(iter(data.categories()))].items]
    return {
        f"{item.id.removeprefix('images/')}.png": [
            [labels[one.label], *map(float, one.get_bbox())]
            for one in item.annotations
            if hasattr(one, "get_bbox")
        ]
        for item in data
    }


def label_studio_corners(folder: Path) -> Found:
    """Corners of turned boxes, as [class, x1, y1, … x4, y4]."""
    from label_studio_sdk.converter.utils import convert_annotation_to_yolo_obb

    found: Found = {}
    for task in json.loads((folder / "label-studio" / "a.json").read_text()):
        name = task["data"]["image"]
        found[name] = [
            [
                item["value"]["rectanglelabels"][0],
                *(
                    part
                    for point in convert_annotation_to_yolo_obb(item | item["value"], normalize=False)
                    for part in point
                ),
            ]
            for item in task["annotations"][0]["result"]
        ]
    return found


def average_precision(folder: Path, first: int) -> float:
    """AP of perfect predictions, with annotation ids from `first`."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    value = json.loads((folder / "coco" / "a.json").read_text())
    value["images"], value["annotations"] = value["images"][:1], value["annotations"][:1]
    value["annotations"][0]["id"] = first
    coco = COCO()
    coco.dataset = value
    coco.createIndex()
    guess = coco.loadRes(
        [{k: value["annotations"][0][k] for k in ("image_id", "category_id", "bbox")} | {"score": 0.9}]
    )
    evaluation = COCOeval(coco, guess, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[0])


def invalid_pre_labels(folder: Path) -> list[str]:
    """What Label Studio's own check finds wrong with the answer to a request for pre-labels."""
    from label_studio_sdk.label_interface import LabelInterface

    project = LabelInterface((folder / "config.xml").read_text())
    results = json.loads((folder / "predict.json").read_text())["results"]
    return [wrong for one in results for wrong in project.validate_prediction(one, return_errors=True)]


READERS: dict[str, Callable[[Path], Found]] = {
    "pycocotools, coco": pycocotools_coco,
    "label-studio-sdk, label-studio": label_studio_corners,
    **{f"supervision, {form}": partial(supervision, form=form) for form in ("coco", "yolo", "voc")},
    **{f"datumaro, {form}": partial(datumaro, form=form) for form in ("coco", "cvat", "voc", "yolo")},
}


def write(folder: Path, boxes: Found) -> None:
    import cv2
    import numpy as np
    import supervision as sv
    from datumaro.components.annotation import Bbox
    from datumaro.components.dataset import Dataset
    from datumaro.components.dataset_base import DatasetItem
    from datumaro.components.media import Image

    classes = sorted({one[0] for of_image in boxes.values() for one in of_image})
    pixels = {name: cv2.imread(str(folder / "images" / name)) for name in boxes}
    items = [
        DatasetItem(
            Path(name).stem,
            media=Image.from_numpy(pixels[name], ext=".png"),
            annotations=[Bbox(*edges, label=classes.index(label)) for label, *edges in said],
        )
        for name, said in boxes.items()
    ]
    for form in ("coco", "cvat", "voc", "yolo"):
        Dataset.from_iterable(items, categories=classes).export(
            str(folder / f"datumaro-{form}"), form, save_media=True
        )
    detections = {
        str(folder / "images" / name): sv.Detections(
            xyxy=np.array([[x, y, x + w, y + h] for _, x, y, w, h in said], dtype=float).reshape(-1, 4),
            class_id=np.array([classes.index(one[0]) for one in said], dtype=int),
        )
        for name, said in boxes.items()
    }
    data = sv.DetectionDataset(classes, list(detections), detections)
    data.as_coco(annotations_path=str(folder / "supervision-coco.json"))
    data.as_yolo(
        annotations_directory_path=str(folder / "supervision-yolo" / "labels"),
        data_yaml_path=str(folder / "supervision-yolo" / "data.yaml"),
    )
    data.as_pascal_voc(annotations_directory_path=str(folder / "supervision-voc"))


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "write":
        write(folder, json.loads(Path(sys.argv[3]).read_text()))
        return
    answers: dict[str, Any] = {}
    with contextlib.redirect_stdout(sys.stderr):
        for name, reader in READERS.items():
            try:
                answers[name] = reader(folder)
            except Exception as error:
                answers[name] = f"{type(error).__name__}: {error}"[:300]
        answers["pre-labels"] = invalid_pre_labels(folder)
        answers["AP"] = [average_precision(folder, first) for first in (0, 1)]
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
