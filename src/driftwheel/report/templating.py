"""The templates of this package, with every text escaped unless it is our own markup."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from driftwheel.report.numbers import count, several, share

__all__ = ["template"]


def template(name: str) -> Template:
    """Return a template by its file name; an unknown variable in it is an error."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("driftwheel.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(count=count, share=share, several=several)
    return environment
