"""Send messages to people: what a message looks like on each kind of channel, and how it gets there."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of a module that Apprise's mail imports
    import apprise.utils.pgp  # noqa: F401

__all__: list[str] = []
