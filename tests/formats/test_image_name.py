from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import LabelFormatError
from driftwheel.formats.image_name import OnceNamed, image_name, percent_decoded, percent_encoded


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("a b.jpg", "a b.jpg"),
        ("./day 1//é.jpg", "day 1/é.jpg"),
        ("day\\日本.png", "day/日本.png"),
        ("..a/b...jpg", "..a/b...jpg"),
        ("e\u0301.jpg", "e\u0301.jpg"),  # not composed: names are bytes on most disks
    ],
)
def test_names(given_name: str, name: str) -> None:
    assert image_name(given_name, "x") == name


@pytest.mark.parametrize(
    "trap",
    [
        "/etc/passwd",
        "\\windows\\a.jpg",
        "C:\\a.jpg",
        "c:a.jpg",
        "../a.jpg",
        "a/../../b.jpg",
        "a\\..\\b.jpg",
        "..",
        "a\0.jpg",
        "a\n.jpg",
        "\udc80.jpg",
        "",
        ".",
        "a/",
        "x" * 2000,
        None,
        7,
    ],
)
def test_traps_are_refused_and_the_place_is_named(trap: object) -> None:
    with pytest.raises(LabelFormatError, match=r"^labels, image 3: "):
        image_name(trap, "labels, image 3")


@given(st.text())
def test_a_name_is_always_inside(text: str) -> None:
    try:
        name = image_name(text, "x")
    except LabelFormatError:
        return
    assert not name.startswith("/")
    assert not {"", ".", ".."} & set(name.split("/"))
    assert image_name(name, "x") == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_percent_there_and_back(text: str) -> None:
    assert percent_decoded(percent_encoded(text)) == text
    assert percent_encoded(text).isascii()


def test_twice() -> None:
    once = OnceNamed()
    assert once.add("a.jpg", "line 1") == "a.jpg"
    with pytest.raises(LabelFormatError, match=r"^line 2: the image 'a\.jpg' is there twice"):
        once.add("a.jpg", "line 2")
