"""A message as Slack's Block Kit: https://docs.slack.dev/reference/block-kit/blocks."""

from __future__ import annotations

from typing import Any

from driftwheel.alerts.message import Link, Message
from driftwheel.notify.facts import Block, Fact, blocks, footer, one_line, opening

__all__ = ["MOST_BLOCKS", "as_slack", "escape_slack"]

MOST_BLOCKS = 50
"""Slack takes no more in a message."""

_HEADER = 150  # characters, Slack's bounds
_SECTION = 3000
_PER_ENTRY = 2


def as_slack(message: Message) -> dict[str, Any]:
    """Return the payload of a message: ``text`` for where blocks are not shown, and ``blocks``.

    Of more alerts than Slack takes blocks, the last are counted only.
    """
    parts: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(one_line(message.title), _HEADER)}}
    ]
    if opening(message):
        parts.append(_section(opening(message)))
    fitting = (MOST_BLOCKS - 3) // _PER_ENTRY
    told = blocks(message)
    for block in told[:fitting]:
        parts += [{"type": "divider"}, _section(_block(block))]
    left = len(told) - fitting
    if left > 0:
        parts.append(_section(f"… and {left} more"))
    last = [_link(Link("All alerts", message.link))] if message.link else []
    said = " · ".join([*last, escape_slack(footer(message))])
    parts.append({"type": "context", "elements": [{"type": "mrkdwn", "text": said}]})
    return {"text": escape_slack(one_line(message.title)), "blocks": parts}


def escape_slack(text: str) -> str:
    """Return a text in which Slack sees no link, mention or entity.

    Examples
    --------
    >>> escape_slack("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _block(block: Block) -> str:
    """Return the lines of an alert or a notice; what would be too much at the end is left out."""
    said = f"*{escape_slack(block.heading)}*"
    for fact in block.facts:
        line = f"\n*{fact.label}:* {_said(fact)}"
        if len(said) + len(line) > _SECTION:
            break
        said += line
    return said


def _said(fact: Fact) -> str:
    parts = [escape_slack(fact.text)] if fact.text else []
    return " · ".join([*parts, *(_link(link) for link in fact.links)])


def _link(link: Link) -> str:
    title = escape_slack(link.title).replace("|", "¦")
    return f"<{escape_slack(link.url).replace('|', '%7C')}|{title}>" if link.url else title


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
