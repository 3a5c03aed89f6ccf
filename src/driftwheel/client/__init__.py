"""The client SDK: logs images and predictions to a Driftwheel server, without holding up the caller."""

from driftwheel.client.client import Client
from driftwheel.client.stats import Stats
from driftwheel.client.uuid7 import uuid7

__all__ = ["Client", "Stats", "uuid7"]
