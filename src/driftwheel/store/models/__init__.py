"""Models, their versions, references and autoencoders."""

__all__: list[str] = []
