"""Manifests: one form of the same content, everything in it comes back, and damage is told."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.datasets.made_examples import example, sorted_examples

from driftwheel.datasets import manifest
from driftwheel.datasets.contents import Contents
from driftwheel.datasets.example import Example, ImageLabel, LabelledBox, Origin
from driftwheel.datasets.example_json import example_of_line, label_from_json, line_of_example
from driftwheel.datasets.manifest import Head, PartWriter, head_from_bytes, head_to_bytes, read_part
from driftwheel.errors import UsageError

BOXES = ImageLabel("boxes", boxes=(LabelledBox("car", 1, 2, 3, 4.5, 370), LabelledBox("bus", -1, 0, 9, 9)))
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WHOLE = Origin(
    "review",
    ("ann", "ben"),
    NOON,
    "r1",
    "v2",
    NOON,
    {"camera": "3"},
    "animals",
    "first",
    7,
    "of alert 12",
    12,
    0.25,
)


def written(*examples: Example, classes: tuple[str, ...] = ("cat", "dog")) -> tuple[Head, list[bytes]]:
    writer = PartWriter("class", classes)
    parts = list(writer.write(sorted_examples(*examples)))
    return writer.head(), parts


@pytest.mark.parametrize(
    "one",
    [
        example("a"),
        example("é\n\x85", "cat \u2028", width=3, height=4, group="camera=3", holdout=True, origin=WHOLE),
        replace(example("b"), label=BOXES, split="test"),
        replace(example("c"), label=ImageLabel("multi-class", ("b", "a"))),
        replace(example("d"), label=ImageLabel("boxes")),
    ],
)
def test_every_example_comes_back(one: Example) -> None:
    line = line_of_example(one)
    assert line.count(b"\n") == 1
    assert example_of_line(line) == one


def test_the_same_content_is_the_same_bytes() -> None:
    turned = ImageLabel("boxes", boxes=BOXES.boxes[::-1])
    again = label_from_json(
        {"boxes": [{"class": "car", "x": 1.0, "y": 2.0, "w": 3, "h": 4.5, "rotation": 10}, BUS]}
    )
    there = replace(WHOLE, time=NOON.astimezone(timezone(timedelta(hours=2))))
    lines = {
        line_of_example(replace(example("a"), label=label, origin=origin))
        for label, origin in [(BOXES, WHOLE), (turned, there), (again, WHOLE)]
    }
    assert len(lines) == 1


BUS = {"class": "bus", "x": -1, "y": -0.0, "w": 9, "h": 9}


def test_a_version_is_known_by_all_that_it_holds() -> None:
    base = written(example("a"), example("b", "dog"))
    assert head_to_bytes(base[0]) == head_to_bytes(written(example("b", "dog"), example("a"))[0])
    others = {
        "label": written(example("a", "dog"), example("b", "dog"))[0],
        "split": written(example("a", split="test"), example("b", "dog"))[0],
        "image": written(example("a"), example("c", "dog"))[0],
        "classes": written(example("a"), example("b", "dog"), classes=("dog", "cat"))[0],
        "lineage": written(example("a", source="review"), example("b", "dog"))[0],
    }
    assert len({head_to_bytes(one) for one in (base[0], *others.values())}) == 6
    assert {name: one.content == base[0].content for name, one in others.items()} == {
        "label": False, "split": False, "image": False, "classes": False, "lineage": True,
    }  # fmt: skip


def test_parts_are_bounded_and_checked_by_their_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "PART", 4)
    examples = sorted_examples(*(example(str(number)) for number in range(10)))
    head, parts = written(*examples)
    assert [part.images for part in head.parts] == [4, 4, 2]
    assert head.images == 10
    assert [hashlib.sha256(one).digest() for one in parts] == [part.digest for part in head.parts]
    assert [one for part in parts for one in read_part(part)] == examples
    assert (head.parts[1].first, head.parts[1].last) == (examples[4].image, examples[7].image)
    assert head_from_bytes(head_to_bytes(head)) == head


def test_what_no_manifest_holds() -> None:
    writer = PartWriter("class", ("cat",))
    with pytest.raises(UsageError, match="there twice, or out of order"):
        list(writer.write([example("a"), example("a")]))
    with pytest.raises(UsageError, match=r"'a' has dog; .* classes cat"):
        list(writer.write([example("a", "dog")]))
    with pytest.raises(UsageError, match="kind 'boxes'"):
        list(writer.write([replace(example("a"), label=ImageLabel("boxes"))]))
    with pytest.raises(UsageError, match="2 classes"):
        ImageLabel("class", ("a", "b"))
    with pytest.raises(UsageError, match="sides above 0"):
        LabelledBox("car", 0, 0, 0, 1)
    with pytest.raises(UsageError, match="'class', 'classes' or 'boxes'"):
        label_from_json({"boxes": 3})


def test_damage_is_told() -> None:
    head = head_to_bytes(written(example("a"))[0])
    for damaged in (head[:-20], b"[]", b"{}", head.replace(b'"class"', b'"clash"')):
        with pytest.raises(UsageError, match=r"damaged|format"):
            head_from_bytes(damaged)
    later = json.dumps(json.loads(head) | {"format": 2}).encode()
    with pytest.raises(UsageError, match="this release reads 1"):
        head_from_bytes(later)
    line = line_of_example(example("a"))
    for broken in (
        line[:-9],
        b"{}\n",
        line.replace(b"train", b"learn"),
        line.replace(b"consensus", b"nobody"),
    ):
        with pytest.raises(UsageError, match="damaged, or a later release"):
            example_of_line(broken)


def test_contents_are_counted_and_come_back() -> None:
    counted = Contents()
    boxes = replace(example("b"), label=BOXES, origin=WHOLE, split="test", holdout=True)
    for one in (example("a"), boxes, replace(example("c"), label=ImageLabel("boxes"))):
        counted.add(one)
    assert (counted.images, counted.boxes, counted.nothing, counted.holdout) == (3, 2, 1, 1)
    assert (counted.alerts, counted.first) == ({12: 1}, NOON)
    assert counted.classes["car"] == {"test": 1}
    again = Contents.from_json(json.loads(json.dumps(counted.to_json())))
    assert again.to_json() == counted.to_json()
