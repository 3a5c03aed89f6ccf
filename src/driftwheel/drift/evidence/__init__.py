"""What speaks for drift, in properties, embeddings, scores and profiles."""

__all__: list[str] = []
