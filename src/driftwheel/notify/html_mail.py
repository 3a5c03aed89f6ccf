"""A message as the HTML of a mail: tables and inline styles, as mail programs want them."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from driftwheel.alerts.message import Message
from driftwheel.notify.facts import facts, footer, heading, one_line, opening

__all__ = ["as_html"]

_COLOURS = {"critical": "#c8321f", "warning": "#9a5b00", "info": "#2563eb"}
_OVER = "#1a7f4b"
"""Colour of what has ended."""


def as_html(message: Message) -> str:
    """Return a message as an HTML document.

    Nothing in it is fetched from anywhere: example images are links, as they are shown only to people who are
    logged in.
    """
    entries = [
        {
            "heading": heading(entry),
            "colour": _OVER if entry.ended is not None else _COLOURS[entry.severity],
            "facts": facts(entry, message.examples),
        }
        for entry in message.entries
    ]
    return _template().render(
        title=one_line(message.title),
        opening=opening(message),
        entries=entries,
        link=message.link,
        footer=footer(message),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("driftwheel.notify", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("mail.html.j2")
