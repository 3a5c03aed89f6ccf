from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import Model, create_model


@pytest.fixture
def model(database: Engine) -> Model:
    """A model whose windows are days, with the segments of the tag `camera`."""
    with writing(database) as connection:
        return create_model(
            connection,
            "m",
            task="classification",
            created=NOON,
            classes=["cat", "dog"],
            segment_tags=["camera"],
        )
