"""Send what is due to webhooks, once: `python -m tests.services.send_webhooks_once URL TIME`."""

from __future__ import annotations

import sys
from datetime import datetime

from driftwheel.services.label.webhooks.send_webhooks import send_webhooks
from driftwheel.store.engine.database import open_database


def main() -> None:
    engine = open_database(sys.argv[1])
    now = datetime.fromisoformat(sys.argv[2])
    send_webhooks(engine, clock=lambda: now, allow_private=True)
    engine.dispose()


if __name__ == "__main__":
    main()
