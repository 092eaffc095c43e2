"""Random and mutated replies in great number: none raises, hangs, or does anything at all."""

import json
import random
import time

import pytest

from groundglm.chatglm3 import ByteTokenizer, parse_reply
from groundglm.wire.reply import CallEnds, CallFails, ReplyReader, TextPiece
from groundglm.wire.tokenizer import ASSISTANT, CONTROL_NAMES, EOS, OBSERVATION, USER

# pytest shows all warnings; for users those about a model's text are off.
pytestmark = pytest.mark.filterwarnings("ignore:invalid escape")
TOKENIZER = ByteTokenizer()
CANARY = "chatglm3_canary.txt"
REPLIES = (
    "\n 你好👋！我是 ChatGLM3。",
    "f\n ```python\ntool_call(a=1, b=-2.5, c='中', d=[1, {'k': (True, None)}])\n```",
    "f\n```python\ntool_call(a='it\\'s', b=\"x\", c='''l1\nl2''', **{'x-y': 1})\n```\n完",
    f"f\n```python\nopen('{CANARY}','w').write('x')\n```",
    f"f\n```python\ntool_call(a=__import__('pathlib').Path('{CANARY}').write_text('x'))\n```",
    f"f\n```python\n(lambda: open('{CANARY}','w').write('x') and {{'a': 1}})()\n```",
    f"\n标题\n第一行\nopen('{CANARY}','w').write('x')\n结尾",
    "f\n```python\ntool_call(a=9**9**9, b='x'*10**10, c=[i for i in range(3)])\n```",
    "f\n```python\ntool_call(a=" + "[" * 60 + "]" * 60 + ")\n```",
    "f\n```python\ntool_call(a=" + "-" * 300 + "1, b=1e999, c=0x" + "f" * 200 + ")\n```",
    "interpreter\n```python\nimport os\nos.system('touch " + CANARY + "')\n```",
    "Here is an example:\n```json\n{\"a\": 1}\n```\nand more",
    "f\r\n ```python\r\ntool_call(a=f'{1+1}', b=b'x', c=..., d=1j, e={1,2})\r\n```",
    "get weather\n\n\n```\ntool_call(城市='北京', class=1)\n```<|assistant|>g\n```",
)  # fmt: skip
PIECES = (
    "'", '"', "'''", "\\", "\n", "```", "```python\n", "tool_call(", ")", "(", "[", "{", "}", "**{",
    "=", ",", ": ", "#", " ", "\x00", "\r", "\u2028", "é", "👩‍🚀", "１", "＝", "\\x", "\\u", "\\N{",
    "f'", "lambda:", "True", "true", "1e9", "-", "~", "<|user|>", "a" * 50, "(" * 30,
)  # fmt: skip


def mutated(draw):
    ids = []
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        text = draw.choice(REPLIES)
        for _ in range(draw.randrange(6)):
            place, width = draw.randrange(len(text) + 1), draw.choice((0, 0, 1, 2, 8))
            other = draw.choice((draw.choice(PIECES), text[place : place + 12], ""))
            text = text[:place] + other + text[place + width :]
        ids += [ASSISTANT] if ids else []
        ids += TOKENIZER.encode(text)
    for _ in range(draw.choice((0, 0, 0, 1, 3))):
        strange = draw.choice((*CONTROL_NAMES, EOS, USER, OBSERVATION, 0, 1, 300, 65_000, 130, 255))
        ids.insert(draw.randrange(len(ids) + 1), strange)
    return ids


def split(draw, ids):
    reader, events, position = ReplyReader(TOKENIZER, streams=lambda _: draw.random() < 0.5), [], 0
    while position < len(ids):
        size = draw.choice((1, 2, 3, 7, 40))
        events += reader.feed(ids[position : position + size])
        position += size
    return reader, events + reader.end()


@pytest.mark.timeout(1800)
def test_no_reply_raises_hangs_or_does_anything(full, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw, called, refused, slowest = random.Random(13), 0, 0, 0.0
    for number in range(200_000 if full else 4_000):
        if number % 10:
            ids = mutated(draw)
        else:
            ids = [draw.randrange(65_024 if draw.random() < 0.3 else 262) for _ in range(60)]
        start = time.process_time()
        reply = parse_reply(ids, TOKENIZER)
        slowest = max(slowest, time.process_time() - start)
        called += len(reply.tool_calls)
        refused += len(reply.invalid_tool_calls)
        for call in reply.tool_calls:
            json.dumps(call["args"], allow_nan=False).encode()
            assert call["name"].strip() == call["name"] != ""
        for call in reply.invalid_tool_calls:
            assert call["error"]
        if number % 10 == 1:
            reader, events = split(draw, ids)
            assert reader.reply.said == reply.said
            said = "".join(one.text for one in events if isinstance(one, TextPiece))
            assert said == reply.said
            kinds = [isinstance(one, CallEnds) for one in events
                     if isinstance(one, CallEnds | CallFails)]  # fmt: skip
            assert kinds.count(True) == len(reply.tool_calls)
            assert kinds.count(False) == len(reply.invalid_tool_calls)
    assert slowest < 10  # a reply that hangs takes minutes; a busy machine may take a second
    assert called > number / 50 and refused > number / 50
    assert list(tmp_path.iterdir()) == []
