"""Plan: what would change if a configuration were applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.monitors.monitor import check_segments, definition_of
from driftwheel.services.channels.change_channel import options_of
from driftwheel.services.channels.channel_checks import check_name, check_options, check_url
from driftwheel.services.operate.configuration import (
    Configuration,
    ConfiguredChannel,
    ConfiguredModel,
    ConfiguredMonitor,
    settings_of,
)
from driftwheel.services.wheel.set_wheel_policy import check_wheel_policy
from driftwheel.store.alerts.channels import Channel, list_channels
from driftwheel.store.alerts.monitors import StoredMonitor, list_monitors
from driftwheel.store.models.models import Model, list_models
from driftwheel.store.wheel.policies import policy_of
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["Action", "Difference", "PlannedChange", "plan_configuration"]

Action = Literal["add", "change", "remove"]
What = Literal["model", "monitor", "wheel", "channel"]
_UNCHANGEABLE = ("task", "window")
_REQUIRED = ("task",)
_HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key, before and after; None: not there. An address is never shown."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One thing that would change.

    Attributes
    ----------
    action, what
        For example ``add`` ``monitor``.
    model
        The model's name; empty for a channel.
    name
        The monitor's or channel's name; empty for a model and its wheel.
    differences
        In the order of the file.
    """

    action: Action
    what: What
    model: str
    name: str
    differences: tuple[Difference, ...]

    @property
    def title(self) -> str:
        """What it is, as the file names it: ``models.cats.monitors.drift``."""
        if self.what == "channel":
            return f"channels.{self.name}"
        if self.what == "wheel":
            return f"models.{self.model}.wheel"
        return f"models.{self.model}.monitors.{self.name}" if self.name else f"models.{self.model}"


def plan_configuration(
    connection: Connection, wanted: Configuration, *, prune: bool = False, allow_private: bool = False
) -> tuple[PlannedChange, ...]:
    """Return what would change, models first, each with its monitors and wheel, then channels; by name.

    Parameters
    ----------
    connection
        Sees what is there.
    wanted
        What should be.
    prune
        Also remove monitors of its models, and channels, that it does not name. Models are never removed,
        and the policy of a wheel stays: an empty table of it is the default.
    allow_private
        Channels may lead into private networks.

    Raises
    ------
    UsageError
        When something of it cannot be: before anything is changed.
    """
    models = {one.name: one for one in list_models(connection)}
    changes: list[PlannedChange] = []
    for name, model in sorted(wanted.models.items()):
        try:
            changes += _model(connection, models.get(name), model, prune=prune)
        except UsageError as error:
            raise UsageError(f"models.{name}: {error}") from None
    known = sorted({*models, *wanted.models})
    return (*changes, *_channels(connection, wanted, known, prune=prune, allow_private=allow_private))


def _model(
    connection: Connection, there: Model | None, wanted: ConfiguredModel, *, prune: bool
) -> Iterator[PlannedChange]:
    before = {} if there is None else settings_of(there)
    if there is None:
        for key in _REQUIRED:
            if key not in wanted.settings:
                raise UsageError(f"There is no such model yet; to make it, give its {key}.")
    differences = tuple(
        Difference(key, before.get(key), value)
        for key, value in wanted.settings.items()
        if before.get(key) != value and not (there and key == "embedder" and value == "auto")
    )
    for one in differences:
        if there is not None and one.key in _UNCHANGEABLE:
            raise UsageError(f"Its {one.key} is '{one.before}' and cannot be changed to '{one.after}'.")
    if there is None or differences:
        yield PlannedChange("change" if there else "add", "model", wanted.name, "", differences)
    tags = wanted.settings.get("segment_tags", () if there is None else there.segment_tags)
    stored = {} if there is None else {one.name: one for one in list_monitors(connection, there.key)}
    for name, monitor in sorted(wanted.monitors.items()):
        check_segments(monitor.monitor, tags)
        yield from _monitor(wanted.name, stored.get(name), monitor)
    for name in sorted(set(stored) - set(wanted.monitors)) if prune else ():
        yield PlannedChange("remove", "monitor", wanted.name, name, ())
    if wanted.wheel is not None:
        yield from _wheel(connection, there, wanted.name, wanted.wheel)


def _wheel(
    connection: Connection, there: Model | None, model: str, wanted: WheelPolicy
) -> Iterator[PlannedChange]:
    check_wheel_policy(connection, there, wanted)
    before = WheelPolicy() if there is None else policy_of(connection, there.key)
    differences = _differences(asdict(before), asdict(wanted))
    if differences:
        yield PlannedChange("change", "wheel", model, "", differences)


def _monitor(model: str, there: StoredMonitor | None, wanted: ConfiguredMonitor) -> Iterator[PlannedChange]:
    after = definition_of(wanted.monitor) | {"enabled": wanted.enabled}
    before = {} if there is None else dict(there.definition) | {"enabled": there.enabled}
    differences = _differences(before, after)
    if differences:
        action: Action = "add" if there is None else "change"
        yield PlannedChange(action, "monitor", model, wanted.monitor.name, differences)


def _channels(
    connection: Connection,
    wanted: Configuration,
    models: Sequence[str],
    *,
    prune: bool,
    allow_private: bool,
) -> Iterator[PlannedChange]:
    stored = {one.name: one for one in list_channels(connection)}
    for name, channel in sorted(wanted.channels.items()):
        try:
            yield from _channel(stored.get(name), channel, models, allow_private=allow_private)
        except UsageError as error:
            raise UsageError(f"channels.{name}: {error}") from None
    for name in sorted(set(stored) - set(wanted.channels)) if prune else ():
        yield PlannedChange("remove", "channel", "", name, ())


def _channel(
    there: Channel | None,
    wanted: ConfiguredChannel,
    models: Sequence[str],
    *,
    allow_private: bool,
) -> Iterator[PlannedChange]:
    check_name(wanted.name)
    after = asdict(check_options(wanted.options, models))
    before = {} if there is None else asdict(options_of(there))
    differences = _differences(before, after)
    if wanted.url is None and there is None:
        raise UsageError("There is no such channel yet; to make it, give its url.")
    if wanted.url is not None:
        url = check_url(wanted.url, allow_private=allow_private)
        if there is None or there.url != url:
            differences = (Difference("url", _HIDDEN if there else None, _HIDDEN), *differences)
    if differences:
        yield PlannedChange("change" if there else "add", "channel", "", wanted.name, differences)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    keys = dict.fromkeys((*after, *before))
    return tuple(
        Difference(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    )
