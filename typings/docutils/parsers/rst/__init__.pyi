from typing import Any

class Directive:
    name: str
    arguments: list[str]
    content: list[str]
    content_offset: int
    state: Any
