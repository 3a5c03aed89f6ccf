"""How DBOS keeps arguments and results of workflows: as JSON, never as a pickle."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from dbos import Serializer

__all__ = ["JsonSerializer", "WorkflowFailedError"]

_ERROR = "driftwheel.error"


class WorkflowFailedError(Exception):
    """A workflow that ended with an error, read back: its kind and message."""


class JsonSerializer(Serializer):
    """Numbers, text, lists and maps as they are, times as text, errors as their kind and message.

    Examples
    --------
    >>> serializer = JsonSerializer()
    >>> serializer.deserialize(serializer.serialize({"args": (1, "a"), "kwargs": {}}))
    {'args': [1, 'a'], 'kwargs': {}}
    """

    def name(self) -> str:
        """Return what the database calls this form."""
        return "driftwheel_json"

    def serialize(self, data: Any) -> str:
        """Return `data` as JSON; raise `TypeError` for what JSON cannot hold."""
        return json.dumps(data, default=_plain, allow_nan=False)

    def deserialize(self, serialized_data: str) -> Any:
        """Return what was serialized, lists in place of tuples."""
        value = json.loads(serialized_data)
        if isinstance(value, dict) and _ERROR in value:
            return WorkflowFailedError(value[_ERROR])
        return value


def _plain(value: object) -> object:
    if isinstance(value, BaseException):
        return {_ERROR: f"{type(value).__name__}: {value}"}
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A {type(value).__name__} cannot be an argument or result of a workflow.")
