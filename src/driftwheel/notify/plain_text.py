"""A message as plain text: mail without HTML, chats without markup, a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from driftwheel.alerts.message import Link, Message
from driftwheel.notify.facts import Fact, facts, footer, heading, one_line, opening

__all__ = ["as_text", "brief_text"]

_LABELS = 16  # characters
_SHORTEST_ENTRY = 40


def as_text(message: Message) -> str:
    """Return a message without its title, as lines of ``label: text``; no line is broken."""
    blocks = [opening(message)] if opening(message) else []
    for entry in message.entries:
        lines = [heading(entry)]
        for fact in facts(entry, message.examples):
            lines += _lines(fact)
        blocks.append("\n".join(lines))
    if message.link:
        blocks.append(f"All alerts: {message.link}")
    blocks.append(footer(message))
    return "\n\n".join(blocks) + "\n"


def brief_text(message: Message, most: int) -> str:
    """Return what went wrong and where to read on, in at most `most` characters, 40 or more.

    For channels that carry short messages only, such as SMS and pagers.
    """
    end = f"\n{message.link}" if message.link and len(message.link) + _SHORTEST_ENTRY <= most else ""
    said: list[str] = []
    room = most - len(end)
    for left, entry in zip(range(len(message.entries), 0, -1), message.entries, strict=True):
        where = f" ({entry.tag}={entry.value})" if entry.tag else ""
        line = one_line(f"{entry.name}{where}: {entry.wrong}")
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
