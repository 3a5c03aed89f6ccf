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
    "text", [b"", b"[1,", b'{"a": [NaN]}', b'{"a": [1]} x', b'["\xff"]', b"[01]", b"not json", b"[" * 100]
)
def test_damage_is_named(text: bytes) -> None:
    with pytest.raises(LabelFormatError, match=r"^a\.json is no JSON from its beginning to its end"):
        list(list_items(io.BytesIO(text), "item", "a.json"))


def test_first_keys() -> None:
    assert first_keys(stream({"a": [{"b": 1}], "c": 2}), "x") == ("object", ("a", "c"))
    assert first_keys(stream([{"b": {"z": 1}, "c": 2}, {"d": 1}]), "x") == ("list", ("b", "c"))
    assert first_keys(stream(3), "x") == ("other", ())
    assert first_keys(stream([]), "x") == ("list", ())
