"""Where messages go, and the sending of them."""

__all__: list[str] = []
