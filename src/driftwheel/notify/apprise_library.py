"""Apprise as it is used here: no files, no pictures of its own, no redirects, no words in the server's log.

It writes addresses with their secrets to its log when they are mistaken. What it says of a message that
failed is taken from there by `driftwheel.notify.send`, and stripped of secrets.
"""

from __future__ import annotations

import logging
from functools import cache

from apprise import AppriseAsset
from apprise.manager_plugins import NotificationManager

__all__ = ["SEND_SECONDS", "library_asset"]

SEND_SECONDS = 30.0
"""A channel that has not taken a message after so long has failed."""


@cache
def library_asset() -> AppriseAsset:
    """Return how Apprise is to behave, keep its log to itself, and have all its kinds of channels loaded.

    It loads them at first use, and a thread that comes meanwhile would find only some.
    """
    NotificationManager().load_modules()  # type: ignore[no-untyped-call]
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)
    return AppriseAsset(
        app_id="Driftwheel",
        app_desc="Alerts of Driftwheel",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        http_redirects=False,
        interpret_emojis=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode="memory",
        allow_templates=False,
        service_timeout=SEND_SECONDS,
    )
