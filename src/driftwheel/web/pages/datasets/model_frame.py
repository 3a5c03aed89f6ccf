"""What stands above every page about a model: its name, its state, the tabs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from driftwheel.services.browse.describe_models import describe_model
from driftwheel.store.models.models import Model
from driftwheel.web.pages.models.models import STATE_WORDS
from driftwheel.web.pages.rendering import address
from driftwheel.web.state import Services

__all__ = ["model_frame"]


def model_frame(connection: Connection, state: Services, model: Model) -> dict[str, Any]:
    """Return what the templates of a model's pages need for their head."""
    summary = describe_model(connection, model, state.clock())
    return {
        "model": model,
        "here": f"/models/{quote(model.name, safe='')}",
        "images": address("/images", {"model": model.name}),
        "state": STATE_WORDS[summary.state],
        "summary": summary,
        "reference": summary.reference,
    }
