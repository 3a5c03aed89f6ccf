"""A message as plain text: mail without HTML, chats without markup, a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from driftwheel.alerts.message import Link, Message
from driftwheel.notify.facts import Fact, blocks, footer, one_line, opening

__all__ = ["as_text", "brief_text"]

_LABELS = 16  # characters
_SHORTEST_ENTRY = 40


def as_text(message: Message) -> str:
    """Return a message without its title, as lines of ``label: text``; no line is broken."""
    parts = [opening(message)] if opening(message) else []
    for block in blocks(message):
        lines = [block.heading]
        for fact in block.facts:
            lines += _lines(fact)
        parts.append("\n".join(lines))
    if message.link:
        parts.append(f"All alerts: {message.link}")
    parts.append(footer(message))
    return "\n\n".join(parts) + "\n"


def brief_text(message: Message, most: int) -> str:
    """Return what went wrong and where to read on, in at most `most` characters, 40 or more.

    For channels that carry short messages only, such as SMS and pagers.
    """
    first = next((link.url for one in message.notices for link in one.links), None)
    link = message.link or first
    end = f"\n{link}" if link and len(link) + _SHORTEST_ENTRY <= most else ""
    said: list[str] = []
    room = most - len(end)
    told = blocks(message)
    for left, block in zip(range(len(told), 0, -1), told, strict=True):
        line = block.brief
        more = f"\n… and {left} more"
        used = sum(len(one) + 1 for one in said)
        if used + len(line) + (len(more) if left > 1 else 0) > room:
            if said:
                said.append(more.strip())
            else:
                said.append(line[: room - 1] + "…")
            break
        said.append(line)
    return "\n".join(said or [one_line(message.title)[:room]]) + end


def _lines(fact: Fact) -> Iterator[str]:
    label = f"  {fact.label + ':':<{_LABELS}} "
    if fact.text:
        yield label + fact.text
        label = " " * len(label)
    for link in fact.links:
        yield label + _link(link)
        label = " " * len(label)


def _link(link: Link) -> str:
    return f"{link.title}: {link.url}" if link.url else link.title
