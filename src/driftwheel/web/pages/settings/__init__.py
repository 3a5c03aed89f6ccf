"""Settings of the installation and of an account."""

__all__: list[str] = []
