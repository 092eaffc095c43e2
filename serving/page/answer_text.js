// The text of an answer: blocks, marks that open evidence, sentences that nothing carries.
// A small part of Markdown, built as elements: the text of a model never becomes HTML.

import { h } from "./dom.js";
import { w } from "./words.js";

/**
 * @param {string} text
 * @param {{known: Set<number>, unsupported: number[][], open: (number: number) => void}} told
 *   Spans count characters as Python does: code points, not halves of them.
 */
export function answerText(text, told) {
  const points = Array.from(text);
  const marked = new Set();
  for (const [start, end] of told.unsupported || []) {
    for (let place = start; place < end; place += 1) marked.add(place);
  }
  return blocks(points).map((block) => drawn(block, points, marked, told));
}

function blocks(points) {
  const found = [];
  let start = 0;
  let fence = null;
  for (let place = 0; place <= points.length; place += 1) {
    if (place < points.length && points[place] !== "\n") continue;
    const line = points.slice(start, place).join("");
    if (/^\s*```/.test(line)) {
      if (fence === null) fence = place + 1;
      else {
        found.push({ kind: "code", start: fence, end: Math.max(fence, start - 1) });
        fence = null;
      }
    } else if (fence === null && line.trim()) {
      found.push(lineBlock(line, start, place, found.at(-1)));
    }
    start = place + 1;
  }
  if (fence !== null) found.push({ kind: "code", start: fence, end: points.length });
  return joined(found);
}

function lineBlock(line, start, end, before) {
  const item = /^\s*(?:[-*•]|\d{1,3}[.)、])\s+/.exec(line);
  if (item) return { kind: "item", start: start + Array.from(item[0]).length, end };
  const head = /^#{1,6}\s+/.exec(line);
  if (head) return { kind: "head", start: start + head[0].length, end };
  return { kind: "text", start, end, follows: before?.kind === "text" && before.end + 1 === start };
}

function joined(found) {
  const whole = [];
  for (const block of found) {
    const last = whole.at(-1);
    if (block.kind === "item" && last?.kind === "list") last.items.push(block);
    else if (block.kind === "item") whole.push({ kind: "list", items: [block] });
    else if (block.follows && last?.kind === "text") last.lines.push(block);
    else if (block.kind === "text") whole.push({ kind: "text", lines: [block] });
    else whole.push(block);
  }
  return whole;
}

function drawn(block, points, marked, told) {
  const inline = (one) => inlines(points, one.start, one.end, marked, told);
  if (block.kind === "code") {
    return h("pre", {}, h("code", {}, points.slice(block.start, block.end).join("")));
  }
  if (block.kind === "list") return h("ul", {}, block.items.map((one) => h("li", {}, inline(one))));
  if (block.kind === "head") return h("p", { class: "head" }, inline(block));
  return h("p", {}, block.lines.map((one, place) => [place ? h("br") : null, inline(one)]));
}

function inlines(points, start, end, marked, told) {
  const nodes = [];
  let text = "";
  let isMarked = false;
  let isBold = false;
  const flush = () => {
    if (!text) return;
    let node = text;
    if (isBold) node = h("strong", {}, node);
    if (isMarked) {
      node = h("mark", { class: "unsupported", title: w("unsupported"), "data-testid": "unsupported" }, node);
    }
    nodes.push(node);
    text = "";
  };
  for (let place = start; place < end; place += 1) {
    const numbers = marksAt(points, place, end);
    if (numbers && numbers.values.every((one) => told.known.has(one))) {
      flush();
      for (const number of numbers.values) nodes.push(chip(number, told));
      place = numbers.end - 1;
      continue;
    }
    if (points[place] === "*" && points[place + 1] === "*" && place + 1 < end) {
      flush();
      isBold = !isBold;
      place += 1;
      continue;
    }
    const close = points[place] === "`" ? points.indexOf("`", place + 1) : -1;
    if (close > place + 1 && close < end) {
      flush();
      nodes.push(h("code", {}, points.slice(place + 1, close).join("")));
      place = close;
      continue;
    }
    if (marked.has(place) !== isMarked) {
      flush();
      isMarked = !isMarked;
    }
    text += points[place];
  }
  flush();
  return nodes;
}

/** The numbers of a mark such as [3] or [1, 2] that begins here. */
function marksAt(points, place, end) {
  if (points[place] !== "[") return null;
  let close = place + 1;
  while (close < end && close - place < 40 && /[\d,，、\s]/.test(points[close])) close += 1;
  if (points[close] !== "]" || close === place + 1) return null;
  const values = points.slice(place + 1, close).join("").split(/[,，、\s]+/).filter(Boolean).map(Number);
  return values.length ? { values, end: close + 1 } : null;
}

function chip(number, told) {
  return h("button", {
    type: "button",
    class: "cite",
    "aria-label": w("sourceOf")(number),
    "data-testid": "cite",
    onclick: () => told.open(number),
  }, String(number));
}
