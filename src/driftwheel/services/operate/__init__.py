"""Looking after an installation: backup, health, metrics, retention and configuration."""

__all__: list[str] = []
