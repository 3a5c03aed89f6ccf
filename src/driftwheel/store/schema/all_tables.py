"""All tables, together: import the metadata from here, or some of them are not in it."""

from __future__ import annotations

from driftwheel.store.schema import (
    alert_tables,
    assist_tables,
    card_tables,
    dataset_tables,
    import_tables,
    label_tables,
    performance_tables,
    release_tables,
    tables,
    train_tables,
    webhook_tables,
    wheel_policy_tables,
    wheel_tables,
)
from driftwheel.store.schema.columns import METADATA

__all__ = [
    "METADATA",
    "alert_tables",
    "assist_tables",
    "card_tables",
    "dataset_tables",
    "import_tables",
    "label_tables",
    "performance_tables",
    "release_tables",
    "tables",
    "train_tables",
    "webhook_tables",
    "wheel_policy_tables",
    "wheel_tables",
]
