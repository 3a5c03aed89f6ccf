"""The pages: what a person sees. Each parses its address, calls services, and renders a template."""

from __future__ import annotations

from fastapi import APIRouter

from driftwheel.web.pages import (
    add_version,
    alert,
    alerts,
    assets,
    edit_model,
    home,
    image,
    images,
    log_in,
    measure_again,
    model,
    models,
    register_model,
    set_reference,
    settings_account,
    settings_retention,
    settings_tokens,
    settings_users,
)

__all__ = ["router"]

router = APIRouter()
for _part in (
    assets,
    log_in,
    home,
    models,
    register_model,
    model,
    edit_model,
    add_version,
    measure_again,
    set_reference,
    images,
    image,
    alerts,
    alert,
    settings_users,
    settings_tokens,
    settings_retention,
    settings_account,
):
    router.include_router(_part.router)
