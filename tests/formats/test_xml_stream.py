from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.xml_stream import Element, escaped, whole_elements


def read(text: str | bytes, wanted: tuple[str, ...] = ("one",)) -> list[Element]:
    data = text.encode() if isinstance(text, str) else text
    return list(whole_elements(io.BytesIO(data), "all", wanted, "a.xml"))


def test_wanted_elements_come_with_what_is_in_them() -> None:
    first, second = read('<all><x><y/></x><one a="1&amp;2">text<two> t </two>more</one>\n<one/></all>')
    assert (first.attributes, first.text, first.line) == ({"a": "1&2"}, "text", 1)
    assert (first.word("two"), first.word("three"), second.line) == ("t", None, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_encodings(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><all><one a="é"/></all>'
    assert read(text.encode(encoding))[0].attributes == {"a": "é"}


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "trap",
    [
        f'<!DOCTYPE all [<!ENTITY l0 "ha">{LAUGHS}]><all><one>&l9;</one></all>',
        f'<!DOCTYPE all [<!ENTITY a "{"x" * 50_000}">]><all><one>{"&a;" * 5000}</one></all>',
        '<!DOCTYPE all [<!ENTITY f SYSTEM "file:///etc/passwd">]><all><one>&f;</one></all>',
        '<!DOCTYPE all SYSTEM "http://example.com/a.dtd"><all/>',
        '<!DOCTYPE all [<!ENTITY % p SYSTEM "file:///dev/random"> %p;]><all/>',
        "<!DOCTYPE all><all/>",
    ],
    ids=["laughs", "quadratic", "file", "dtd", "parameter", "plain"],
)
def test_document_types_are_refused(trap: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(LabelFormatError, match=r"a\.xml, line 1: it has a document type"):
            read(trap)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<all><one></all>", "line 1: no XML: mismatched tag"),
        ("", "no XML: no element found"),
        ("<all><one>", "no XML: no element found"),
        ("{}", "no XML: not well-formed"),
        ("<all>&x;</all>", "no XML: undefined entity"),
        ("<other/>", "is a document of <other>, not of <all>"),
        ("<all>" * 40, "nested deeper than 32"),
    ],
)
def test_damage_is_named(text: str, message: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"^a\.xml.*{message}"):
        read(text)


class Endless(io.RawIOBase):
    """A file of very many elements, never in memory as a whole."""

    def __init__(self, count: int) -> None:
        self.parts: Iterator[bytes] = iter(
            [b"<all>", *(b"<one><two/></one>" * 100 for _ in range(count)), b"</all>"]
        )

    def read(self, size: int = -1) -> bytes:
        return next(self.parts, b"")


def test_memory_does_not_grow_with_the_file() -> None:
    tracemalloc.start()
    try:
        assert sum(1 for _ in whole_elements(Endless(300), "all", ["one"], "a.xml")) == 30_000  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_what_xml_cannot_hold() -> None:
    with pytest.raises(LabelFormatError, match="a character that XML cannot hold"):
        escaped("a\x01")
