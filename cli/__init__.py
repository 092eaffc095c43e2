"""The command line, and the only place that prints."""

__all__: list[str] = []
