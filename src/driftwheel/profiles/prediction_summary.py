"""The summary of what a model said over many records: classes, confidence, latency, errors; it merges."""

from __future__ import annotations

__all__: list[str] = []
