"""A card as a document: sections of blocks, which every format writes in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from markupsafe import Markup

from driftwheel.cards.card_texts import CardText, TextField

__all__ = ["Block", "Bullets", "Card", "Drawing", "Grid", "Heading", "Prose", "Section", "Terms", "Written"]


@dataclass(frozen=True, slots=True)
class Prose:
    """Some sentences; ``lead`` is the answer first, ``warn`` what a reader must not overlook."""

    text: str
    tone: Literal["plain", "lead", "warn"] = "plain"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Terms:
    """(term, what it is) pairs."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences one below the other."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes
    ----------
    head
        A title for each column.
    rows
        As many cells each.
    numbers
        Columns of numbers, from 0 on.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing and the table of what it shows, which stands for it where there are no drawings.

    `table` is None where another drawing has it.
    """

    title: str
    picture: Markup
    table: Grid | None


@dataclass(frozen=True, slots=True)
class Written:
    """Room for a text of a person; `text` is None where nobody has said anything."""

    field: TextField
    text: CardText | None

    @property
    def is_told(self) -> bool:
        """Whether a document tells of it: there is a text, or it is wanted."""
        return self.text is not None or self.field.wanted


Block = Prose | Heading | Terms | Bullets | Grid | Drawing | Written


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `name` is its anchor."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A document.

    Attributes
    ----------
    as_of
        When its facts were gathered.
    digest
        SHA-256 of them.
    front
        What machines read of it: plain values.
    """

    title: str
    as_of: datetime
    digest: str
    sections: tuple[Section, ...]
    front: Mapping[str, Any]
