// A part of the graph, drawn as SVG from places that the server has worked out.

import { h, s } from "./dom.js";
import { w } from "./words.js";

const LONGEST = 18;

function short(text) {
  const plain = Array.from(text.replace(/\s+/g, " ").trim());
  return plain.length <= LONGEST ? plain.join("") : `${plain.slice(0, LONGEST - 1).join("")}…`;
}

/**
 * @param {{nodes: object[], edges: object[], width: number, height: number}} data
 * @param {{node?: (node: object) => void, edge?: (edge: object) => void}} chosen
 */
export function picture(data, chosen = {}) {
  if (!data.nodes.length) return null;
  const places = new Map(data.nodes.map((node) => [node.id, node]));
  const said = data.edges.map((edge) => edge.title || edge.predicate).join("; ");
  const drawing = s("svg", {
    viewBox: `0 0 ${data.width} ${data.height}`,
    class: "picture",
    role: "group",
    "aria-label": `${w("graphOf")}: ${said}`.slice(0, 1000),
    "data-testid": "picture",
  },
  s("defs", {}, s("marker", {
    id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto",
  }, s("path", { d: "M0 0L8 4L0 8z", class: "tip" }))),
  data.edges.map((edge) => line(edge, places, chosen)),
  data.nodes.map((node) => box(node, chosen)));
  return h("div", { class: "picture-frame" }, drawing);
}

function pressed(act) {
  return (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      act();
    }
  };
}

function line(edge, places, chosen) {
  const from = places.get(edge.source);
  const to = places.get(edge.target);
  const length = Math.max(1, Math.hypot(to.x - from.x, to.y - from.y));
  const inset = Math.min(46, length / 3);
  const dx = ((to.x - from.x) / length) * inset;
  const dy = ((to.y - from.y) / length) * inset;
  const act = () => chosen.edge?.(edge);
  const named = edge.title || edge.predicate;
  // What is heard begins with what is seen.
  const label = `${short(edge.predicate)}: ${named}`;
  return s("g", {
    class: edge.strong ? "edge strong" : "edge",
    "data-testid": edge.strong ? "strong-edge" : "edge",
    ...(chosen.edge ? { tabindex: 0, role: "button", "aria-label": label, onclick: act, onkeydown: pressed(act) } : {}),
  },
  s("title", {}, named),
  s("line", {
    x1: from.x + dx, y1: from.y + dy, x2: to.x - dx, y2: to.y - dy, "marker-end": "url(#tip)",
  }),
  s("text", { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 - 6, "text-anchor": "middle" }, short(edge.predicate)));
}

function box(node, chosen) {
  const act = () => chosen.node?.(node);
  const label = short(node.name) === node.name ? node.name : `${short(node.name)}: ${node.name}`;
  return s("g", {
    class: node.strong ? "node strong" : "node",
    "data-testid": "node",
    ...(chosen.node ? { tabindex: 0, role: "button", "aria-label": label, onclick: act, onkeydown: pressed(act) } : {}),
  },
  s("title", {}, node.name),
  s("rect", { x: node.x - 44, y: node.y - 14, width: 88, height: 28, rx: 14 }),
  s("text", { x: node.x, y: node.y + 4, "text-anchor": "middle" }, short(node.name)));
}
