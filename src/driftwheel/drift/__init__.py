"""Drift: statistical tests, the verdict they amount to, and the diagnosis of what happened."""
