// The page: which base, which view, which language; keys where the server needs one.

import { Refused, get, key } from "./api.js";
import { chat } from "./chat.js";
import { documents } from "./documents.js";
import { button, fill, h } from "./dom.js";
import { close } from "./drawer.js";
import { explore } from "./explore.js";
import { playground } from "./playground.js";
import { state } from "./state.js";
import { language, setLanguage, w } from "./words.js";

const VIEWS = { chat, documents, search: playground, graph: explore, state };
const main = document.getElementById("main");
const choice = document.getElementById("base");
let view = "chat";
let asked = {};

function go(next, more = {}) {
  view = next;
  asked = more;
  location.hash = next;
  draw();
}

function draw() {
  close();
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = w(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label='views']")) element.setAttribute("aria-label", w("views"));
  document.getElementById("language").textContent = w("other");
  document.getElementById("theme").setAttribute("aria-label", w("theme"));
  fill(document.getElementById("views"), Object.keys(VIEWS).map((name) =>
    button(w(name), () => go(name), { "aria-current": name === view ? "page" : null, "data-testid": `view-${name}` })));
  fill(main, VIEWS[view](choice.value, go, asked));
}

function signIn(problem) {
  const field = h("input", { type: "password", id: "key", autocomplete: "off", required: true, "data-testid": "key" });
  const form = h("form", { class: "view sign-in" }, h("h2", {}, w("keyNeeded")),
    problem ? h("p", { class: "bad" }, problem) : null,
    h("label", { for: "key" }, w("key")), field,
    h("button", { type: "submit", class: "main", "data-testid": "sign-in" }, w("signIn")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    key.set(field.value.trim());
    start();
  });
  fill(main, form);
  field.focus();
}

async function start() {
  try {
    const told = await get("/v1/models");
    const bases = told.data.filter((one) => one.groundglm.kind === "base");
    fill(choice, bases.map((one) => h("option", { value: one.id }, one.id)));
    draw();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      const problem = key.get() ? error.message : "";
      key.set("");
      signIn(problem);
    } else fill(main, h("p", { class: "view bad" }, `${w("failed")} ${error.message}`));
  }
}

function theme(next) {
  document.documentElement.dataset.theme = next;
  localStorage.setItem("groundglm-theme", next);
  document.getElementById("theme").setAttribute("aria-pressed", String(next === "dark"));
}

choice.addEventListener("change", draw);
document.getElementById("language").addEventListener("click", () => {
  setLanguage(language() === "zh" ? "en" : "zh");
  if (choice.value) draw(); else start();
});
document.getElementById("theme").addEventListener("click", () => {
  theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
});
const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
theme(localStorage.getItem("groundglm-theme") || (dark ? "dark" : "light"));
const named = location.hash.slice(1);
if (named in VIEWS) view = named;
start();
