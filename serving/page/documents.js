// The documents of a base: list, text, upload with progress, deletion with a look at what goes.

import { get, path, remove, upload } from "./api.js";
import { button, confirmed, fill, h, say } from "./dom.js";
import { open } from "./drawer.js";
import { w } from "./words.js";

const PAUSE = 400;

export function documents(base) {
  const rows = h("tbody", { "data-testid": "documents" });
  const more = button(w("more"), () => load(more.dataset.next), { hidden: true });
  const filter = h("input", { type: "search", "aria-label": w("filter"), placeholder: w("filter"), "data-testid": "filter" });
  const uploads = h("ul", { class: "uploads", "aria-live": "polite", "data-testid": "uploads" });
  const chooser = h("input", { type: "file", multiple: true, id: "files", "data-testid": "files", "aria-label": w("choose") });
  const zone = h("div", { class: "drop", "data-testid": "drop" }, h("p", {}, w("drop")), chooser);
  let timer = 0;

  filter.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => load(), 250);
  });
  chooser.addEventListener("change", () => {
    sent([...chooser.files]);
    chooser.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    zone.addEventListener(name, () => zone.classList.remove("over"));
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    sent([...event.dataTransfer.files]);
  });

  async function load(after = "") {
    try {
      const told = await get(path(base, "documents", { q: filter.value, after, limit: 50 }));
      const listed = told.documents.map(row);
      if (after) rows.append(...listed);
      else fill(rows, listed.length ? listed : h("tr", {}, h("td", { colspan: "5", class: "dim" }, w("noDocuments"))));
      more.hidden = !told.next;
      more.dataset.next = told.next || "";
    } catch (error) {
      fill(rows, h("tr", {}, h("td", { colspan: "5", class: "bad" }, `${w("failed")} ${error.message}`)));
    }
  }

  function row(one) {
    const name = one.title || one.id;
    return h("tr", { "data-testid": "document" },
      h("th", { scope: "row" }, button(name, () => text(one), { class: "plain entry" }), h("br"), h("code", {}, one.id)),
      h("td", { "data-label": w("size") }, one.characters.toLocaleString()),
      h("td", { "data-label": w("passages") }, one.passages),
      h("td", { "data-label": w("facts") }, one.facts),
      h("td", {}, button(w("remove"), () => removed(one), { class: "small", "aria-label": `${w("remove")}: ${name}`, "data-testid": "remove" })));
  }

  async function text(one) {
    const told = await get(path(base, "document", { id: one.id, length: 200000 }));
    open(one.title || one.id, h("p", { class: "dim" }, one.id), h("p", { class: "passage" }, told.text));
  }

  async function removed(one) {
    const preview = await get(path(base, "document/removal", { id: one.id }));
    const body = h("div", {},
      h("p", { "data-testid": "removal" }, w("removal")(preview.passages, preview.facts, preview.facts_that_stay)),
      preview.file ? h("p", {}, w("fileGoes")) : null,
      h("ul", { class: "cut-list" }, preview.listed.slice(0, 12).map((fact) =>
        h("li", {}, `${fact.subject} | ${fact.predicate} | ${fact.object}`))));
    if (!await confirmed(w("removeTitle")(one.title || one.id), body, w("remove"), w("cancel"))) return;
    try {
      await remove(path(base, "document", { id: one.id }));
      say(w("removed"));
    } catch (error) {
      say(`${w("failed")} ${error.message}`);
    }
    await load();
  }

  async function sent(files) {
    for (const file of files) await one(file);
    await load();
  }

  async function one(file) {
    const bar = h("progress", { max: "1", value: "0", "aria-label": file.name });
    const what = h("span", { "data-testid": "upload-state" }, w("sending")(0));
    uploads.prepend(h("li", {}, h("strong", {}, file.name), " ", bar, " ", what));
    const told = (said, isBad = false) => {
      what.textContent = said;
      what.classList.toggle("bad", isBad);
    };
    try {
      let job = await upload(path(base, "documents"), file, { background: "true" }, (share) => {
        bar.value = share;
        told(share < 1 ? w("sending")(Math.round(100 * share)) : w("reading"));
      });
      while (job.status === "running") {
        told(w("reading"));
        bar.removeAttribute("value");
        await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
        job = await get(`/api/jobs/${encodeURIComponent(job.job)}`);
      }
      bar.remove();
      const result = job.files[0];
      if (!result) told(job.error || w("refused"), true);
      else if (result.status === "refused") told(`${w("refused")}: ${result.reason}`, true);
      else told(`${w(result.status)}: ${result.passages} ${w("passages")}, ${result.facts} ${w("facts")}`);
    } catch (error) {
      bar.remove();
      told(`${w("failed")} ${error.message}`, true);
    }
  }

  load();
  return h("section", { class: "view", tabindex: "0", "aria-label": w("documents") },
    h("h2", {}, w("documents")), zone, uploads, filter,
    h("table", {}, h("thead", {}, h("tr", {},
      [w("title"), w("size"), w("passages"), w("facts"), w("remove")].map((name) => h("th", { scope: "col" }, name)))), rows),
    more);
}
