"""The trace of an answer for people: what was searched, found and why, called, and checked."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from ..evaluation.citations import marks_in
from ..evidence import Evidence
from ..text.scripts import Language, language
from .citations import checked_sentences
from .fact_drawing import draw_facts
from .transcript import Answer

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "question": "问题", "answer": "回答", "steps": "步骤", "evidence": "资料",
        "facts": "知识图谱中的事实", "calls": "函数调用", "sentences": "逐句核对", "notes": "说明",
        "times": "用时", "declined": "未作答", "supported": "有据", "unsupported": "资料不支持",
        "uncited": "未注明出处", "claims": "不含断言", "waits": "等待确认", "call": "调用",
        "observation": "结果", "reply": "回复", "found": "找到", "sufficient": "足以回答",
        "thin": "不足以回答", "seconds": "秒", "cited": "已引用", "model": "模型",
        "tokens": "tokens", "score": "得分", "missing": "未找到的词",
    },
    "en": {
        "question": "Question", "answer": "Answer", "steps": "Steps", "evidence": "Evidence",
        "facts": "Facts of the graph", "calls": "Calls", "sentences": "Sentences, checked",
        "notes": "Notes", "times": "Time", "declined": "declined", "supported": "supported",
        "unsupported": "not supported by it", "uncited": "cites nothing",
        "claims": "claims nothing", "waits": "waits for approval", "call": "call",
        "observation": "result", "reply": "reply", "found": "found", "sufficient": "sufficient",
        "thin": "thin", "seconds": "s", "cited": "cited", "model": "Model", "tokens": "tokens",
        "score": "score", "missing": "words not found",
    },
}  # fmt: skip

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#112;background:#fff}h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:1.8rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #dde;"
    "padding:.3rem .5rem;text-align:left;vertical-align:top}.ok{color:#157347}.bad{color:#b02a37}"
    ".dim{color:#667}.cited{background:#f2f7ff}pre{white-space:pre-wrap;margin:0}"
    "svg{width:100%;height:auto;border:1px solid #dde;border-radius:.5rem}"
    "@media(prefers-color-scheme:dark){body{background:#15171c;color:#dde}"
    ".cited{background:#1d2733}svg{background:#f8f9fc}}"
)


def trace_text(answer: Answer) -> str:
    """The trace in plain text, in the language of the question."""
    words = _WORDS[language(answer.question)]
    lines = [f"{words['question']}: {answer.question}", ""]
    for number, step in enumerate(answer.trace, start=1):
        lines.append(f"{number}. {_step(step, answer, words)}")
    lines += ["", f"{words['evidence']}:"]
    lines += [f"  {_piece(number, piece)}" for number, piece in sorted(answer.numbered.items())]
    for path in answer.fact_paths:
        lines.append(f"  {words['facts']}: " + " → ".join(piece.text for piece in path))
    lines += ["", f"{words['sentences']}:"]
    for sentence, said in _checked(answer, words):
        lines.append(f"  {sentence}  ({said})")
    lines += [f"{words['notes']}: {note}" for note in answer.notes]
    lines += ["", f"{words['times']}: {_times(answer, words)}", f"{words['model']}: {answer.model}"]
    return "\n".join(lines)


def trace_html(answer: Answer) -> str:
    """The trace as one HTML page that loads nothing and runs nothing."""
    lang = language(answer.question)
    words = _WORDS[lang]
    drawing = draw_facts(
        [(n, p.text) for n, p in sorted(answer.numbered.items()) if p.kind == "fact"],
        cited=frozenset(one.number for one in answer.citations),
    )
    parts = [
        f"<h1>{escape(answer.question)}</h1>",
        f"<p>{_linked(answer)}</p>",
        f'<p class="bad">{words["declined"]}: {escape(answer.reason.text)}</p>'
        if answer.reason
        else "",
        "".join(
            f'<p class="bad">{words["waits"]}: {escape(one.description)}</p>'
            for one in answer.pending
        ),
        "".join(f'<p class="dim">{escape(note)}</p>' for note in answer.notes),
        _section(words["sentences"], _sentence_rows(answer, words)),
        _section(words["evidence"], _evidence_rows(answer, words)),
        f"<h2>{words['facts']}</h2>{drawing}" if drawing else "",
        _section(words["calls"], _call_rows(answer)),
        _section(words["steps"], _step_rows(answer, words)),
        f'<h2>{words["times"]}</h2><p class="dim">{escape(_times(answer, words))}; '
        f"{words['model']}: {escape(answer.model)}</p>",
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(answer.question[:80])}</title><style>{_STYLE}</style></head><body>"
        + "".join(parts)
        + "</body></html>\n"
    )


# --- parts ----------------------------------------------------------------------------------------


def _section(title: str, rows: Iterator[str]) -> str:
    body = "".join(rows)
    return f"<h2>{escape(title)}</h2><table>{body}</table>" if body else ""


def _linked(answer: Answer) -> str:
    """The text with its marks as links to the evidence."""
    parts: list[str] = []
    start = 0
    for number, begin, end in marks_in(answer.text):
        if begin < start:  # several numbers in one mark
            continue
        parts.append(escape(answer.text[start:begin]))
        mark = escape(answer.text[begin:end])
        known = number in answer.numbered
        parts.append(f'<a href="#e{number}">{mark}</a>' if known else mark)
        start = end
    return "".join([*parts, escape(answer.text[start:])]).replace("\n", "<br>")


def _checked(answer: Answer, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    wrong = {span.cut(answer.text).strip() for span in answer.unsupported}
    wrong |= {one.span_in_answer.cut(answer.text) for one in answer.citations if not one.supported}
    for sentence, numbers, claims in checked_sentences(answer.text):
        if not claims or answer.declined:
            yield sentence, words["claims"]
        elif sentence.strip() in wrong:
            yield sentence, f"{_marks(numbers)} {words['unsupported']}".strip()
        else:
            yield sentence, f"{_marks(numbers)} {words['supported' if numbers else 'uncited']}"


def _marks(numbers: list[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)


def _sentence_rows(answer: Answer, words: Mapping[str, str]) -> Iterator[str]:
    for sentence, said in _checked(answer, words):
        kind = "bad" if words["unsupported"] in said else "ok" if "[" in said else "dim"
        yield f'<tr><td>{escape(sentence)}</td><td class="{kind}">{escape(said)}</td></tr>'


def _evidence_rows(answer: Answer, words: Mapping[str, str]) -> Iterator[str]:
    cited = {one.number for one in answer.citations}
    for number, piece in sorted(answer.numbered.items()):
        kind = ' class="cited"' if number in cited else ""
        where = "; ".join(str(source) for source in piece.sources[:3])
        yield (
            f'<tr id="e{number}"{kind}><th>[{number}]</th><td>{escape(piece.title)}'
            f'<pre>{escape(piece.text)}</pre></td><td class="dim">{escape(piece.why)}<br>'
            f"{words['score']} {piece.score:.3g}<br>{escape(where)}</td></tr>"
        )


def _call_rows(answer: Answer) -> Iterator[str]:
    for use in answer.tool_calls:
        kind = "ok" if use.status in ("done", "answered") else "bad"
        args = json.dumps(dict(use.args), ensure_ascii=False, default=str)
        yield (
            f"<tr><th>{escape(use.name)}</th><td><pre>{escape(args)}</pre></td>"
            f'<td class="{kind}">{use.status}</td><td><pre>{escape(use.result)}</pre></td></tr>'
        )


def _step_rows(answer: Answer, words: Mapping[str, str]) -> Iterator[str]:
    for number, step in enumerate(answer.trace, start=1):
        yield f"<tr><th>{number}</th><td><pre>{escape(_step(step, answer, words))}</pre></td></tr>"


def _step(step: Mapping[str, Any], answer: Answer, words: Mapping[str, str]) -> str:
    kind = words.get(str(step["step"]), str(step["step"]))
    if step["step"] == "call":
        args = ", ".join(f"{key}={value!r}" for key, value in step["args"].items())
        return f"{kind}: {step['tool']}({args})"
    if "evidence" in step:
        numbers = {piece.id: number for number, piece in answer.numbered.items()}
        found = " ".join(f"[{numbers[id_]}]" for id_ in step["evidence"] if id_ in numbers)
        judged = words["sufficient" if step.get("sufficient", True) else "thin"]
        score = (
            f", {words['score']} {step['score']} / {step['threshold']}" if "score" in step else ""
        )
        missing = (
            f"; {words['missing']}: {', '.join(step['missing'])}" if step.get("missing") else ""
        )
        return f"{words['found']}: {found or '-'} ({judged}{score}{missing})"
    return f"{kind}: {step.get('result', step.get('text', ''))}"


def _piece(number: int, piece: Evidence) -> str:
    text = " ".join(piece.text.split())
    short = text if len(text) <= 200 else text[:199] + "…"
    return f"[{number}] {piece.title or piece.kind}: {short}  ({piece.why}; {piece.score:.3g})"


def _times(answer: Answer, words: Mapping[str, str]) -> str:
    parts = [f"{part} {seconds:.3f} {words['seconds']}" for part, seconds in answer.timings.items()]
    used = answer.usage.get("total_tokens", 0)
    return ", ".join([*parts, *([f"{used} {words['tokens']}"] if used else [])])
