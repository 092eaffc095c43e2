"""Subtitles (SRT and WebVTT): what is said, with the times at which it is."""

import re
from collections.abc import Iterator

from ..errors import DocumentError
from .extracted import ExtractedText, clean, gap_between
from .options import ReadingOptions
from .parts import Part, text_of

_TIME = re.compile(
    r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,]\d{1,3}[ \t]*-->[ \t]*"
    r"(?:\d{1,3}:)?\d{1,2}:\d{1,2}[.,]\d{1,3}.*"
)
_MARKS = re.compile(r"<[^<>\n]{0,100}>|\{\\[^{}\n]{0,100}\}")
_SENTENCE_END = re.compile(r"[。！？!?.…][\"'”’」』）)]*$")
_PARAGRAPH = 300  # characters after which a sentence's end ends a paragraph


def read_subtitles(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """What is said, in paragraphs; the time at which each begins is its place."""
    out = ExtractedText(options)
    said = ""
    for start, words in _cues(text_of(data, options.encoding)):
        if not said:
            out.place(start)
            said = words
        elif not said.endswith(words):  # rolling captions say a line again
            said += gap_between(said, words) + words
        if len(said) >= _PARAGRAPH and (_SENTENCE_END.search(said) or len(said) > 3 * _PARAGRAPH):
            out.paragraph(said, gap="\n\n")
            said = ""
    out.paragraph(said, gap="\n\n")
    if not out.ends:
        raise DocumentError("it holds no subtitles")
    yield out.part()


def _cues(text: str) -> Iterator[tuple[str, str]]:
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip().split("\n")
        for number, line in enumerate(lines[:3]):
            match = _TIME.fullmatch(line.strip())
            if match is not None:
                told = " ".join(lines[number + 1 :])
                words = " ".join(clean(_MARKS.sub("", told)).split())
                if words:
                    hours, minutes, seconds = (int(one or 0) for one in match.groups())
                    yield f"{hours:02}:{minutes:02}:{seconds:02}", words
                break
