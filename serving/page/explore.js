// The whole graph: look an entity up, walk on from it, join two of them.

import { get, path } from "./api.js";
import { button, fill, h } from "./dom.js";
import { picture } from "./picture.js";
import { w } from "./words.js";

export function explore(base, go, asked = {}) {
  const entity = h("input", { type: "search", required: true, "aria-label": w("entity"), placeholder: w("entity"), value: asked.entity || "", "data-testid": "entity" });
  const hops = h("select", { "aria-label": w("hops") }, [1, 2, 3].map((n) => h("option", { value: n }, n)));
  const shown = h("div", { "aria-live": "polite", "data-testid": "graph-shown" });
  const best = h("p", { class: "row wrap", "data-testid": "best" });
  const one = h("form", { class: "row" }, entity, hops, h("button", { type: "submit", class: "main", "data-testid": "show" }, w("show")));
  const from = h("input", { type: "search", required: true, "aria-label": w("from"), placeholder: w("from"), "data-testid": "from" });
  const to = h("input", { type: "search", required: true, "aria-label": w("to"), placeholder: w("to"), "data-testid": "to" });
  const two = h("form", { class: "row" }, from, to, h("button", { type: "submit", "data-testid": "connect" }, w("connect")));

  const walk = (name) => {
    entity.value = name;
    one.requestSubmit();
  };
  one.addEventListener("submit", (event) => { event.preventDefault(); around(entity.value); });
  two.addEventListener("submit", (event) => { event.preventDefault(); between(from.value, to.value); });

  async function around(name) {
    try {
      const told = await get(path(base, "graph", { entity: name, hops: hops.value }));
      const facts = await get(path(base, "facts", { entity: name }));
      if (!told.edges.length) {
        fill(shown, h("p", {}, w("unknown"), " ", facts.near.length ? [w("near"), " ", names(facts.near)] : null));
        return;
      }
      fill(shown, picture(told, { node: (node) => walk(node.name) }),
        told.is_cut ? h("p", { class: "dim" }, w("cut")) : null, list(facts.facts));
    } catch (error) {
      fill(shown, h("p", { class: "bad" }, `${w("failed")} ${error.message}`));
    }
  }

  async function between(start, end) {
    try {
      const told = await get(path(base, "paths", { start, end }));
      const near = Object.entries(told.near).filter(([, listed]) => listed.length);
      fill(shown, told.paths.length ? told.paths.map((one) =>
        h("div", {}, h("p", { class: "path", "data-testid": "path" }, one.text), list(one.facts)))
        : h("p", {}, w("noPath")),
      near.map(([name, listed]) => h("p", {}, `${name}: ${w("near")} `, names(listed))));
    } catch (error) {
      fill(shown, h("p", { class: "bad" }, `${w("failed")} ${error.message}`));
    }
  }

  function names(listed) {
    return listed.map((name) => button(name, () => walk(name), { class: "small" }));
  }

  function list(facts) {
    return h("ul", { class: "facts" }, facts.map((fact) => h("li", {},
      `${fact.subject} — ${fact.predicate} → ${fact.object}`,
      h("span", { class: "dim" }, ` (${fact.sources.map((source) => source.title || source.document_id).join("; ")})`))));
  }

  get(path(base, "entities")).then((told) => {
    fill(best, h("span", { class: "dim" }, `${w("best")}: `), told.entities.map((found) =>
      button(`${found.name} (${found.facts})`, () => walk(found.name), { class: "small" })));
  }).catch((error) => { fill(best, h("span", { class: "bad" }, `${w("failed")} ${error.message}`)); });
  if (asked.entity) around(asked.entity);
  return h("section", { class: "view", tabindex: "0", "aria-label": w("graph") }, h("h2", {}, w("graph")), one, best, two, shown);
}
