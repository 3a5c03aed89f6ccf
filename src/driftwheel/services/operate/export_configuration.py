"""Export the configuration: models, monitors, wheels and channels as a file that can be applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from driftwheel.services.channels.change_channel import options_of
from driftwheel.services.channels.channel_checks import ChannelOptions
from driftwheel.services.operate.configuration import settings_of
from driftwheel.services.operate.toml_text import toml_text
from driftwheel.store.alerts.channels import Channel, list_channels
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.models.models import Model, list_models
from driftwheel.store.wheel.policies import policy_of

__all__ = ["export_configuration"]

_HEAD = """\
# What Driftwheel watches and whom it tells. See what would change: driftwheel apply --dry-run --diff
# Addresses of channels are secret and not in it: a channel keeps its own, or is given another by
# url = "${NAME}", which is read from the environment.
"""


def export_configuration(connection: Connection) -> str:
    """Return all models, monitors, wheels and channels as TOML; applied, it changes nothing."""
    document = {
        "models": {one.name: _model(connection, one) for one in list_models(connection)},
        "channels": {one.name: _channel(one) for one in list_channels(connection)},
    }
    return f"{_HEAD}\n{toml_text({key: one for key, one in document.items() if one})}"


def _model(connection: Connection, model: Model) -> dict[str, Any]:
    monitors = list_monitors(connection, model.key)
    return settings_of(model) | {
        "monitors": {
            one.name: dict(one.definition) | ({} if one.enabled else {"enabled": False}) for one in monitors
        }
        or None,
        "wheel": policy_of(connection, model.key).to_json() or None,
    }


def _channel(channel: Channel) -> Mapping[str, Any]:
    """Return what is not as usual."""
    usual = asdict(ChannelOptions())
    return {key: value for key, value in asdict(options_of(channel)).items() if value != usual[key]}
