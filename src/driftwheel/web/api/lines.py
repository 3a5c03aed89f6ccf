"""Read a body of one JSON object, or of many lines with one each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import HTTPException, Request
from pydantic import TypeAdapter

from driftwheel.errors import UsageError
from driftwheel.web.api.bodies import parse
from driftwheel.web.api.results import Mistaken

__all__ = ["Read", "media_type", "read_lines"]

_Body = TypeVar("_Body")
_Value = TypeVar("_Value")
_LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/json-lines"})


@dataclass(frozen=True, slots=True)
class Read(Generic[_Value]):
    """What a body holds.

    Attributes
    ----------
    values
        In the order sent, with what could not be read among them.
    single
        Whether it was one object rather than lines.
    """

    values: Sequence[_Value | Mistaken]
    single: bool


def media_type(request: Request) -> str:
    """Return the media type of a body, without its parameters; JSON where none is said."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


async def read_lines(
    request: Request, adapter: TypeAdapter[_Body], convert: Callable[[_Body], _Value], *, most: int
) -> Read[_Value]:
    """Return what a body holds: one object (``application/json``), or lines (``application/x-ndjson``).

    Parameters
    ----------
    adapter, convert
        How one is read, and the value it becomes.
    most
        Lines that may be sent at once.

    Raises
    ------
    HTTPException
        413 for too many lines, 415 for another media type, 422 for none.
    """
    kind = media_type(request)
    if kind not in _LINES and kind != "application/json":
        raise HTTPException(
            415, f"The body is '{kind}'; send application/json, or many lines as application/x-ndjson."
        )
    body = await request.body()
    if kind == "application/json":
        return Read([_read(body, adapter, convert)], True)
    ends = body.count(b"\n")
    lines = [line for line in body.split(b"\n") if not line.isspace() and line] if ends <= 2 * most else ()
    if ends > 2 * most or len(lines) > most:
        raise HTTPException(413, f"{max(len(lines), ends):,} lines were sent; send at most {most:,} at once.")
    if not lines:
        raise HTTPException(422, "The body is empty; send one JSON object a line.")
    return Read([_read(line, adapter, convert) for line in lines], False)


def _read(text: bytes, adapter: TypeAdapter[_Body], convert: Callable[[_Body], _Value]) -> _Value | Mistaken:
    try:
        return convert(parse(adapter, text))
    except UsageError as error:
        return Mistaken(str(error))
