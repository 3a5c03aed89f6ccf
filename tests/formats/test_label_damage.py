"""Whatever a file holds, a reader answers with labels, or with an error that names the file."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.label_samples import Held

from driftwheel.errors import LabelFormatError
from driftwheel.formats.coco import read_coco
from driftwheel.formats.cvat import read_cvat
from driftwheel.formats.label_csv import read_label_csv
from driftwheel.formats.label_studio import read_label_studio
from driftwheel.formats.label_studio_ml import read_predict_request, read_setup_request, read_webhook
from driftwheel.formats.labelled_image import LabelledImage
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.pascal_voc import read_voc
from driftwheel.formats.yolo import read_yolo

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(
        ["", "1", "a.jpg", "cat", "nan", "inf", "../x", "1e999", "\u0000", "choices", "rectanglelabels"]
    ),
    st.text(max_size=4),
)
KEYS = (
    "images",
    "annotations",
    "categories",
    "id",
    "name",
    "file_name",
    "image_id",
    "category_id",
    "bbox",
    "segmentation",
    "iscrowd",
    "attributes",
    "keypoints",
    "score",
    "width",
    "height",
    "data",
    "image",
    "result",
    "type",
    "value",
    "choices",
    "rectanglelabels",
    "x",
    "y",
    "rotation",
    "original_width",
    "original_height",
    "predictions",
    "drafts",
    "completed_by",
    "lead_time",
    "was_cancelled",
    "points",
    "labels",
    "tasks",
    "label_config",
    "project",
    "schema",
    "action",
    "task",
    "annotation",
    "created_at",
    "radiusX",
    "radiusY",
    "from_name",
    "item_index",
)
values = st.recursive(
    odd,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)


@st.composite
def broken(draw: Any, value: Any) -> Any:
    """A good document with one part replaced by anything."""
    if isinstance(value, dict | list) and value and draw(st.integers(0, 4)):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw(st.sampled_from(keys))
        copy = dict(value) if isinstance(value, dict) else list(value)
        copy[key] = draw(broken(value[key]))
        return copy
    return draw(values)


COCO = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5, "iscrowd": 0,
         "ignore": 0, "keypoints": [0, 0], "attributes": {"rotation": 3.0, "occluded": True},
         "segmentation": [[1, 2, 3, 4, 5, 6]]},
    ],
    "categories": [{"id": 1, "name": "cat"}],
}  # fmt: skip
SHAPE = {
    "x": 1,
    "y": 2,
    "width": 3,
    "height": 4,
    "rotation": 5,
    "rectanglelabels": ["a"],
    "points": [[1, 2], [3, 4]],
}
REGION = {"id": "r", "type": "rectanglelabels", "original_width": 9, "original_height": 9,
          "value": SHAPE, "score": 0.5, "image_rotation": 0, "item_index": 0, "from_name": "l"}  # fmt: skip
TASK = {
    "id": 1,
    "data": {"image": "/data/local-files/?d=a.jpg"},
    "drafts": [],
    "annotations": [
        {"id": 1, "completed_by": {"id": 1}, "lead_time": 1.5, "created_at": "2026-01-01T00:00:00Z",
         "result": [REGION, {"type": "choices", "id": "r", "from_name": "c", "value": {"choices": ["b"]}}]}
    ],
    "predictions": [{"model_version": "v", "score": 0.5, "result": [REGION]}],
}  # fmt: skip
CONFIG = (
    '<View><Image name="i" value="$image"/><Choices name="c" toName="i"><Choice value="a"/></Choices></View>'
)


def drain(images: Iterable[LabelledImage]) -> None:
    for _ in images:
        pass


class damage_of:  # noqa: N801
    """Takes an error that begins with the name of the file."""

    def __init__(self, called: str) -> None:
        self.called = called

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        return isinstance(error, LabelFormatError) and str(error).startswith(self.called)


def stream(value: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(value).encode())


@given(broken(COCO))
@settings(max_examples=150, deadline=None)
def test_coco(value: Any) -> None:
    with damage_of("a.json"):
        drain(read_coco(stream(value), called="a.json", losses=Losses(set(Loss))).images)


@given(broken([TASK]))
@settings(max_examples=150, deadline=None)
def test_label_studio(value: Any) -> None:
    with damage_of("a.json"):
        drain(read_label_studio(stream(value), called="a.json", losses=Losses(set(Loss))).images)


@given(
    broken(
        {
            "tasks": [TASK],
            "label_config": CONFIG,
            "schema": CONFIG,
            "project": "1.2",
            "action": "A",
            "task": TASK,
            "annotation": TASK["annotations"][0],
        }
    )
)  # type: ignore[index]
@settings(max_examples=100, deadline=None)
def test_the_protocol(value: Any) -> None:
    for read in (
        read_predict_request,
        read_setup_request,
        lambda body: read_webhook(body, Losses(set(Loss))),
    ):
        try:
            read(value)
        except LabelFormatError:
            continue


words = st.sampled_from(
    ["1", "0", "-1", "nan", "inf", "", "x", "1e999", "a.jpg", "../a", "0.5", "1,2;3,4", ";", "cat", "٣"]
)
TAGS = (
    "image",
    "box",
    "tag",
    "polygon",
    "mask",
    "ellipse",
    "points",
    "attribute",
    "labels",
    "track",
    "other",
)
SIDES = (
    "label",
    "xtl",
    "ytl",
    "xbr",
    "ybr",
    "rotation",
    "occluded",
    "points",
    "cx",
    "rx",
    "left",
    "width",
    "name",
    "height",
)
pairs = st.dictionaries(st.sampled_from(SIDES), words, max_size=14)


def element(tag: str, given_pairs: dict[str, str], inside: str) -> str:
    said = "".join(f' {key}="{value}"' for key, value in given_pairs.items())
    return f"<{tag}{said}>{inside}</{tag}>"


shapes = st.builds(element, st.sampled_from(TAGS), pairs, words)
cvat_images = st.builds(
    lambda given_pairs, inside: element(
        "image", {"name": "a.jpg", "width": "9", "height": "9"} | given_pairs, "".join(inside)
    ),
    st.dictionaries(st.sampled_from(["name", "width", "height"]), words, max_size=1),
    st.lists(shapes, max_size=4),
)


@given(st.lists(cvat_images | shapes, max_size=3))
@settings(max_examples=150, deadline=None)
def test_cvat(inside: list[str]) -> None:
    text = f"<annotations>{''.join(inside)}</annotations>"
    with damage_of("a.xml"):
        drain(read_cvat(io.BytesIO(text.encode()), called="a.xml", losses=Losses(set(Loss))).images)


PARTS = (
    "name",
    "bndbox",
    "xmin",
    "ymin",
    "xmax",
    "ymax",
    "part",
    "polygon",
    "pose",
    "difficult",
    "size",
    "width",
    "object",
)
voc = st.recursive(
    words,
    lambda inner: st.lists(
        st.builds(lambda tag, x: f"<{tag}>{x}</{tag}>", st.sampled_from(PARTS), inner), max_size=6
    ).map("".join),
    max_leaves=25,
)


@given(voc, st.booleans())
@settings(max_examples=150, deadline=None)
def test_voc(inside: str, whole: bool) -> None:
    inside = f"<object><name>a</name>{inside}</object>" if whole else inside
    text = f"<annotation><filename>a.jpg</filename>{inside}</annotation>"
    with damage_of("held/a.xml"):
        drain(read_voc(Held({"a.xml": text.encode()}), losses=Losses(set(Loss))).images)


@given(
    st.lists(st.lists(words, max_size=9).map(" ".join), max_size=3).map("\n".join),
    st.text(max_size=8) | values.map(str),
)
@settings(max_examples=150, deadline=None)
def test_yolo(text: str, data: str) -> None:
    for names in (
        b"names: [a, b]",
        b"names: " + data.encode("utf-8", "replace"),
        data.encode("utf-8", "replace"),
    ):
        files = Held({"data.yaml": names, "labels/a.txt": text.encode(), "images/a.jpg": b""})
        with damage_of("held/"):
            drain(read_yolo(files, size_of=lambda _: (9, 9), losses=Losses(set(Loss))).images)


@pytest.mark.parametrize("reader", [read_coco, read_cvat, read_label_studio, read_label_csv])
@given(data=st.binary(max_size=60))
@settings(max_examples=60, deadline=None)
def test_bytes(reader: Any, data: bytes) -> None:
    options = {} if reader is read_label_csv else {"losses": Losses(set(Loss))}
    with damage_of("a"):
        drain(reader(io.BytesIO(data), called="a", **options).images)
