"""Fixtures that every test may ask for."""

from __future__ import annotations

from tests.databases import database, database_url, empty_database, postgres_server
from tests.s3_server import running_s3, s3_server

__all__ = ["database", "database_url", "empty_database", "postgres_server", "running_s3", "s3_server"]
