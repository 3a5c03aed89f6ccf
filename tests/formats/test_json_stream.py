from __future__ import annotations

import io
import json

import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.json_stream import first_keys, list_items


def stream(value: object, mark: bytes = b"") -> io.BytesIO:
    return io.BytesIO(mark + json.dumps(value).encode())


def test_items_of_a_list_again_and_again() -> None:
    held = stream({"a": [1, 2.5, {"b": [3]}], "c": 1}, b"\xef\xbb\xbf")
    assert (
        list(list_items(held, "a.item", "x")) == list(list_items(held, "a.item", "x")) == [1, 2.5, {"b": [3]}]
    )
    assert list(list_items(held, "other.item", "x")) == []


@pytest.mark.parametrize(
    "text", [b"", b"[1,", b'{"a": [NaN]}', b'{"a": [1]} x', b'["\xff"]', b"[01]", b"not json", b"[" * 60]
)
def test_damage_is_named(text: bytes) -> None:
    with pytest.raises(LabelFormatError, match=r"^a\.json is no JSON from its beginning to its end"):
        list(list_items(io.BytesIO(text), "item", "a.json"))


@pytest.mark.parametrize("opened", [b"[", b'{"a":', b'["]",', b'{"[": "\\\\", "b": '])
@pytest.mark.parametrize("before", [b"[", b"[1, " + b" " * 65_520, b'["\\\\", "\\"]", ' + b" " * 65_500])
def test_what_is_nested_too_deep_is_refused(opened: bytes, before: bytes) -> None:
    for n in (65, 100_000):
        text = io.BytesIO(before + opened * n)
        for reading in (
            lambda held: list(list_items(held, "item", "a.json")),
            lambda held: first_keys(held, "a.json"),
        ):
            with pytest.raises(LabelFormatError, match=r"^a\.json has lists or objects more than 64 deep"):
                reading(text)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8191, 21_845])
def test_brackets_in_texts_are_not_nested(n: int) -> None:
    value = ["[" * 70, '{"' * n, "\\" * n + "[", "\\" * (n + 1) + '"[' * 70, [[{"a": "]"}]] * 70]
    assert list(list_items(stream(value), "item", "x")) == value
    deep: object = 1
    for _ in range(63):
        deep = [deep]
    assert list(list_items(stream([deep, deep]), "item", "x")) == [deep, deep]


def test_first_keys() -> None:
    assert first_keys(stream({"a": [{"b": 1}], "c": 2}), "x") == ("object", ("a", "c"))
    assert first_keys(stream([{"b": {"z": 1}, "c": 2}, {"d": 1}]), "x") == ("list", ("b", "c"))
    assert first_keys(stream(3), "x") == ("other", ())
    assert first_keys(stream([]), "x") == ("list", ())
