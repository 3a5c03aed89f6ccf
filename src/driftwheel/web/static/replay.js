// Monitors: what is written is tried on history as one writes; thresholds have fields of their own.

import { localise } from "./times.js";

const form = document.querySelector("form[data-replay]");
const shown = document.querySelector("#replay");

if (form && shown && form.elements.when) {
  const rule = form.elements.when;
  const fields = form.querySelector("[data-thresholds]");
  const [threshold, until] = ["[data-threshold]", "[data-until]"].map((name) => form.querySelector(name));
  const span = document.querySelector("[data-span]");
  const SIMPLE = /^\s*(\S+)\s+(above|below)\s+([^\s]+(?:\s+(?!until|and|or)\S+)?)(?:\s+until\s+([^\s]+(?:\s+(?!and|or)\S+)?))?\s*$/;
  let asked = 0;
  let timer = null;

  // A rule of one condition with a number: its numbers in fields.
  function split() {
    const found = rule.value.match(SIMPLE);
    fields.hidden = !found;
    if (!found) return;
    if (document.activeElement !== threshold) threshold.value = found[3];
    if (document.activeElement !== until) until.value = found[4] || "";
  }

  function join() {
    const found = rule.value.match(SIMPLE);
    if (!found || !threshold.value.trim()) return;
    const unit = (text) => (/[^\d.,\s-]/.test(text) || !/[^\d.,\s-]/.test(found[3]) ? text : `${text} ${found[3].replace(/[\d.,\s-]+/, "")}`);
    const end = until.value.trim() ? ` until ${unit(until.value.trim())}` : "";
    rule.value = `${found[1]} ${found[2]} ${unit(threshold.value.trim())}${end}`;
  }

  async function replay() {
    const mine = ++asked;
    const sent = new FormData(form);
    if (span) sent.set("span", span.value);
    shown.classList.add("busy");
    try {
      const answer = await fetch(form.dataset.replay, { method: "POST", body: sent, headers: { "X-Part": "replay" } });
      const text = await answer.text();
      if (mine !== asked) return;
      if (answer.ok || answer.status === 422) {
        shown.innerHTML = text;
        localise(shown);
      }
    } finally {
      if (mine === asked) shown.classList.remove("busy");
    }
  }

  function soon(event) {
    if (event.target === threshold || event.target === until) join();
    else split();
    if (event.target.name === "name" || event.target.name === "note" || !rule.value.trim()) return;
    clearTimeout(timer);
    timer = setTimeout(replay, 350);
  }

  form.addEventListener("input", soon);
  if (span) span.addEventListener("change", replay);
  form.querySelectorAll("[data-try]").forEach((button) => button.addEventListener("click", (event) => {
    event.preventDefault();
    replay();
    shown.scrollIntoView({ block: "nearest" });
  }));
  form.querySelectorAll("[data-signal]").forEach((name) => name.addEventListener("click", () => {
    rule.setRangeText(name.textContent, rule.selectionStart, rule.selectionEnd, "end");
    rule.focus();
    rule.dispatchEvent(new Event("input", { bubbles: true }));
  }));
  split();
}
