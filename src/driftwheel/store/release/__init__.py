"""Which version is the champion, which the challenger, and every decision about them."""

__all__: list[str] = []
