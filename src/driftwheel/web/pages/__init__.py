"""The pages: what a person sees. Each parses its address, calls services, and renders a template."""

from __future__ import annotations

from fastapi import APIRouter

from driftwheel.web.pages import (
    add_version,
    alert,
    alert_acts,
    alerts,
    assets,
    edit_model,
    edit_monitor,
    first_steps,
    image,
    images,
    label,
    log_in,
    measure_again,
    model,
    model_setup,
    models,
    monitors,
    overview,
    register_model,
    set_autoencoder,
    set_reference,
    settings_account,
    settings_channels,
    settings_retention,
    settings_tokens,
    settings_users,
)

__all__ = ["router"]

router = APIRouter()
for _part in (
    assets,
    log_in,
    overview,
    first_steps,
    models,
    register_model,
    model,
    model_setup,
    alert_acts,
    edit_model,
    add_version,
    measure_again,
    set_autoencoder,
    set_reference,
    images,
    image,
    alerts,
    alert,
    monitors,
    edit_monitor,
    label,
    settings_users,
    settings_tokens,
    settings_channels,
    settings_retention,
    settings_account,
):
    router.include_router(_part.router)
