"""The JSON API under ``/api/v1``: each file the routes of one kind of thing."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from driftwheel.web.api import (
    alerts,
    annotate,
    assist,
    autoencoders,
    cards,
    channels,
    datasets,
    exchange,
    gates,
    imports,
    label_studio,
    log_answers,
    log_records,
    models,
    monitors,
    performance,
    pools,
    predict,
    projects,
    read_images,
    read_reconstructions,
    read_records,
    references,
    reviews,
    session,
    tokens,
    training,
    users,
    verdicts,
    webhooks,
    wheel,
    wheel_turns,
)

__all__ = ["routers"]


def routers() -> Sequence[APIRouter]:
    """Return the routes of the API, in the order of its description."""
    return (
        log_records.router,
        log_answers.router,
        predict.router,
        models.router,
        gates.router,
        cards.router,
        references.router,
        autoencoders.router,
        verdicts.router,
        performance.router,
        monitors.router,
        alerts.router,
        read_records.router,
        read_images.router,
        read_reconstructions.router,
        datasets.router,
        training.router,
        training.commands_router,
        training.repairs_router,
        wheel.router,
        wheel_turns.router,
        projects.router,
        pools.router,
        reviews.router,
        annotate.router,
        webhooks.router,
        assist.router,
        exchange.router,
        imports.router,
        label_studio.router,
        channels.router,
        session.router,
        tokens.router,
        users.router,
    )
