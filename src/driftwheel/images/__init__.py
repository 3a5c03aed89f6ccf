"""Images: decoding, properties, descriptors and camera faults, as pure computation on bytes and pixels."""

__all__: list[str] = []
