// The state of the server: what runs, what the bases hold, who one is, the settings.

import { get, key, path } from "./api.js";
import { button, fill, h } from "./dom.js";
import { w } from "./words.js";

export function state(base) {
  const body = h("div", { "data-testid": "state" }, w("loading"));
  load(body, base);
  return h("section", { class: "view", tabindex: "0", "aria-label": w("state") }, h("h2", {}, w("state")), body);
}

async function load(body, base) {
  const health = await get("/api/health");
  const parts = [h("h3", {}, w("health")),
    h("p", {}, `${health.status}; ${health.running} ${w("running")}, ${health.waiting} ${w("waiting")}`)];
  try {
    const me = await get("/api/me");
    parts.push(h("p", {}, `${w("who")}: ${me.name}; ${w("scopes")}: ${me.scopes.join(", ")}; ${w("labels")}: ${me.labels === null ? w("everything") : me.labels.join(", ") || "–"}`));
    if (key.get()) parts.push(button(w("signOut"), () => { key.set(""); location.reload(); }));
    const told = await get("/api/bases");
    parts.push(...told.bases.map(summary));
    const settings = await get(path(base, "settings"));
    parts.push(h("h3", {}, w("settings")), h("table", {}, h("tbody", {}, settings.settings.map((one) =>
      h("tr", {}, h("th", { scope: "row" }, h("code", {}, one.name)), h("td", {}, one.value), h("td", { class: "dim" }, one.origin))))));
  } catch (error) {
    parts.push(h("p", { class: "dim" }, error.message));
  }
  fill(body, parts);
}

function summary(one) {
  return h("div", { class: "card" }, h("h3", {}, one.name),
    h("p", {}, `${one.documents} ${w("documents")}, ${one.passages} ${w("passages")}, ${one.facts} ${w("facts")}, ${one.entities} ${w("entities")}`),
    h("p", {}, `${w("engine")} ${one.engine}; ${w("embeddings")}: ${one.embeddings}`),
    one.reads_chinese ? null : h("p", { class: "dim" }, w("noChinese")));
}
