// The drawer beside an answer: a passage in its document, a fact with all its sources, the trace.

import { get, path } from "./api.js";
import { button, fill, h, say } from "./dom.js";
import { w } from "./words.js";

const AROUND = 600;
let back = null;

function frame() {
  let drawer = document.getElementById("drawer");
  if (!drawer) {
    drawer = h("aside", { id: "drawer", class: "drawer", "data-testid": "drawer", tabindex: "-1" });
    document.body.append(drawer);
  }
  return drawer;
}

export function close() {
  const drawer = document.getElementById("drawer");
  if (!drawer) return;
  drawer.remove();
  document.body.classList.remove("with-drawer");
  if (back?.isConnected) back.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) close();
});

/** Show something in the drawer; closing it goes back to what was used before. */
export function open(title, ...body) {
  if (!document.getElementById("drawer")) back = document.activeElement;
  const drawer = frame();
  drawer.setAttribute("aria-label", title);
  fill(drawer,
    h("div", { class: "row between" }, h("h2", {}, title),
      button("×", close, { class: "plain", "aria-label": w("close"), "data-testid": "close-drawer" })),
    h("div", { class: "drawer-body" }, body));
  document.body.classList.add("with-drawer");
  drawer.focus();
  return drawer;
}

/** One piece of evidence, with the sentence that is cited. */
export function openEvidence(base, piece, quotes) {
  const title = `[${piece.number}] ${w(piece.kind)}`;
  const head = piece.kind === "fact" ? fact(piece) : passage(piece, quotes);
  const where = piece.sources.map((source) => sourceLine(base, source, piece));
  open(title, head,
    h("p", { class: "dim" }, `${w("foundBy")}: ${piece.why || "–"}; ${w("score")} ${Number(piece.score).toPrecision(3)}`),
    h("h3", {}, w("sources")), h("ul", { class: "sources" }, where));
}

function fact(piece) {
  return h("p", { class: "fact", "data-testid": "drawer-text" }, piece.text);
}

function passage(piece, quotes) {
  const points = Array.from(piece.text);
  const nodes = [];
  let place = 0;
  for (const [start, end] of [...quotes].sort((one, other) => one[0] - other[0])) {
    if (start < place) continue;
    nodes.push(points.slice(place, start).join(""));
    nodes.push(h("mark", { "data-testid": "quote" }, points.slice(start, end).join("")));
    place = end;
  }
  nodes.push(points.slice(place).join(""));
  return h("p", { class: "passage", "data-testid": "drawer-text" }, nodes);
}

function sourceLine(base, source, piece) {
  const parts = [source.title || source.document_id];
  if (source.page !== null && source.page !== undefined) parts.push(`${w("page")} ${source.page}`);
  if (source.place) parts.push(source.place);
  const line = h("li", {}, parts.join(" · "), h("br"), h("code", {}, source.document_id));
  const more = button(w("openDocument"), async () => {
    more.disabled = true;
    try {
      const text = await inDocument(base, source, piece);
      more.replaceWith(text);
      text.focus();
    } catch (error) {
      say(`${w("failed")} ${error.message}`);
      more.disabled = false;
    }
  }, { class: "small" });
  line.append(h("br"), more);
  return line;
}

/** The text of the document around a source, what is cited marked. */
async function inDocument(base, source, piece) {
  const [start, end] = source.span || [0, Array.from(piece.text).length];
  const from = Math.max(0, start - AROUND);
  const told = await get(path(base, "document", {
    id: source.document_id, start: from, length: end - from + AROUND,
  }));
  const points = Array.from(told.text);
  return h("blockquote", { class: "context", "data-testid": "context", tabindex: "0" },
    from > 0 ? "… " : "", points.slice(0, start - from).join(""),
    h("mark", {}, points.slice(start - from, end - from).join("")),
    points.slice(end - from).join(""), from + points.length < told.characters ? " …" : "");
}
