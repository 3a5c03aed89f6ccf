// The buttons of the classes, with the keys that press them, and a field to find one where there are many.

import { wordOf } from "./keys.js";

const MANY = 14;

export function classesIn(list, find, classes, choose) {
  const buttons = new Map();
  for (const one of classes) {
    const button = document.createElement("button");
    const name = document.createElement("span");
    const note = document.createElement("small");
    button.type = "button";
    button.className = "choice";
    button.style.setProperty("--colour", one.colour);
    name.className = "name";
    name.textContent = one.name;
    note.className = "note";
    button.append(name, note);
    if (one.key) {
      const key = document.createElement("kbd");
      key.textContent = wordOf(one.key);
      button.append(key);
      button.setAttribute("aria-keyshortcuts", one.key);
    }
    button.addEventListener("click", () => choose(one.name));
    const item = document.createElement("li");
    item.append(button);
    list.append(item);
    buttons.set(one.name, { button, note, item });
  }
  find.hidden = classes.length <= MANY;
  const field = find.querySelector("input");
  const shown = () => [...buttons.values()].filter(({ item }) => !item.hidden);
  field.addEventListener("input", () => {
    const words = field.value.trim().toLowerCase();
    for (const [name, { item }] of buttons) item.hidden = !name.toLowerCase().includes(words);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !shown().length) return;
    event.preventDefault();
    shown()[0].button.click();
    field.value = "";
    field.dispatchEvent(new Event("input"));
    field.blur();
  });

  return {
    // notes: {name: [words, kind]}
    show({ pressed = [], toggles = false, notes = {}, disabled = false }) {
      const on = new Set(pressed);
      for (const [name, { button, note }] of buttons) {
        const [words, kind] = notes[name] ?? ["", ""];
        if (toggles) button.setAttribute("aria-pressed", String(on.has(name))); else button.removeAttribute("aria-pressed");
        button.classList.toggle("on", on.has(name));
        button.dataset.kind = kind;
        note.textContent = words;
        button.disabled = disabled;
      }
    },
    flash(name) { // what was answered is seen for a moment, though the next image is there
      const { button } = buttons.get(name);
      button.classList.remove("flash");
      void button.offsetWidth;
      button.classList.add("flash");
    },
    find() { if (!find.hidden) { field.focus(); field.select(); } },
  };
}
