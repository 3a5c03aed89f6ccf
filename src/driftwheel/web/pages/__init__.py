"""The pages: what a person sees. Each parses its address, calls services, and renders a template."""

from __future__ import annotations

from fastapi import APIRouter

from driftwheel.web.pages import assets, datasets, label, training, wheel
from driftwheel.web.pages.alerts import alert, alert_acts, alerts
from driftwheel.web.pages.images import image, images
from driftwheel.web.pages.models import (
    add_version,
    card,
    edit_model,
    gate_run,
    measure_again,
    model,
    model_setup,
    models,
    performance,
    register_model,
    set_autoencoder,
    set_reference,
    versions,
)
from driftwheel.web.pages.monitors import edit_monitor, monitors
from driftwheel.web.pages.settings import (
    settings_account,
    settings_channels,
    settings_retention,
    settings_tokens,
    settings_users,
)
from driftwheel.web.pages.start import first_steps, log_in, overview

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
    performance,
    model_setup,
    training,
    alert_acts,
    edit_model,
    versions,
    gate_run,
    card,
    wheel,
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
    datasets,
    label,
    settings_users,
    settings_tokens,
    settings_channels,
    settings_retention,
    settings_account,
):
    router.include_router(_part.router)
