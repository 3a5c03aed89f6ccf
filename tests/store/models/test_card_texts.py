from __future__ import annotations

from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.card_texts import add_card_text, list_card_texts
from driftwheel.store.models.models import Model, add_version, create_model, delete_model


def test_what_was_said_is_kept_until_the_model_goes(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        other = create_model(connection, "other", task="detection", created=NOON)
        for key in (model.key, other.key):
            version = add_version(connection, key, "v1", artifact=None, created=NOON)
            for text in ("first — ü", "", None):
                add_card_text(connection, key, version.key, "contact", text, changed=NOON, by="ann")
    with reading(database) as connection:
        found = list_card_texts(connection, model.key)
    assert [(one.name, one.text, one.changed, one.by) for one in found] == [
        ("contact", "first — ü", NOON, "ann"),
        ("contact", "", NOON, "ann"),
        ("contact", None, NOON, "ann"),
    ]
    with writing(database) as connection:
        delete_model(connection, model.key)
        assert list_card_texts(connection, model.key) == []
        assert len(list_card_texts(connection, other.key)) == 3
