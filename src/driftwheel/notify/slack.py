"""Slack: Apprise's addresses and requests, with blocks of our own."""

from __future__ import annotations

from typing import Any

from apprise.plugins.slack import NotifySlack, SlackMode

__all__ = ["Slack"]

_OURS = ("channel", "thread_ts", "username")
"""What Apprise says of where a message goes, and who it is from."""


class Slack(NotifySlack):  # type: ignore[no-untyped-call]
    """Apprise's Slack, which would put the whole message in one block, longer than Slack takes.

    Attributes
    ----------
    content
        ``text`` and ``blocks`` of the next message.
    """

    content: dict[str, Any] | None = None

    def _send(self, url: str, payload: dict[str, Any], *how: Any, **more: Any) -> Any:
        """Put our content in place of Apprise's; workflows take a text alone."""
        if self.content is not None and self.mode not in {SlackMode.WORKFLOW, SlackMode.WORKFLOW_TRIGGER}:
            payload = {name: payload[name] for name in _OURS if name in payload} | self.content
        return super()._send(url, payload, *how, **more)  # type: ignore[no-untyped-call]
