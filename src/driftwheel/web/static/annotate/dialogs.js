// Instructions and keys in one dialog, reasons of a skip in another.

import { wordOf } from "./keys.js";

const ACT_WORDS = {
  submit: "send the answer", accept: "accept the suggestion", reject: "reject the suggestion", cannotTell: "cannot tell",
  skip: "skip, and say why", undo: "undo", instructions: "instructions and keys", find: "find a class", larger: "zoom in",
  smaller: "zoom out", fit: "see the whole image", add: "add a box", copy: "copy the box", next: "next box", hand: "hand: drag to move the image",
};
const BOX_ROWS = [
  ["drag", "draw a box"], ["click", "choose a box; drag it or its handles"], ["↑ ↓ ← →", "move the box, with Shift by 10 pixels"],
  ["Alt ↑ ↓ ← →", "change its size"], ["[ ]", "turn it"], ["Del", "delete it"], ["Esc", "choose none"],
];

function row(table, key, words) {
  const line = table.insertRow();
  const cell = line.insertCell();
  for (const part of key.split(" ")) {
    const made = document.createElement(["drag", "click", "wheel"].includes(part) ? "span" : "kbd");
    made.textContent = part;
    cell.append(made, " ");
  }
  line.insertCell().textContent = words;
}

export function helpIn(dialog, { bound, boxes, shown }) {
  const table = dialog.querySelector("tbody");
  for (const [act, words] of Object.entries(ACT_WORDS)) {
    if (bound[act] && (shown[act] ?? true)) row(table, wordOf(bound[act]), words);
  }
  row(table, "wheel", "zoom; two fingers do it too");
  if (boxes) BOX_ROWS.forEach(([key, words]) => row(table, key, words)); else row(table, "↑ ↓ ← →", "move a zoomed image");
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return {
    open(withKeys = false) {
      if (dialog.open) return;
      dialog.querySelector("details").open = withKeys && matchMedia("(pointer: fine)").matches;
      dialog.querySelector("[data-go] span").textContent = withKeys ? "Close" : "Begin";
      dialog.showModal();
      dialog.scrollTop = 0;
    },
  };
}

export function noticeIn(part) { // beside the image, one after the other: no key closes it by mistake
  const waiting = [];
  function show() {
    part.hidden = !waiting.length;
    part.querySelector("p").textContent = waiting[0]?.words ?? "";
  }
  part.querySelector("button").addEventListener("click", () => { waiting.shift()?.read(); show(); });
  return {
    tell(notice) {
      if (waiting.some((one) => one.key === notice.key)) return;
      waiting.push(notice);
      show();
    },
  };
}

export function skipIn(dialog, send) {
  const form = dialog.querySelector("form");
  const text = form.querySelector("input[name=reason]");
  const choices = [...form.querySelectorAll("button[data-reason]")];
  choices.forEach((button) => button.addEventListener("click", () => { dialog.close(); send(button.dataset.reason); }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation(); // it is sent more than once
    dialog.close();
    send(text.value.trim());
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.target === text || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = choices[Number(event.key) - 1];
    if (button && /^[1-9]$/.test(event.key)) { event.preventDefault(); button.click(); }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return {
    open() {
      text.value = "";
      dialog.showModal();
      choices[0].focus();
    },
  };
}
