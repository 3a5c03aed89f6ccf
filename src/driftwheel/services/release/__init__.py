"""The registry: aliases, the gate, promotion and rollback."""

__all__: list[str] = []
