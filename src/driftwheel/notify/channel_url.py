"""Addresses of channels: what Apprise reads in one, what of it may be shown, and which are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from apprise import NotifyBase
from apprise.manager_plugins import NotificationManager
from apprise.plugins import url_to_dict
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.ilert import NotifyILert
from apprise.plugins.opsgenie import NotifyOpsgenie
from apprise.plugins.pagerduty import NotifyPagerDuty
from apprise.plugins.slack import NotifySlack

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.notify.apprise_library import library_asset
from driftwheel.notify.mail import Mail
from driftwheel.notify.public_addresses import is_link_local, is_public
from driftwheel.notify.slack import Slack

__all__ = ["Target", "open_channel_url", "opens_incidents", "refusal", "unheld", "without_secrets"]

_LOCAL: Final = frozenset(
    {
        *("blink1", "dbus", "kde", "qt", "glib", "gio", "gnome"),
        *("macosx", "windows", "syslog", "deltachat", "growl"),
    }
)
"""Kinds that tell whoever sits at the server, or run a program there."""

_FILES: Final = frozenset({"keyfile", "subfile", "pgpkey", "pgppub", "pgpprv", "pgp", "wkd"})
"""Options that name a file of the server, or look for keys."""

_UNHELD: Final = frozenset({"mqtt", "mqtts", "xmpp", "xmpps"})
"""Kinds that connect again from threads of their own, which no `guarded` block holds."""

_OWN: Final[Mapping[type, type]] = {NotifyEmail: Mail, NotifySlack: Slack}
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 20.0
_LEAST_SECRET = 4  # characters


@dataclass(frozen=True, slots=True)
class Target:
    """A channel's address, opened.

    Attributes
    ----------
    service
        What kind it is: ``Slack``, ``E-mail``, ``JSON`` …
    where
        Where it leads, as far as that is no secret: a host, the recipients of mail; may be empty.
    plugin
        What sends.
    """

    service: str
    where: str
    plugin: NotifyBase

    @property
    def title(self) -> str:
        """Kind and place, for people."""
        return f"{self.service}, {self.where}" if self.where else self.service


def open_channel_url(url: str, *, allow_private: bool = True) -> Target:
    """Return what is behind an address of Apprise's kind; nothing is resolved or connected.

    Parameters
    ----------
    url
        Such as ``mailto://user:password@example.com``, ``slack://…``, ``json://host/path``, or the address
        that Slack, Discord or Teams give for a webhook.
    allow_private
        Take addresses of this machine and of private networks that are written as such. A name may lead
        there as well: that is found out when a message is sent.

    Raises
    ------
    UsageError
        When it cannot be read, is of a kind that is not sent from here, or needs a package that is missing.
        The message repeats nothing secret.

    Examples
    --------
    >>> open_channel_url("mailto://me:secret@example.com?to=ops@example.com").title
    'E-mail, ops@example.com'
    >>> open_channel_url("https://example.com/hook")
    Traceback (most recent call last):
    ...
    driftwheel.errors.UsageError: For a webhook of your own write jsons:// instead of https://: ...
    """
    asset = library_asset()
    scheme = _scheme(url)
    parts = url_to_dict(url)  # type: ignore[no-untyped-call]
    if parts is None:
        raise UsageError(_unreadable(scheme))
    kind = _kinds()[parts["schema"]]
    _refuse_local(parts, kind)
    if not allow_private and unheld(url):
        raise UsageError(unheld(url))
    if not kind.enabled:
        raise UsageError(_missing_package(scheme, kind))
    try:
        plugin = _OWN.get(kind, kind)(**parts, asset=asset)
    except Exception:  # each kind raises what it likes
        raise UsageError(_incomplete(scheme, kind)) from None
    plugin.retry = 0  # the outbox does that
    plugin.optional = False
    plugin.socket_connect_timeout = _CONNECT_SECONDS
    plugin.socket_read_timeout = _READ_SECONDS
    target = Target(*_described(plugin), plugin)
    if not allow_private:
        _refuse_private(plugin)
    return target


def without_secrets(text: str, url: str) -> str:
    """Return a text in which nothing is left of the parts of an address that may be secret.

    Examples
    --------
    >>> without_secrets("POST /T123/s3cret failed", "slack://T123/B456/s3cret")
    'POST /***/*** failed'
    """
    pieces = {piece for one in re.split(r"[/:@?&=+,;#\s]+", url) for piece in (one, unquote(one))}
    for piece in sorted((one for one in pieces if len(one) >= _LEAST_SECRET), key=len, reverse=True):
        text = text.replace(piece, "***")
    return text


def _kinds() -> Any:
    """Return Apprise's kinds of channels: a mapping from the word before :// to a class of plugins."""
    return NotificationManager()  # type: ignore[no-untyped-call]


