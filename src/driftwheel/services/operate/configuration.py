"""A configuration: models, their monitors and wheels, and the channels, as `driftwheel.toml` says them.

::

    [models.cats]
    task = "classification"
    segment_tags = ["camera"]

    [models.cats.monitors."dark images"]
    when = "property.brightness above 0.5 until 0.3"
    severity = "warning"

    [models.cats.wheel]
    enabled = true
    images = 80

    [channels.ops]
    url = "${OPS_URL}"
    severities = ["critical"]

``${NAME}`` in an address is replaced from the environment, so that the file holds no secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.monitors.monitor import Monitor, monitor_from
from driftwheel.services.channels.channel_checks import ChannelOptions
from driftwheel.services.ingest.plain_texts import check_texts
from driftwheel.services.operate.parse_toml import parse_toml
from driftwheel.store.models.models import Model
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = [
    "FOR_EVER",
    "MODEL_KEYS",
    "Configuration",
    "ConfiguredChannel",
    "ConfiguredModel",
    "ConfiguredMonitor",
    "read_configuration",
    "settings_of",
]

FOR_EVER = "for ever"
"""`retention_days` of records that are never deleted: TOML has no null."""

MODEL_KEYS = (
    "task",
    "window",
    "classes",
    "segment_tags",
    "embedder",
    "retention_days",
    "keep_images",
    "false_alarms_per_year",
)
"""What can be said of a model, as `driftwheel.services.models.register_model.NewModel` describes it."""

_CHANNEL_KEYS = ("url", *(one.name for one in fields(ChannelOptions)))
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class ConfiguredMonitor:
    """A monitor, and whether it is on."""

    monitor: Monitor
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ConfiguredModel:
    """A model.

    Attributes
    ----------
    name
        Its name.
    settings
        Those of `MODEL_KEYS` that are said; the others stay, or have their defaults in a new model.
    monitors
        By name. They are said as a whole: what is left out of one has its default.
    wheel
        The policy of its wheel, likewise as a whole; None: it stays.
    """

    name: str
    settings: Mapping[str, Any]
    monitors: Mapping[str, ConfiguredMonitor]
    wheel: WheelPolicy | None = None


@dataclass(frozen=True, slots=True)
class ConfiguredChannel:
    """A channel, said as a whole but for its address.

    Attributes
    ----------
    name
        Its name.
    url
        With the environment's values in it; None: it stays.
    options
        What goes to it, and when.
    """

    name: str
    url: str | None = field(repr=False)  # it holds secrets
    options: ChannelOptions


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of a file.

    Attributes
    ----------
    models, channels
        By name.
    """

    models: Mapping[str, ConfiguredModel]
    channels: Mapping[str, ConfiguredChannel]


def read_configuration(text: str, environment: Mapping[str, str], *, source: str) -> Configuration:
    r"""Return what a TOML text says.

    Parameters
    ----------
    text
        The file's content.
    environment
        Where ``${NAME}`` is looked up.
    source
        What to call it in errors: the file's name.

    Raises
    ------
    UsageError
        That says where in the text what cannot be.

    Examples
    --------
    >>> read_configuration("[models.cats.monitors.drift]\nwhen = 'drift is fond'", {}, source="d.toml")
    Traceback (most recent call last):
    ...
    driftwheel.errors.UsageError: d.toml: models.cats: Monitor 'drift': Rule, character 10, 'fond': after...
    """
    try:
        document = parse_toml(text)
        check_texts(document)
        _only(document, ("models", "channels"), "the file")
        models = _tables(document, "models")
        channels = _tables(document, "channels")
        return Configuration(
            {name: _at(f"models.{name}", _model, name, table) for name, table in models.items()},
            {
                name: _at(f"channels.{name}", _channel, name, table, environment)
                for name, table in channels.items()
            },
        )
    except UsageError as error:
        raise UsageError(f"{source}: {error}") from None


