"""Which images are labelled, golden ones among them."""

__all__: list[str] = []
