"""Payloads of labels: a class, several, or boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["BoxesBody", "LabelBoxBody", "OneClassBody", "Payload", "SomeClassesBody", "plain_payload"]

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)
_Label = Annotated[str, Field(min_length=1, max_length=256)]


class LabelBoxBody(BaseModel):
    """A box, in pixels of the upright image."""

    model_config = _FORBID

    label: _Label = Field(alias="class")
    x: float = Field(ge=-1e6, le=1e6, description="Left edge before it is turned.")
    y: float = Field(ge=-1e6, le=1e6, description="Upper edge before it is turned.")
    w: float = Field(gt=0, le=1e6)
    h: float = Field(gt=0, le=1e6)
    rotation: float = Field(0.0, ge=-1e6, le=1e6, description="Clockwise degrees about its centre.")


class OneClassBody(BaseModel):
    """The class of an image."""

    model_config = _FORBID

    label: _Label = Field(alias="class")


class SomeClassesBody(BaseModel):
    """The classes of an image."""

    model_config = _FORBID

    classes: list[_Label] = Field(max_length=1000)


class BoxesBody(BaseModel):
    """The objects in an image; none is an answer too."""

    model_config = _FORBID

    boxes: list[LabelBoxBody] = Field(max_length=1000)


Payload = OneClassBody | SomeClassesBody | BoxesBody


def plain_payload(payload: BaseModel | None) -> Mapping[str, Any] | None:
    """Return what services take for a payload."""
    return None if payload is None else payload.model_dump(by_alias=True)