def settings_of(model: Model) -> dict[str, Any]:
    """Return all of `MODEL_KEYS` as they are."""
    return {
        "task": model.task,
        "window": model.window,
        "classes": model.classes,
        "segment_tags": model.segment_tags,
        "embedder": model.embedder,
        "retention_days": FOR_EVER if model.retention_days is None else model.retention_days,
        "keep_images": model.keep_images,
        "false_alarms_per_year": model.false_alarms_per_year,
    }


def _at(place: str, read: Any, *given: Any) -> Any:
    try:
        return read(*given)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


def _model(name: str, table: Mapping[str, Any]) -> ConfiguredModel:
    _only(table, (*MODEL_KEYS, "monitors", "wheel"), "a model")
    settings = {key: table[key] for key in MODEL_KEYS if key in table}
    for key in ("task", "window", "embedder"):
        if not isinstance(settings.get(key, ""), str):
            raise UsageError(f"'{key}' is {settings[key]!r}; give text.")
    for key in ("classes", "segment_tags"):
        if key in settings:
            settings[key] = tuple(_names(settings[key], key))
    for key in ("keep_images", "false_alarms_per_year"):
        if key in settings:
            settings[key] = _number(settings[key], key)
    days = settings.get("retention_days", FOR_EVER)
    if days != FOR_EVER and (not isinstance(days, int) or isinstance(days, bool)):
        raise UsageError(f"'retention_days' is {days!r}; give a whole number of days, or \"{FOR_EVER}\".")
    monitors = {key: _monitor(key, one) for key, one in _tables(table, "monitors").items()}
    return ConfiguredModel(name, settings, monitors, _wheel(table.get("wheel")))


def _wheel(table: Any) -> WheelPolicy | None:
    if table is not None and not isinstance(table, dict):
        raise UsageError("'wheel' holds values: write [models.NAME.wheel].")
    return None if table is None else WheelPolicy.from_json(table)


def _monitor(name: str, table: Mapping[str, Any]) -> ConfiguredMonitor:
    definition = {key: value for key, value in table.items() if key != "enabled"}
    return ConfiguredMonitor(monitor_from(name, definition), _switch(table))


def _channel(name: str, table: Mapping[str, Any], environment: Mapping[str, str]) -> ConfiguredChannel:
    _only(table, _CHANNEL_KEYS, "a channel")
    url = table.get("url")
    if url is not None and not isinstance(url, str):
        raise UsageError("'url' is no text; give Apprise's address of the channel.")
    options = {key: value for key, value in table.items() if key != "url"} | {"enabled": _switch(table)}
    for key in ("models", "severities", "segments", "topics"):
        if key in options:
            options[key] = _names(options[key], key)
    if not isinstance(options.get("quiet_hours", {}), dict):
        raise UsageError("'quiet_hours' is no table.")
    for key in ("group_wait", "group_interval", "repeat"):
        if key in options and (not isinstance(options[key], int) or isinstance(options[key], bool)):
            raise UsageError(f"'{key}' is {options[key]!r}; give whole seconds.")
    expanded = None if url is None else _expanded(url, environment)
    return ConfiguredChannel(name, expanded, ChannelOptions(**options))


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    for name in _VARIABLE.findall(text):
        if not environment.get(name):
            raise UsageError(
                f"'url' names ${{{name}}}, which the environment does not have. Set it, or leave 'url' out "
                "where the channel is to keep its address."
            )
    return _VARIABLE.sub(lambda found: environment[found[1]], text)


def _tables(document: Mapping[str, Any], key: str) -> Mapping[str, Mapping[str, Any]]:
    tables = document.get(key, {})
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        raise UsageError(f"'{key}' holds tables: write [{key}.NAME].")
    return tables


def _only(table: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise UsageError(f"There is no '{key}' in {what}; it has {', '.join(known)}.{hint}")


def _names(value: Any, key: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"'{key}' is {value!r}; give a list of texts.")
    return value


def _number(value: Any, key: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UsageError(f"'{key}' is {value!r}; give a number.")
    return float(value)


def _switch(table: Mapping[str, Any]) -> bool:
    enabled = table.get("enabled", True)
    if not isinstance(enabled, bool):
        raise UsageError(f"'enabled' is {enabled!r}; write true or false.")
    return enabled
