"""What a dataset version is, as bytes: its digest is that of all it holds.

The *examples*, sorted by the SHA-256 of their images, are lines of JSON in *parts* of `PART` lines. The
*head* names the classes and the SHA-256 of every part; the SHA-256 of the head is the **digest** of the
version. Who has the head and the parts can check each with ``sha256sum``. Who made the version, and when, is
not in it: the same labels make the same digest, wherever and whenever.

Head and part are files of their own, so that a page, an export or a training reads a version part by part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import cast, get_args

from driftwheel.datasets.example import Example, LabelKind
from driftwheel.datasets.example_json import (
    canonical_json,
    example_of_line,
    label_to_json,
    line_of_example,
)
from driftwheel.errors import UsageError

__all__ = ["FORMAT", "PART", "Head", "Part", "PartWriter", "head_from_bytes", "head_to_bytes", "read_part"]

FORMAT = 1
"""Of head and parts; a later one is refused."""

PART = 4096
"""Examples of one part; the last has fewer. About 1.5 MB."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the examples.

    Attributes
    ----------
    digest
        SHA-256 of its bytes.
    images
        How many examples it has.
    first, last
        Images of its first and of its last example.
    """

    digest: bytes
    images: int
    first: bytes
    last: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """What a version holds, with the digests of its parts.

    Attributes
    ----------
    kind
        Of all its labels.
    classes
        In their order: a trainer numbers them so, from 0.
    parts
        In the order of their images.
    content
        SHA-256 of what a trainer sees: classes, and of each example the image, the label and the split. Two
        versions with the same differ at most in what is said of where labels came from.
    """

    kind: LabelKind
    classes: tuple[str, ...]
    parts: tuple[Part, ...]
    content: bytes

    @property
    def images(self) -> int:
        """How many examples there are."""
        return sum(part.images for part in self.parts)


def head_to_bytes(head: Head) -> bytes:
    """Return a head in its canonical form."""
    document = {
        "format": FORMAT,
        "kind": head.kind,
        "classes": list(head.classes),
        "content": head.content.hex(),
        "parts": [
            {
                "sha256": part.digest.hex(),
                "images": part.images,
                "first": part.first.hex(),
                "last": part.last.hex(),
            }
            for part in head.parts
        ],
    }
    return canonical_json(document).encode() + b"\n"


def head_from_bytes(data: bytes) -> Head:
    """Return the head that bytes say.

    Raises
    ------
    UsageError
        When they are damaged, or of a later format.
    """
    try:
        document = json.loads(data)
        if document["format"] != FORMAT or document["kind"] not in get_args(LabelKind):
            raise UsageError(
                f"The dataset is of format {document['format']!r:.20}; this release reads {FORMAT}. Open it "
                "with the release that made it, or a newer one."
            )
        parts = tuple(
            Part(
                bytes.fromhex(one["sha256"]), one["images"], *map(bytes.fromhex, (one["first"], one["last"]))
            )
            for one in document["parts"]
        )
        classes = tuple(document["classes"])
        return Head(cast("LabelKind", document["kind"]), classes, parts, bytes.fromhex(document["content"]))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"The head of a dataset cannot be read ({error!s:.60}): it is damaged.") from None


@dataclass(slots=True)
class PartWriter:
    """Makes the parts of a version from its examples, a part at a time.

    Attributes
    ----------
    kind, classes
        Of the version.
    parts
        Those that were made.
    """

    kind: LabelKind
    classes: tuple[str, ...]
    parts: list[Part] = field(default_factory=list)
    _content: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, examples: Iterable[Example]) -> Iterator[bytes]:
        """Yield each part as bytes.

        Raises
        ------
        UsageError
            For examples that are not sorted by image, an image that is there twice, or a label of another
            kind or of a class that the version has not.
        """
        self._content.update(canonical_json([self.kind, *self.classes]).encode())
        known, before, waiting = set(self.classes), b"", iter(examples)
        while chosen := list(islice(waiting, PART)):
            lines: list[bytes] = []
            for one in chosen:
                self._check(one, known, before)
                before = one.image
                lines.append(line_of_example(one))
                said = canonical_json(label_to_json(one.label))
                self._content.update(one.image + f"{one.split} {said}\n".encode())
            data = b"".join(lines)
            digest = hashlib.sha256(data).digest()
            self.parts.append(Part(digest, len(chosen), chosen[0].image, chosen[-1].image))
            yield data

    def head(self) -> Head:
        """Return the head, when all examples are written."""
        return Head(self.kind, self.classes, tuple(self.parts), self._content.digest())

    def _check(self, one: Example, known: set[str], before: bytes) -> None:
        if one.image <= before:
            raise UsageError(
                f"The image of '{one.name}' ({one.image.hex()[:12]}) is there twice, or out of order; a "
                "version has each image once, sorted by its SHA-256."
            )
        if one.label.kind != self.kind or not known.issuperset(one.label.names):
            strange = ", ".join(sorted(set(one.label.names) - known)) or f"the kind '{one.label.kind}'"
            raise UsageError(
                f"The label of '{one.name}' has {strange}; the version is of the kind '{self.kind}' with the "
                f"classes {', '.join(self.classes)}."
            )


def read_part(data: bytes) -> Iterator[Example]:
    """Yield the examples of a part.

    Raises
    ------
    UsageError
        When a line cannot be read.
    """
    for line in data.splitlines():
        yield example_of_line(line)
