from collections.abc import Callable
from typing import Any, BinaryIO

class Result:
    value: str

class images:
    @staticmethod
    def img_element(func: Callable[[Any], dict[str, str]]) -> Any: ...

def convert_to_html(
    fileobj: BinaryIO,
    *,
    style_map: str = ...,
    convert_image: Any = ...,
    external_file_access: bool = ...,
) -> Result: ...
