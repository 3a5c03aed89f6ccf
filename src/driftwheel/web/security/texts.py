"""Texts in bodies that no database keeps, refused before a route sees them."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Request
from starlette.datastructures import FormData

from driftwheel.errors import UsageError
from driftwheel.services.ingest.plain_texts import check_texts

__all__ = ["PlainTexts"]


class PlainTexts(Request):
    """A request whose JSON body or form holds no NUL and no half surrogate pairs, else it is answered 422.

    Routes that read the body piece by piece (what is logged, files) check what they read themselves.
    """

    async def json(self) -> Any:
        """Return what the body says."""
        value = await super().json()
        _check(value)
        return value

    async def _get_form(self, **limits: Any) -> FormData:
        """Return the fields of a form, for `form`; files in it are not looked into."""
        form = await super()._get_form(**limits)
        try:
            for name, value in form.multi_items():
                _check({name: value if isinstance(value, str) else ""})
        except HTTPException:
            await form.close()
            raise
        return form


def _check(value: object) -> None:
    try:
        check_texts(value)
    except UsageError as error:
        raise HTTPException(422, str(error)) from None
