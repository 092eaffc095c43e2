// The trace of an answer as a timeline: what was searched, called, said and checked.

import { h } from "./dom.js";
import { w } from "./words.js";

export function trace(answer) {
  const numbers = new Map(answer.evidence.map((piece) => [piece.id, piece.number]));
  const steps = answer.trace.map((step) => h("li", { "data-testid": "step" }, ...told(step, numbers)));
  const times = Object.entries(answer.timings).map(([part, seconds]) =>
    `${w(part) || part} ${seconds.toFixed(3)} ${w("seconds")}`);
  return [h("ol", { class: "timeline" }, steps), h("p", { class: "dim" }, times.join(", "))];
}

function told(step, numbers) {
  const head = h("strong", {}, w("step")[step.step] || step.step);
  if (step.step === "call") {
    return [head, " ", h("code", {}, `${step.tool}(${JSON.stringify(step.args)})`)];
  }
  if (step.evidence) {
    const found = step.evidence.map((id) => numbers.get(id)).filter(Boolean).map((n) => `[${n}]`).join(" ");
    const judged = step.sufficient === false ? w("thin") : w("sufficient");
    const score = step.score === undefined ? "" : ` (${step.score} / ${step.threshold})`;
    return [head, ` ${w("found")}: ${found || "–"}, ${judged}${score}`];
  }
  return [head, h("div", { class: "step-text" }, String(step.result ?? step.text ?? ""))];
}
