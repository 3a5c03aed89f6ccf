"""Workflows: the durable orchestration of the service's verbs, on DBOS."""

__all__: list[str] = []
