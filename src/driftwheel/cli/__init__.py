"""The command line: each command in a file of its own, importing what it needs only when it runs."""

from driftwheel.cli.app import app, main

__all__ = ["app", "main"]
