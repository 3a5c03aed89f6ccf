// Keys. Classes have theirs from the project; every act takes the first of its keys that no class has, so that nothing
// is hidden by the other. What is bound is what buttons and help show.

const WORDS = {
  " ": "Space", Enter: "Enter", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→",
  Delete: "Del", Backspace: "⌫", Escape: "Esc", Home: "Home", PageDown: "PgDn", Insert: "Ins",
};

export const wordOf = (key) => WORDS[key] ?? (key.length === 1 ? key.toUpperCase() : key);

const ACTS = { // keys, the best first
  submit: ["Enter"], accept: [" "], instructions: ["?", "F1"], cannotTell: ["0", ".", ":"], skip: ["x", ",", ";"], undo: ["z", "u", "Backspace"],
  reject: ["r", "\\", "|"], find: ["/", "#"], larger: ["+", "="], smaller: ["-", "_"], fit: ["f", "Home"],
};
const BOX_ACTS = { add: ["b", "Insert"], copy: ["c", "'"], next: ["n", "PageDown"], hand: ["h", "PageUp"] };

export function keysOf(classes, boxes) { // {act: key}
  const acts = boxes ? { ...ACTS, ...BOX_ACTS } : ACTS;
  const used = new Set(classes.map((one) => one.key).filter(Boolean));
  const bound = {};
  for (const [act, wanted] of Object.entries(acts)) {
    const key = wanted.find((each) => !used.has(each)) ?? "";
    if (key) used.add(key);
    bound[act] = key;
  }
  return bound;
}

function plainKey(event) { // of layouts where digits need Shift, and with Caps Lock
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  return [event.key, event.key.toLowerCase(), digit ? digit[1] : null].filter((key) => key !== null);
}

const isText = (element) => element.closest("textarea, select, input:not([type=checkbox]):not([type=radio])") !== null;
const isButton = (element) => element.closest("button, a[href], summary") !== null;

export function listen({ classes, bound, choose, act, edit }) {
  const byKey = new Map(classes.filter((one) => one.key).map((one) => [one.key, one.name]));
  const actOf = new Map(Object.entries(bound).filter(([, key]) => key).map(([name, key]) => [key, name]));

  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
    if (isText(event.target)) {
      if (event.key === "Escape") { event.target.blur(); event.preventDefault(); }
      return;
    }
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      act("undo", event);
      return;
    }
    if (edit(event)) { event.preventDefault(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.key === "Enter" || event.key === " ") && isButton(event.target)) return; // it presses the button
    const keys = plainKey(event);
    const name = keys.map((key) => byKey.get(key)).find((found) => found !== undefined);
    if (name !== undefined) {
      event.preventDefault();
      if (!event.repeat) choose(name);
      return;
    }
    const known = keys.map((key) => actOf.get(key)).find((found) => found !== undefined);
    if (known === undefined) return;
    event.preventDefault();
    if (!event.repeat || known === "larger" || known === "smaller") act(known, event);
  });
}
