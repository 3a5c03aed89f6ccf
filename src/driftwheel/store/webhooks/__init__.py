"""Webhooks, and what is to be sent to them."""

__all__: list[str] = []