def _scheme(url: str) -> str:
    found = re.match(r"\s*([A-Za-z0-9_-]+)://", url)
    if found is None:
        raise UsageError(
            "The address of a channel begins with its kind and ://, such as mailto://, slack:// or jsons://."
        )
    return found[1].lower()


def _unreadable(scheme: str) -> str:
    if scheme in {"http", "https"}:
        own = "json" if scheme == "http" else "jsons"
        return (
            f"For a webhook of your own write {own}:// instead of {scheme}://: it receives the message as "
            "JSON. Of other services only their own webhook addresses begin with https://."
        )
    known = list(_kinds().schemas())
    if scheme in known:
        return _incomplete(scheme, _kinds()[scheme])
    return (
        f"There is no kind of channel '{scheme}'.{did_you_mean(scheme, known)} See docs/how-to/channels.md."
    )


def _incomplete(scheme: str, kind: type[NotifyBase]) -> str:
    return (
        f"Something in this {scheme}:// address cannot be used by {kind.service_name}. "
        f"How it is written: {kind.setup_url}"
    )


def _missing_package(scheme: str, kind: type[NotifyBase]) -> str:
    wanted = kind.requirements.get("packages_required") or ()
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if not names:
        return f"Channels of the kind {scheme}:// cannot be used on this machine."
    return f"Channels of the kind {scheme}:// need a package that is missing: pip install '{names[0]}'"


def _refuse_local(parts: Mapping[str, Any], kind: type[NotifyBase]) -> None:
    if parts["schema"] in _LOCAL:
        raise UsageError(
            f"A channel cannot be of the kind {parts['schema']}://, which tells nobody but whoever sits at "
            "the server."
        )
    template = kind.template_args.get("template", {})
    files = _FILES | ({"template"} if template.get("private") else set())
    named = sorted(files.intersection(parts.get("qsd", {})))
    if named:
        raise UsageError(
            f"The address of a channel cannot have the option '{named[0]}': it would read a file of the "
            "server."
        )


def _refuse_private(plugin: NotifyBase) -> None:
    host = str(getattr(plugin, "smtp_host", None) or (plugin.host if _shows_host(plugin) else "") or "")
    bare = host.strip("[]").lower()
    literal = bool(re.fullmatch(r"[0-9.]+|[0-9a-f:.%]*:[0-9a-f:.%]*", bare))
    if bare == "localhost" or bare.endswith(".localhost") or (literal and not is_public(bare)):
        raise UsageError(refusal(host))


def opens_incidents(url: str) -> bool:
    """Return whether a channel wakes people and keeps an incident until it is resolved.

    Examples
    --------
    >>> opens_incidents("pagerduty://integration-key@api-key"), opens_incidents("json://example.com/")
    (True, False)
    """
    return isinstance(open_channel_url(url).plugin, NotifyPagerDuty | NotifyILert | NotifyOpsgenie)


def refusal(address: str) -> str:
    """Return why an address is not reached, and what to do where it should be."""
    if is_link_local(address):
        return f"{address} is a link-local address; channels never reach those."
    return (
        f"{address} is not an address of the public internet. Where channels shall reach private networks or "
        "this machine, start the server with DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS=true."
    )


def unheld(url: str) -> str:
    """Return why nothing can keep a channel of this kind from private networks; empty where that can be.

    Examples
    --------
    >>> unheld("jsons://example.com/hook")
    ''
    """
    scheme = _scheme(url)
    if scheme not in _UNHELD:
        return ""
    return (
        f"Nothing can keep a channel of the kind {scheme}:// from private networks. Where channels may reach "
        "those, start the server with DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS=true."
    )


def _described(plugin: NotifyBase) -> tuple[str, str]:
    if isinstance(plugin, NotifyEmail):
        return "E-mail", ", ".join(address for _, address in plugin.targets)
    host = plugin.host if _shows_host(plugin) else None
    port = f":{plugin.port}" if host and plugin.port else ""
    return str(plugin.service_name), f"{host}{port}" if host else ""


def _shows_host(plugin: NotifyBase) -> bool:
    """Whether what stands at the place of the host is one: of many kinds it is a token."""
    token = plugin.template_tokens.get("host")
    return token is not None and not token.get("private") and not token.get("map_to")
