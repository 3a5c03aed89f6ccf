"""The templates of the pages, with every text escaped unless it is our own markup."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from driftwheel.report.numbers import count, p_value, quantity, several, share
from driftwheel.report.printable import printable, shortened
from driftwheel.services.access.authorise import Identity, Permission, allows
from driftwheel.web.pages.assets import asset_address
from driftwheel.web.security.csrf import CSRF_FIELD

__all__ = ["address", "file_size", "moment", "render"]

_DAYS = {"day", "utc-day", "short-day"}


def render(request: Request, name: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page; its template sees who calls, what they may do, and `values`. It is never cached."""
    caller = cast("Identity | None", getattr(request.state, "identity", None))

    def may(permission: Permission) -> bool:
        return caller is not None and allows(caller, permission)

    body = (
        _environment()
        .get_template(name)
        .render(caller=caller, may=may, path=request.url.path, csrf=_csrf(caller), **values)
    )
    return HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


def address(path: str, values: Mapping[str, object] | None = None) -> str:
    """Return an address with its query; values that are None or empty are left out.

    Examples
    --------
    >>> address("/images", {"model": "pets", "tag": "", "p": 0.01})
    '/images?model=pets&p=0.01'
    """
    given = {name: value for name, value in (values or {}).items() if value not in (None, "", [], ())}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def file_size(n: int) -> str:
    """Return bytes as people read them.

    Examples
    --------
    >>> [file_size(n).replace("\u00a0", " ") for n in (812, 84_213, 18_400_000)]
    ['812 bytes', '84.2 kB', '18.4 MB']
    """
    if n < 1000:
        return quantity(n, "byte" if n == 1 else "bytes")
    return quantity(n / 1000, "kB") if n < 1_000_000 else quantity(n / 1_000_000, "MB")


def moment(when: datetime | None, say: str = "minute", none: str = "–") -> Markup:
    """Return a ``<time>`` in UTC, which the browser writes anew in the viewer's zone.

    Parameters
    ----------
    say
        ``moment``, ``minute``, ``day``, ``utc-day``, ``short-day`` or ``ago``: see ``static/times.js``.

    Examples
    --------
    >>> moment(datetime(2026, 11, 23, 2, 14, tzinfo=UTC), "ago")
    Markup('<time datetime="2026-11-23T02:14:00Z" data-say="ago">2026-11-23 02:14 UTC</time>')
    """
    if when is None:
        return Markup("{}").format(none)
    utc = when.astimezone(UTC)
    written = utc.strftime("%Y-%m-%d" if say in _DAYS else "%Y-%m-%d %H:%M")
    exact = utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds").replace("+00:00", "Z")
    zone = "" if say in _DAYS else " UTC"
    return Markup('<time datetime="{}" data-say="{}">{}{}</time>').format(exact, say, written, zone)


def _csrf(caller: Identity | None) -> Markup:
    """Return the hidden field every form of a session carries."""
    if caller is None or caller.csrf is None:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, caller.csrf)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("driftwheel.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        bytes=file_size,
        count=count,
        moment=moment,
        p_value=p_value,
        printable=printable,
        quantity=quantity,
        several=several,
        share=share,
        shortened=shortened,
    )
    environment.globals.update(asset=asset_address, address=address)
    return environment
