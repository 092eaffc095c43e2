// Elements made by hand: text is set as text, never as HTML.

/** An element with attributes, listeners (`onclick`) and children. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else element.setAttribute(key, String(value));
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/** Put children in the place of what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An element of SVG. */
export function s(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, String(value));
  }
  append(element, children);
  return element;
}

/** A button that is no form's. */
export function button(text, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, text);
}

let toastTimer = 0;

/** Say something in passing, for readers of the screen too. */
export function say(text) {
  const status = document.getElementById("status");
  status.textContent = text;
  status.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { status.hidden = true; }, 6000);
}

/** Ask before something is done; the answer is true or false. */
export function confirmed(title, body, yes, no) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "confirm", "aria-label": title, "data-testid": "confirm" },
      h("h2", {}, title), body,
      h("div", { class: "row end" },
        button(no, () => dialog.close("no")),
        button(yes, () => dialog.close("yes"), { class: "danger", "data-testid": "confirm-yes" })));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
