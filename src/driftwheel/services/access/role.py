"""The roles of users and tokens, by name."""

from __future__ import annotations

from typing import cast

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.services.access.authorise import ROLES
from driftwheel.store.access.users import Role

__all__ = ["as_role"]


def as_role(name: str) -> Role:
    """Return the role called `name`.

    Raises
    ------
    UsageError
        When there is none.

    Examples
    --------
    >>> as_role("enginer")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: There is no role 'enginer'. Did you mean 'engineer'? The roles...
    """
    if name not in ROLES:
        raise UsageError(
            f"There is no role '{name}'.{did_you_mean(name, ROLES)} The roles are {', '.join(ROLES)}."
        )
    return cast("Role", name)
