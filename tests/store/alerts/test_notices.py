"""Notices: one of each subject, wanted until they end, told to channels from where these were seen to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from tests.services.alerting import model

from driftwheel.store.alerts.channels import channel_by_key, create_channel
from driftwheel.store.alerts.notices import (
    delete_notices,
    end_notices,
    known_subjects,
    newest_notice,
    notices_after,
    put_notice,
    set_noticed,
    wanted_notices,
)
from driftwheel.store.engine.database import writing

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_notice_is_made_once_wanted_told_and_forgotten(database: Engine) -> None:
    key = model(database)
    with writing(database) as connection:
        assert newest_notice(connection) == 0
        for subject, wanted, made in (
            ("a", True, NOON),
            ("b", False, NOON - 9 * DAY),
            ("c", False, NOON),
            ("d", True, NOON),
            ("a", True, NOON + DAY),
        ):
            new = put_notice(
                connection,
                model=key,
                topic="labels",
                subject=subject,
                document={"heading": subject},
                wanted=wanted,
                made=made,
            )
            assert new == (made <= NOON)
        assert known_subjects(connection, ["a", "d", "x"]) == {"a", "d"}
        assert known_subjects(connection, []) == set()
        first, last = wanted_notices(connection)
        assert (first.subject, last.subject, first.made, first.ended) == ("a", "d", NOON, None)
        told = notices_after(connection, 0, news_since=NOON - DAY)
        assert [one.subject for one in told] == ["a", "c", "d"]
        end_notices(connection, [first.key], NOON + DAY)
        told = notices_after(connection, 0, news_since=NOON - DAY)
        assert [one.subject for one in told] == ["c", "d"]
        assert notices_after(connection, last.key, news_since=NOON) == []
        channel = create_channel(connection, "ops", url="json://x", created=NOON, by="me", topics=["labels"])
        set_noticed(connection, channel.key, last.key)
        kept = channel_by_key(connection, channel.key, lock=True)
        assert kept is not None
        assert (kept.noticed, kept.topics) == (newest_notice(connection), ("labels",))
        assert delete_notices(connection, NOON + DAY, 10) == 3
        assert [one.subject for one in wanted_notices(connection)] == ["d"]
