"""The slice that a challenger must be better on: what drifted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.store.alerts.episodes import episode_by_key, list_episodes
from driftwheel.store.models.models import Model

__all__ = ["GateSlice", "slice_of_alert", "slice_of_newest_alert", "slice_words"]


@dataclass(frozen=True, slots=True)
class GateSlice:
    """Records of a span and a segment; without either, all of them.

    Attributes
    ----------
    since, until
        since ≤ time < until of the record, UTC; None: open.
    tag, value
        The segment; both empty for the whole model.
    alert
        Key of the alert that it was taken from; None where it was given.
    """

    since: datetime | None = None
    until: datetime | None = None
    tag: str = ""
    value: str = ""
    alert: int | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise UsageError(
                f"The slice from {self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC is empty; "
                "give a beginning before the end."
            )
        if bool(self.tag) != bool(self.value):
            raise UsageError("A segment is a tag and its value, as camera=2; give both.")

    @property
    def is_everything(self) -> bool:
        """Whether it leaves out nothing."""
        return self.since is None and self.until is None and not self.tag

    def holds(self, time: datetime | None, tags: Mapping[str, str]) -> bool:
        """Whether a record is in it; one without a time is in no slice that has ends."""
        if (self.since is not None or self.until is not None) and time is None:
            return False
        if self.since is not None and time is not None and time < self.since:
            return False
        if self.until is not None and time is not None and time >= self.until:
            return False
        return not self.tag or tags.get(self.tag) == self.value

    def to_json(self) -> dict[str, Any]:
        """Return the form that is kept."""
        plain: dict[str, Any] = {}
        for name in ("since", "until"):
            moment = getattr(self, name)
            if moment is not None:
                plain[name] = moment.isoformat()
        if self.tag:
            plain |= {"tag": self.tag, "value": self.value}
        if self.alert is not None:
            plain["alert"] = self.alert
        return plain

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> GateSlice:
        """Return what `to_json` wrote.

        Examples
        --------
        >>> GateSlice.from_json({"tag": "camera", "value": "2"}).holds(None, {"camera": "2"})
        True
        """
        moments = {name: datetime.fromisoformat(plain[name]) for name in ("since", "until") if name in plain}
        return GateSlice(
            **moments, tag=plain.get("tag", ""), value=plain.get("value", ""), alert=plain.get("alert")
        )


def slice_of_alert(connection: Connection, model: Model, alert: int) -> GateSlice:
    """Return what an alert is about: its segment, from its first window in breach on.

    It has no end: what made the images change may go on, and the challenger is to be better on those.

    Raises
    ------
    UsageError
        When the model has no such alert.
    """
    episode = episode_by_key(connection, alert)
    if episode is None or episode.model != model.key:
        raise UsageError(f"The model '{model.name}' has no alert {alert}.")
    return GateSlice(episode.began, None, episode.tag, episode.value, episode.key)


def slice_of_newest_alert(connection: Connection, model: Model) -> GateSlice:
    """Return what the newest alert is about that fired; everything where none has."""
    newest = list_episodes(connection, model.key, fired=True, limit=1)
    return slice_of_alert(connection, model, newest[0].key) if newest else GateSlice()


def slice_words(chosen: GateSlice) -> str:
    """Return what a slice holds, in words.

    Examples
    --------
    >>> slice_words(GateSlice()), slice_words(GateSlice(tag="camera", value="2"))
    ('all held-out images', 'images with camera = 2')
    """
    if chosen.is_everything:
        return "all held-out images"
    parts = ["images"]
    if chosen.tag:
        parts.append(f"with {chosen.tag} = {chosen.value}")
    if chosen.since is not None:
        parts.append(f"from {chosen.since:%Y-%m-%d %H:%M} UTC on")
    if chosen.until is not None:
        parts.append(f"before {chosen.until:%Y-%m-%d %H:%M} UTC")
    return " ".join(parts)
