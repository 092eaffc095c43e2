// Searching without a model: what each ranking says of every hit.

import { get, path } from "./api.js";
import { fill, h } from "./dom.js";
import { w } from "./words.js";

export function playground(base) {
  const query = h("input", { type: "search", required: true, "aria-label": w("query"), placeholder: w("query"), "data-testid": "query" });
  const count = h("input", { type: "number", min: "1", max: "50", value: "5", "aria-label": w("count") });
  const mode = h("select", { "aria-label": w("mode") },
    ["graph", "hybrid", "bm25", "vector"].map((name) => h("option", { value: name }, name)));
  const results = h("div", { "aria-live": "polite", "data-testid": "results" });
  const form = h("form", { class: "row" }, query, mode, count, h("button", { type: "submit", class: "main", "data-testid": "search" }, w("run")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fill(results, h("p", { class: "dim" }, w("searching")));
    try {
      const told = await get(path(base, "search", { q: query.value, k: count.value, mode: mode.value }));
      fill(results, h("p", { class: "dim" }, w("took")(told.seconds)),
        told.found.length ? h("ol", { class: "found" }, told.found.map(hit)) : h("p", {}, w("nothing")));
    } catch (error) {
      fill(results, h("p", { class: "bad" }, `${w("failed")} ${error.message}`));
    }
  });
  return h("section", { class: "view", tabindex: "0", "aria-label": w("search") }, h("h2", {}, w("search")), form, results);
}

function hit(piece) {
  const source = piece.sources[0];
  const where = source ? [source.title || source.document_id, source.page ? `${w("page")} ${source.page}` : "", source.place].filter(Boolean).join(" · ") : "";
  return h("li", { "data-testid": "hit" },
    h("p", {}, h("span", { class: "tag" }, w(piece.kind)), " ", h("strong", {}, where)),
    h("p", { class: "passage" }, piece.text),
    piece.parts.length ? h("table", { class: "parts" },
      h("thead", {}, h("tr", {}, [w("ranking"), w("rank"), w("score")].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, piece.parts.map((part) => h("tr", {}, h("th", { scope: "row" }, part.ranking),
        h("td", {}, part.rank ?? "–"), h("td", {}, part.score === null ? "–" : part.score.toFixed(4)))))) : null,
    h("p", { class: "dim" }, `${piece.why}; ${w("score")} ${piece.score.toFixed(4)}`));
}
