"""A message as the HTML of a mail: tables and inline styles, as mail programs want them."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from driftwheel.alerts.message import Message
from driftwheel.notify.facts import blocks, footer, one_line, opening

__all__ = ["as_html"]

_COLOURS = {"critical": "#c8321f", "warning": "#9a5b00", "info": "#2563eb", "over": "#1a7f4b"}


def as_html(message: Message) -> str:
    """Return a message as an HTML document.

    Nothing in it is fetched from anywhere: example images are links, as they are shown only to people who are
    logged in.
    """
    entries = [
        {"heading": block.heading, "colour": _COLOURS[block.tone], "facts": block.facts}
        for block in blocks(message)
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
