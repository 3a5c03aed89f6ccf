"""Instances: which monitor on which segment; at most one episode of each is open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from driftwheel.monitors.monitor import Monitor

__all__ = ["Instance", "instance_key"]


@dataclass(frozen=True, slots=True)
class Instance:
    """A monitor on one segment: what an episode is of.

    Attributes
    ----------
    model, key, revision
        The keys of model and monitor, and the monitor's revision.
    monitor
        The monitor itself.
    tag, value
        The segment; both empty for the whole model.
    """

    model: int
    key: int
    revision: int
    monitor: Monitor
    tag: str = ""
    value: str = ""

    @property
    def digest(self) -> bytes:
        """What `episodes.instance` holds."""
        return instance_key(self.key, {self.tag: self.value} if self.tag else {})


def instance_key(monitor: int, labels: Mapping[str, str]) -> bytes:
    """Return SHA-256 of a monitor's key and its labels, in whatever order they are given.

    Examples
    --------
    >>> instance_key(7, {"camera": "2", "site": "a"}) == instance_key(7, {"site": "a", "camera": "2"})
    True
    """
    text = json.dumps([monitor, sorted(labels.items())], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
