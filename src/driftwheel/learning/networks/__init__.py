"""Networks of classifiers: what they look like, in torch to be trained, in ONNX to be run and kept."""

__all__: list[str] = []
