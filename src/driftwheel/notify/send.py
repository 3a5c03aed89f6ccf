"""Send a message to a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apprise import Apprise, NotifyBase, NotifyFormat, NotifyType
from apprise.plugins.custom_form import NotifyForm
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.custom_xml import NotifyXML
from apprise.plugins.ilert import NotifyILert
from apprise.plugins.pagerduty import NotifyPagerDuty

from driftwheel.alerts.message import Message, message_to_json
from driftwheel.notify.channel_url import open_channel_url, refusal, unheld, without_secrets
from driftwheel.notify.connection_guard import guarded
from driftwheel.notify.facts import one_line
from driftwheel.notify.html_mail import as_html
from driftwheel.notify.mail import Letter, Mail
from driftwheel.notify.markdown import as_markdown
from driftwheel.notify.plain_text import as_text, brief_text
from driftwheel.notify.slack import Slack
from driftwheel.notify.slack_blocks import as_slack

__all__ = ["Delivery", "send_message"]

_LONGEST_ERROR = 500
_TYPES = {"critical": NotifyType.FAILURE, "warning": NotifyType.WARNING, "info": NotifyType.INFO}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message.

    Attributes
    ----------
    sent
        The other side has taken it.
    said
        Why not, in a sentence without secrets; where it was sent, what the other side had against it, mostly
        nothing.
    """

    sent: bool
    said: str = ""


def send_message(
    url: str,
    message: Message,
    *,
    dedup: str,
    thread: str,
    all_clear: bool = False,
    allow_private: bool = False,
) -> Delivery:
    """Send a message and wait until it was taken or has failed; never raises for what the other side does.

    Parameters
    ----------
    url
        The channel's.
    message
        What to tell.
    dedup
        Stays the same when a message is sent again: it is the `Message-ID` of mails, `Idempotency-Key` of
        webhooks.
    thread
        Stays the same for all messages of one channel about one model: mails are threaded by it, incidents
        of PagerDuty and iLert opened and resolved.
    all_clear
        The channel knows of no alert of the model that still fires.
    allow_private
        Let it reach private networks and this machine.

    Raises
    ------
    UsageError
        When the address cannot be used any more.
    """
    if not allow_private and unheld(url):
        return Delivery(False, unheld(url))
    plugin = open_channel_url(url).plugin
    title, body, form = _fill(plugin, message, dedup, thread)
    kind = _TYPES[message.severity] if message.kind in {"firing", "still_firing"} else NotifyType.INFO
    with guarded(allow_private=allow_private) as guard:
        sender = Apprise()
        sender.add(plugin)
        result = sender.notify(
            body=body,
            title=title,
            notify_type=NotifyType.SUCCESS if all_clear else kind,
            body_format=form,
        )
    said = " ".join(dict.fromkeys(entry.message.strip() for entry in result.logs()))
    if not result and guard.refused:
        said = refusal(guard.refused[0])
    elif not result and not said:
        said = "The message was not taken; nothing was said of why."
    return Delivery(bool(result), one_line(without_secrets(said, url))[:_LONGEST_ERROR])


def _fill(plugin: NotifyBase, message: Message, dedup: str, thread: str) -> tuple[str, str, NotifyFormat]:
    """Prepare a plugin for a message, and return title, body and format of what is left for Apprise to do."""
    title = one_line(message.title)
    text = as_text(message)
    if isinstance(plugin, Mail):
        plugin.letter = Letter(title, text, as_html(message), dedup, thread, message.made)
        return title, text, NotifyFormat.TEXT
    if isinstance(plugin, Slack):
        plugin.content = as_slack(message)
        return title, brief_text(message, _room(plugin, title)), NotifyFormat.TEXT
    _identify(plugin, message, dedup, thread)
    formats: Any = plugin.notify_format
    marked = NotifyFormat.MARKDOWN in (formats if isinstance(formats, tuple | list) else (formats,))
    room = _room(plugin, title)
    if marked and len(as_markdown(message)) <= room and not _is_plain(plugin):
        return _fitting(plugin, title), as_markdown(message), NotifyFormat.MARKDOWN
    return (
        _fitting(plugin, title),
        text if len(text) <= room else brief_text(message, room),
        NotifyFormat.TEXT,
    )


def _identify(plugin: NotifyBase, message: Message, dedup: str, thread: str) -> None:
    """Let the other side know a message that it gets twice, and all of what it says as data."""
    if isinstance(plugin, NotifyPagerDuty | NotifyILert):
        if not plugin.dedup:
            plugin.dedup = thread
            plugin.action = "map"
        return
    headers: Any = getattr(plugin, "headers", None)
    if isinstance(headers, dict):
        headers.setdefault("Idempotency-Key", dedup)
    if isinstance(plugin, NotifyJSON):
        plugin.payload_extras = {
            "driftwheel": {"dedup": dedup, **message_to_json(message)},
            "attachments": "",  # leaves it out
            **plugin.payload_extras,
        }


def _is_plain(plugin: NotifyBase) -> bool:
    """Whether a plugin hands on whatever it gets to a program, which has no use for markup."""
    return isinstance(plugin, NotifyJSON | NotifyXML | NotifyForm)


def _room(plugin: NotifyBase, title: str) -> int:
    """Return how long a body may be; a plugin without titles puts them above it."""
    above = len(title) + 20 if int(plugin.title_maxlen) <= 0 else 0
    return max(int(plugin.body_maxlen) - above, 40)


def _fitting(plugin: NotifyBase, title: str) -> str:
    most = int(plugin.title_maxlen)
    return title if most <= 0 or len(title) <= most else title[: most - 1] + "…"
