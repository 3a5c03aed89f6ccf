"""Elements of XML files, one at a time, by a parser that expands nothing.

A document type declaration is refused before anything in it is read: label files have none, and it is the
only way to define entities (the "billion laughs"), to name files of this machine, or to have something
fetched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from xml.parsers import expat

from driftwheel.errors import LabelFormatError

__all__ = ["Element", "escaped", "whole_elements"]

_CHUNK = 1 << 16
_DEEPEST = 32
_MOST_NODES = 1_000_000  # of one wanted element
_MOST_TEXT = 64 << 20  # characters of one wanted element


@dataclass(slots=True)
class Element:
    """One element with all that is in it.

    Attributes
    ----------
    tag, attributes, text, children
        Text is that before the first child, with blanks as they stand.
    line
        Where it begins, from 1.
    """

    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def first(self, tag: str) -> Element | None:
        """Return the first child of a name."""
        return next((child for child in self.children if child.tag == tag), None)

    def word(self, tag: str) -> str | None:
        """Return the text of the first child of a name without blanks around it; None where there is none."""
        found = self.first(tag)
        return None if found is None else found.text.strip()


def whole_elements(stream: BinaryIO, root: str, wanted: Collection[str], called: str) -> Iterator[Element]:
    """Yield each wanted element once it is complete; what is around them is not kept.

    Memory is that of one wanted element, whatever the size of the file.

    Parameters
    ----------
    stream
        In UTF-8, or as its declaration says.
    root
        What the document's own element must be called.
    wanted
        Names of the elements to yield, the root's among them or not; inside one, others are its children.

    Raises
    ------
    LabelFormatError
        For what is no XML, has another root or a document type, is nested deeper than 32, or has an element
        of more than a million parts.
    """
    reader = _Reader(root, frozenset(wanted), called)
    while True:
        chunk = stream.read(_CHUNK)
        reader.take(chunk)
        while reader.ready:
            yield reader.ready.popleft()
        if not chunk:
            return


def escaped(text: str, called: str = "a name") -> str:
    r"""Return text as it stands in an attribute or element of XML.

    Raises
    ------
    LabelFormatError
        For characters that XML cannot hold.

    Examples
    --------
    >>> escaped('a<b & "c"')
    'a&lt;b &amp; &quot;c&quot;'
    """
    if any(
        (ord(c) < 32 and c not in "\t\n\r") or 0xD800 <= ord(c) < 0xE000 or c in "\ufffe\uffff" for c in text
    ):
        raise LabelFormatError(f"{called} has a character that XML cannot hold: {text!r}. Rename it.")
    for plain, coded in (
        ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#10;"), ("\t", "&#9;"),
        ("\r", "&#13;"),
    ):  # fmt: skip
        text = text.replace(plain, coded)
    return text


class _Reader:
    def __init__(self, root: str, wanted: frozenset[str], called: str) -> None:
        self.ready: deque[Element] = deque()
        self._root, self._wanted, self._called = root, wanted, called
        self._open: list[Element] = []
        self._depth = self._nodes = self._characters = 0
        self._parser: Any = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def take(self, chunk: bytes) -> None:
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            raise LabelFormatError(
                f"{self._called}, line {error.lineno}: no XML: {expat.ErrorString(error.code)}. "
                "Export it anew, or correct it there."
            ) from None

    def _refuse_doctype(self, *_: object) -> None:
        raise LabelFormatError(
            f"{self._called}, line {self._parser.CurrentLineNumber}: it has a document type (<!DOCTYPE …>), "
            "which can hide traps and which no label file needs. Take the declaration out."
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if self._depth == 0 and tag != self._root:
            raise LabelFormatError(
                f"{self._called} is a document of <{tag}>, not of <{self._root}>. Is the format right?"
            )
        self._depth += 1
        if self._depth > _DEEPEST:
            raise LabelFormatError(f"{self._called}, line {line}: nested deeper than {_DEEPEST}.")
        if not self._open and tag not in self._wanted:
            return
        if not self._open:
            self._nodes = self._characters = 0
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise LabelFormatError(
                f"{self._called}, line {line}: one element has over {_MOST_NODES:,} parts."
            )
        element = Element(tag, attributes, line)
        if self._open:
            self._open[-1].children.append(element)
        self._open.append(element)

    def _text(self, text: str) -> None:
        if self._open and not self._open[-1].children:
            self._characters += len(text)
            if self._characters > _MOST_TEXT:
                raise LabelFormatError(f"{self._called}: one element has over {_MOST_TEXT:,} characters.")
            self._open[-1].text += text

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            element = self._open.pop()
            if not self._open:
                self.ready.append(element)
