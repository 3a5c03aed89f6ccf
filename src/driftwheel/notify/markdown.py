"""A message as Markdown (CommonMark), for chats that show it."""

from __future__ import annotations

import re

from driftwheel.alerts.message import Link, Message
from driftwheel.notify.facts import Fact, blocks, footer, opening

__all__ = ["as_markdown", "escape_markdown"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~])")


def as_markdown(message: Message) -> str:
    """Return a message without its title; what others wrote is escaped, so that it shows as it is."""
    parts = [opening(message)] if opening(message) else []
    for block in blocks(message):
        lines = [f"**{escape_markdown(block.heading)}**", ""]
        lines += [f"- {fact.label}: {_said(fact)}" for fact in block.facts]
        parts.append("\n".join(lines))
    if message.link:
        parts.append(_link(Link("All alerts", message.link)))
    parts.append(escape_markdown(footer(message)))
    return "\n\n".join(parts) + "\n"


def escape_markdown(text: str) -> str:
    r"""Return a text that Markdown shows as it is, and in which nobody is called by ``@name``.

    Examples
    --------
    >>> print(escape_markdown("a*b*[c](d)"))
    a\*b\*\[c\](d)
    """
    return _SPECIAL.sub(r"\\\1", text).replace("@", "@\N{ZERO WIDTH SPACE}")


def _said(fact: Fact) -> str:
    parts = [escape_markdown(fact.text)] if fact.text else []
    return " · ".join([*parts, *(_link(link) for link in fact.links)])


def _link(link: Link) -> str:
    title = escape_markdown(link.title)
    return f"[{title}](<{link.url}>)" if link.url else title
