// The conversation: asking, answers with their evidence, approval, history.

import { Refused, events, get, path, post, remove } from "./api.js";
import { answerText } from "./answer_text.js";
import { button, confirmed, fill, h, say } from "./dom.js";
import { close, open, openEvidence } from "./drawer.js";
import { picture } from "./picture.js";
import { trace } from "./trace.js";
import { w } from "./words.js";

/** The view, for a base; `go` changes to another one. */
export function chat(base, go) {
  const state = { thread: newThread(), abort: null };
  const log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": w("chat"), tabindex: "0", "data-testid": "log" });
  const field = h("textarea", {
    rows: "2", id: "question", "data-testid": "question", "aria-label": w("ask"), placeholder: w("ask"),
  });
  const send = h("button", { type: "submit", class: "main", "data-testid": "send" }, w("send"));
  const stop = button(w("stop"), () => state.abort?.abort(), { hidden: true, "data-testid": "stop" });
  const form = h("form", { class: "asking" }, field,
    h("div", { class: "row between" }, h("span", { class: "dim" }, w("hint")), h("span", {}, stop, send)));
  const history = h("ul", { class: "history", "data-testid": "history" });
  const side = h("details", { class: "side" }, h("summary", {}, w("history")),
    button(w("newChat"), () => begin(newThread()), { "data-testid": "new-chat" }), history);
  side.open = window.matchMedia("(min-width: 60rem)").matches;
  const context = { base, go, state, log, decide };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question || state.abort) return;
    field.value = "";
    ask(question);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  function begin(thread) {
    state.abort?.abort();
    state.thread = thread;
    close();
    fill(log, h("p", { class: "welcome dim" }, w("welcome")));
    field.focus();
  }

  async function ask(question) {
    log.querySelector(".welcome")?.remove();
    log.append(h("article", { class: "said", "aria-label": w("you") }, question));
    await turn((signal) => events(path(base, "ask"), { question, thread_id: state.thread }, signal));
    await listed();
  }

  async function decide(decisions) {
    const where = path(base, `conversations/${encodeURIComponent(state.thread)}/decisions`);
    await turn((signal) => events(where, { decisions }, signal));
  }

  async function turn(begun) {
    const shown = h("article", { class: "answer", "aria-label": w("answer"), "aria-busy": "true" },
      h("p", { class: "dim", "data-testid": "busy" }, w("searching")));
    log.append(shown);
    state.abort = new AbortController();
    stop.hidden = false;
    send.disabled = true;
    let text = "";
    try {
      for await (const [name, data] of begun(state.abort.signal)) {
        if (name === "retrieved") fill(shown, h("p", { class: "dim" }, w("writing")));
        else if (name === "text") {
          text += data.text;
          fill(shown, h("p", { class: "draft" }, text));
        } else if (name === "answered") fill(shown, answered(data, context));
        shown.scrollIntoView({ block: "nearest" });
      }
    } catch (error) {
      const why = error.name === "AbortError" ? w("stopped") : `${w("failed")} ${error.message}`;
      fill(shown, text ? h("p", {}, text) : null, h("p", { class: "bad", "data-testid": "failure" }, why));
    } finally {
      shown.removeAttribute("aria-busy");
      state.abort = null;
      stop.hidden = true;
      send.disabled = false;
      shown.scrollIntoView({ block: "nearest" });
    }
  }

  async function listed() {
    try {
      const told = await get(path(base, "conversations"));
      fill(history, told.conversations.length ? told.conversations.map(entry)
        : h("li", { class: "dim" }, w("noHistory")));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  function entry(one) {
    return h("li", { class: "row between" },
      button(one.title, () => resume(one.id), { class: "plain entry" }),
      button("×", () => forget(one), { class: "plain", "aria-label": `${w("forget")}: ${one.title}` }));
  }

  async function resume(id) {
    begin(id);
    const told = await get(path(base, `conversations/${encodeURIComponent(id)}`));
    fill(log);
    for (const one of told.answers) {
      log.append(h("article", { class: "said", "aria-label": w("you") }, one.answer.question));
      const isLast = one === told.answers.at(-1);
      const answer = isLast ? one.answer : { ...one.answer, pending: [] };
      log.append(h("article", { class: "answer", "aria-label": w("answer") },
        answered({ id: one.id, answer }, context)));
    }
  }

  async function forget(one) {
    const ask = h("p", {}, one.title);
    if (!await confirmed(w("forget"), ask, w("remove"), w("cancel"))) return;
    await remove(path(base, `conversations/${encodeURIComponent(one.id)}`));
    if (state.thread === one.id) begin(newThread());
    await listed();
  }

  begin(state.thread);
  listed();
  return h("section", { class: "chat" }, side, h("div", { class: "talk" }, log, form));
}

function newThread() {
  return crypto.randomUUID ? crypto.randomUUID() : `t-${Date.now()}-${Math.random().toString(36).slice(2)}`;
}

/** An answer with all that goes with it. */
function answered(data, context) {
  const { answer } = data;
  const pieces = new Map(answer.evidence.map((piece) => [piece.number, piece]));
  const openPiece = (number) => openEvidence(context.base, pieces.get(number), answer.quotes[number] || []);
  const text = h("div", { class: "text", "data-testid": "answer" }, answerText(answer.text, {
    known: new Set(pieces.keys()), unsupported: answer.unsupported, open: openPiece,
  }));
  return [
    answer.declined ? h("p", { class: "tag", "data-testid": "declined" }, w("declined")) : null,
    text,
    answer.reason && !answer.text.includes(answer.reason.text) ? h("p", { class: "dim" }, answer.reason.text) : null,
    answer.tool_calls.length ? calls(answer.tool_calls) : null,
    answer.pending.length ? approval(answer.pending, context) : null,
    answer.notes.map((note) => h("p", { class: "note" }, note)),
    footer(data, openPiece, context),
  ];
}

function calls(uses) {
  return h("details", { class: "calls", "data-testid": "calls" },
    h("summary", {}, `${w("calls")} (${uses.length})`),
    uses.map((use) => h("div", { class: "call" },
      h("code", {}, `${use.name}(${JSON.stringify(use.args)})`),
      h("span", { class: "tag" }, use.status), h("pre", {}, use.result))));
}

function approval(pending, context) {
  const cards = pending.map((one) => {
    const decide = (kind) => {
      for (const other of card.querySelectorAll("button")) other.disabled = true;
      context.decide({ [one.id]: kind });
    };
    const card = h("div", { class: "pending", role: "group", "aria-label": w("waits"), "data-testid": "pending" },
      h("p", {}, h("strong", {}, w("waits"))), h("code", {}, `${one.name}(${JSON.stringify(one.args)})`),
      h("p", { class: "dim" }, one.description),
      h("div", { class: "row" },
        button(w("approve"), () => decide("approve"), { class: "main", "data-testid": "approve" }),
        button(w("reject"), () => decide("reject"), { "data-testid": "reject" })));
    return card;
  });
  return h("div", {}, cards);
}

function footer(data, openPiece, context) {
  const { answer } = data;
  const cited = new Set(answer.citations.map((one) => one.number));
  const supported = new Map();
  for (const one of answer.citations) supported.set(one.number, (supported.get(one.number) ?? true) && one.supported);
  const list = () => open(w("evidence"), h("ul", { class: "pieces" }, answer.evidence.map((piece) =>
    h("li", { class: cited.has(piece.number) ? "cited" : "" },
      button(`[${piece.number}] ${piece.sources[0]?.title || w(piece.kind)}`, () => openPiece(piece.number), { class: "plain entry" }),
      supported.has(piece.number) ? h("span", { class: supported.get(piece.number) ? "good" : "bad" },
        supported.get(piece.number) ? w("supported") : w("notSupported")) : null,
      h("p", { class: "dim cut" }, piece.text)))));
  const hasPicture = answer.picture.edges.length;
  const facts = () => open(w("pictured"), picture(answer.picture, {
    node: (node) => context.go("graph", { entity: node.name }),
    edge: (edge) => openPiece(Number(edge.id)),
  }), answer.fact_paths.map((one) => h("p", { class: "path" }, one.join(" → "))));
  const isExtractive = answer.model.startsWith("groundglm-extractive");
  return h("footer", { class: "row" },
    answer.evidence.length ? button(w("evidenceCount")(answer.evidence.length), list, { class: "small", "data-testid": "evidence" }) : null,
    hasPicture ? button(w("pictured"), facts, { class: "small", "data-testid": "facts" }) : null,
    button(w("trace"), () => open(w("trace"), trace(answer)), { class: "small", "data-testid": "trace" }),
    button(w("copy"), async () => { await navigator.clipboard?.writeText(answer.text); say(w("copied")); }, { class: "small" }),
    feedback(data, context),
    h("span", { class: "dim" }, `${w("engine")} ${answer.model}`,
      isExtractive ? h("span", { class: "hint" }, ` (${w("extractive")})`) : null));
}

function feedback(data, context) {
  const give = async (rating, comment = "") => {
    try {
      await post(path(context.base, "feedback"), { answer_id: data.id, rating, comment });
      say(w("thanks"));
    } catch (error) {
      say(`${w("failed")} ${error.message}`);
    }
  };
  const bad = () => {
    const field = h("textarea", { rows: "3", "aria-label": w("comment") });
    confirmed(w("bad"), h("div", {}, h("p", {}, w("comment")), field), w("send"), w("cancel"))
      .then((isSure) => { if (isSure) give("down", field.value); });
  };
  return h("span", { class: "row" },
    button("+", () => give("up"), { class: "small", "aria-label": w("good"), title: w("good"), "data-testid": "good" }),
    button("−", bad, { class: "small", "aria-label": w("bad"), title: w("bad"), "data-testid": "bad" }));
}
