"""From images to numbers: properties, embeddings, answers of models, in steps that can be done again."""

__all__: list[str] = []
