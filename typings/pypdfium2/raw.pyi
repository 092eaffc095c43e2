from typing import Any

FPDF_PAGEOBJ_PATH: int
FPDF_PAGEOBJ_IMAGE: int

def FPDFText_GetUnicode(text_page: Any, index: int) -> int: ...
def FPDFText_GetFontSize(text_page: Any, index: int) -> float: ...
def FPDFText_GetCharBox(
    text_page: Any, index: int, left: Any, right: Any, bottom: Any, top: Any
) -> int: ...
