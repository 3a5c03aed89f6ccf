"""A card as Markdown, as GitHub and GitLab show it, with a front matter that machines read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from driftwheel.cards.card_texts import CardText
from driftwheel.cards.card_words import moment
from driftwheel.cards.document import (
    Block,
    Bullets,
    Card,
    Drawing,
    Grid,
    Heading,
    Prose,
    Terms,
    Written,
)
from driftwheel.cards.harmless_markdown import harmless_markdown
from driftwheel.report.printable import printable

__all__ = ["write_markdown"]

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def write_markdown(card: Card) -> str:
    """Return a card as Markdown (CommonMark with tables), ending in a line feed.

    Drawings are left out; the tables of what they show are in. Texts of people stay the Markdown that they
    are, but their headings are put below those of the card, and HTML in them is shown as it is written.
    """
    parts = [f"---\n{yaml.safe_dump(dict(card.front), sort_keys=False, allow_unicode=True)}---"]
    parts += [f"# {_md(card.title)}", f"*Model card, as of {moment(card.as_of)}.*"]
    for section in card.sections:
        parts.append(f"## {_md(section.title)}")
        for block in section.blocks:
            parts += _block(block, section.title)
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block, title: str) -> Iterator[str]:
    match block:
        case Prose():
            said = _md(block.text)
            yield f"**{said}**" if block.tone == "lead" else f"> {said}" if block.tone == "warn" else said
        case Heading():
            yield f"### {_md(block.text)}"
        case Terms():
            yield _table(("", ""), block.rows, frozenset())
        case Bullets():
            yield "\n".join(f"- {_md(one)}" for one in block.items)
        case Grid():
            yield from _grid(block)
        case Drawing():
            if block.table is not None:
                yield from _grid(block.table)
        case Written() if block.is_told:
            if block.field.title != title:
                yield f"### {_md(block.field.title)}"
            yield from _written(block.text)


def _grid(grid: Grid) -> Iterator[str]:
    if grid.title:
        yield f"**{_md(grid.title)}**"
    yield _table(grid.head, grid.rows, grid.numbers)


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], numbers: frozenset[int]) -> str:
    rule = ["---:" if column in numbers else ":---" for column in range(len(head))]
    lines = [head, tuple(rule), *rows]
    return "\n".join(
        f"| {' | '.join(cells if line == 1 else map(_md, cells))} |" for line, cells in enumerate(lines)
    )


def _written(text: CardText | None) -> Iterator[str]:
    if text is None:
        yield "*Nobody has said anything on this yet.*"
        return
    yield harmless_markdown(text.text) if text.text else "*There is nothing to say on this.*"
    carried = f", carried over from version {_md(printable(text.version))}" if text.carried else ""
    yield f"<sub>Written by {_md(printable(text.by))}, {moment(text.changed)}{carried}.</sub>"


def _md(text: str) -> str:
    """Return plain text as Markdown that shows just that, on one line."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(text.split(" ")).replace("\n", " "))
