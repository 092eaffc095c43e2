"""Text is cut alike everywhere: folding, sentences, words, language, numbers."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groundglm.text import (
    Span,
    chinese_number,
    fold,
    has_cjk,
    language,
    normalize_name,
    sentences,
    words,
)

MIXED = st.text(
    st.sampled_from("李白是詩人。！？.!? \n\tAbİß1,5e'”）(a\u2028\u3000Ⅳ㎏ﬁ車"), max_size=60
)
TEXTS = st.text(max_size=200) | MIXED


@given(TEXTS)
@example("İstanbul ﬁ ㎏ ǅ ẞ 豈 \U0002f800")
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(TEXTS)
@example("車 \uf902 ﷺ Ａ")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_every_character_folds_to_one_that_stays() -> None:
    every = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    assert len(fold(every)) == len(every)
    assert fold(fold(every)) == fold(every)


def test_folding_joins_width_case_and_traditional_characters() -> None:
    assert fold("ＧＬＭ－３　資料庫") == "glm-3 资料库"


@given(TEXTS)
def test_sentences_are_in_order_apart_and_cover_what_is_not_blank(text: str) -> None:
    spans = sentences(text)
    assert all(one.end <= next_.start for one, next_ in zip(spans, spans[1:], strict=False))
    covered = {i for span in spans for i in range(span.start, span.end)}
    assert all(i in covered for i, character in enumerate(text) if not character.isspace())


@given(TEXTS)
def test_a_sentence_has_no_blanks_around_it(text: str) -> None:
    for span in sentences(text):
        sentence = span.cut(text)
        assert sentence
        assert sentence == sentence.strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他说：“走吧。”她走了。", ["他说：“走吧。”", "她走了。"]),
        ("Dr. Wu met J. Smith. They left.", ["Dr. Wu met J. Smith.", "They left."]),
        ("It was I. Nobody else.", ["It was I.", "Nobody else."]),
        ("Version 3.5 is out!Really?", ["Version 3.5 is out!", "Really?"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        (" \n ", []),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str, expected: list[str]) -> None:
    assert [span.cut(text) for span in sentences(text)] == expected


@given(TEXTS)
def test_words_are_folded_and_hold_no_blanks(text: str) -> None:
    for word in words(text):
        assert word
        assert not any(character.isspace() for character in word)
        assert word == fold(word)


def test_forms_for_compatibility_are_the_characters_they_stand_for() -> None:
    assert words("\U0002f96e") == words("緇") == ["缁"]  # by Unicode the first is the second
    assert fold("\U0002f96e") == "缁"


def test_a_language_keeps_its_sign_before_chinese() -> None:
    assert "c#" in words("C#语言") and "c++" in words("C++语言")


@given(TEXTS)
def test_a_folded_text_has_the_same_words(text: str) -> None:
    assert words(fold(text)) == words(text)


def test_a_chinese_query_meets_the_words_of_a_traditional_text() -> None:
    assert set(words("北京大学")) <= set(words("他在北京大學讀書"))


@given(st.text(max_size=50))
def test_a_name_is_its_own_normal_form(name: str) -> None:
    assert normalize_name(normalize_name(name)) == normalize_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("《紅樓夢》", "红楼梦"), ("José  Martí", "jose marti"), ("ＩＢＭ", "ibm")],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert normalize_name(one) == normalize_name(other)


def test_names_that_differ_stay_different() -> None:
    assert len({normalize_name(name) for name in ("C", "C++", "C#", "李白", "李百")}) == 5


def test_a_name_of_marks_alone_keeps_them() -> None:
    assert normalize_name("《》") != ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [("谁写了 Hamlet？", "zh"), ("Who is Li Bai?", "en"), ("", "en"), ("12 + 3", "en")],
)
def test_the_language_is_that_of_the_expected_reply(text: str, expected: str) -> None:
    assert language(text) == expected


@given(st.text(max_size=50))
def test_unaccented_latin_text_has_no_cjk(text: str) -> None:
    assert not has_cjk("".join(c for c in text if ord(c) < 0x250))


def test_kana_and_hangul_are_cjk() -> None:
    assert has_cjk("ひらがな")
    assert has_cjk(unicodedata.normalize("NFC", "한글"))


@given(st.text("零〇一二两三四五六七八九十百千万亿x", max_size=8))
def test_reading_a_chinese_number_never_raises(text: str) -> None:
    value = chinese_number(text)
    assert value is None or value >= 0


@pytest.mark.parametrize("ends", [(-1, 2), (2, 2), (3, 2)])
def test_an_empty_or_reversed_span_is_refused(ends: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="span"):
        Span(*ends)


def test_threads_that_ask_at_once_read_the_dictionary_once(monkeypatch):
    import importlib
    import threading
    import time

    import jieba.posseg

    module = importlib.import_module("groundglm.text.words")  # the room gives the function
    made = []
    real = jieba.posseg.POSTokenizer

    def slow(*args):
        made.append(1)
        time.sleep(0.05)
        return real(*args)

    monkeypatch.setattr(jieba.posseg, "POSTokenizer", slow)
    module._tagger.cache_clear()
    module.tags.cache_clear()
    threads = [threading.Thread(target=module.tags, args=(f"北京{n}",)) for n in range(8)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    module._tagger.cache_clear()
    assert len(made) == 1
