// Keys. A link or button with data-key answers to it; the grid goes by arrows; "?" lists what works here.

const album = document.querySelector(".album");
const shots = album ? [...album.querySelectorAll("a.shot")] : [];
const help = document.querySelector("#keys");

function typing(event) {
  const field = event.target.closest("input, textarea, select, [contenteditable]");
  return field && !["checkbox", "radio", "button", "submit"].includes(field.type);
}

function columns() {
  if (shots.length < 2) return 1;
  const top = shots[0].getBoundingClientRect().top;
  const inFirst = shots.findIndex((shot) => shot.getBoundingClientRect().top > top + 4);
  return inFirst < 0 ? shots.length : inFirst;
}

function move(step) {
  const at = shots.indexOf(document.activeElement.closest ? document.activeElement.closest("a.shot") : null);
  const to = at < 0 ? 0 : Math.min(Math.max(at + step, 0), shots.length - 1);
  shots[to].focus();
  shots[to].scrollIntoView({ block: "nearest" });
}

const STEPS = {
  ArrowRight: () => 1, l: () => 1, ArrowLeft: () => -1, h: () => -1,
  ArrowDown: columns, j: columns, ArrowUp: () => -columns(), k: () => -columns(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (typing(event)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "?" && help) { event.preventDefault(); help.showModal(); return; }
  const known = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key && !each.disabled);
  if (known) {
    event.preventDefault();
    if (known.matches("input:not([data-toggle]), select, textarea")) { known.focus(); if (known.select) known.select(); } else known.click();
    return;
  }
  if (shots.length && event.key in STEPS) { event.preventDefault(); move(STEPS[event.key]()); }
});

document.querySelectorAll("[data-help]").forEach((button) => { button.onclick = () => help && help.showModal(); });
