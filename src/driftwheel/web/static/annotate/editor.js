// The boxes of one image while they are edited, with every step to take back.

import { clipped, moved, resized, turned, at, LEAST, plain } from "./geometry.js";

const MOST = 1000; // of one answer
const MOST_STEPS = 200;

export function editorOf(changed) {
  let size = { width: 1, height: 1 };
  let boxes = [];
  let chosen = -1;
  let steps = [];
  let held = null; // before a drag
  let touched = false;

  function keep() {
    touched = true;
    steps.push({ boxes, chosen });
    if (steps.length > MOST_STEPS) steps.shift();
  }

  function put(next, choose = chosen) {
    boxes = next;
    chosen = choose < boxes.length ? choose : boxes.length - 1;
    changed();
  }

  const replaced = (box) => boxes.map((each, index) => (index === chosen ? { ...box, suggested: false } : each));

  function edit(change) { // one step
    if (chosen < 0) return;
    keep();
    put(replaced(change(boxes[chosen])));
  }

  return {
    begin(width, height, first) {
      size = { width, height };
      steps = [];
      held = null;
      touched = false;
      put(first.map((box) => ({ rotation: 0, ...box })), -1);
    },
    get boxes() { return boxes; },
    get size() { return size; },
    get chosen() { return chosen; },
    get selected() { return boxes[chosen] ?? null; },
    get touched() { return touched; }, // since it began, also where all was taken back
    get undoable() { return steps.length > 0; },
    get dragging() { return held !== null; },
    get full() { return boxes.length >= MOST; },
    select(index) { chosen = index; changed(); },
    next(step) { if (boxes.length) { chosen = (chosen + step + (chosen < 0 && step < 0 ? 1 : 0) + boxes.length) % boxes.length; changed(); } },
    add(box) {
      if (boxes.length >= MOST || box.w < LEAST || box.h < LEAST) return false;
      keep();
      put([...boxes, clipped({ rotation: 0, suggested: false, ...box }, size)], boxes.length);
      return true;
    },
    remove() {
      if (chosen < 0) return;
      keep();
      const gone = chosen;
      put(boxes.filter((_, index) => index !== gone), -1);
    },
    clear() {
      if (!boxes.length) return;
      keep();
      put([], -1);
    },
    relabel(name) { edit((box) => ({ ...box, class: name })); },
    copy() {
      if (chosen < 0 || boxes.length >= MOST) return;
      keep();
      const step = Math.max(4, Math.min(size.width, size.height) * 0.03);
      const { suggested, ...box } = boxes[chosen];
      let twin = moved(box, step, step, size);
      if (Math.abs(twin.x - box.x) < 1 && Math.abs(twin.y - box.y) < 1) twin = moved(box, -step, -step, size);
      put([...boxes, { ...twin, suggested: false }], boxes.length);
    },
    move(dx, dy) { edit((box) => moved(box, dx, dy, size)); },
    grow(dx, dy) {
      edit((box) => {
        const corner = at(box, 1, 1);
        return resized(box, 1, 1, { x: corner.x + dx, y: corner.y + dy }, size);
      });
    },
    turn(degrees) { edit((box) => turned(box, degrees)); },
    // A drag is one step, however often it moves.
    hold() { held = { boxes, chosen }; },
    drag(change) { if (held && chosen >= 0) put(held.boxes.map((each, index) => (index === chosen ? { ...change(each), suggested: false } : each))); },
    release() {
      if (held && held.boxes !== boxes) {
        steps.push(held);
        touched = true;
      }
      held = null;
      changed();
    },
    letGo() {
      const before = held;
      held = null;
      if (before) put(before.boxes, before.chosen);
    },
    undo() {
      const before = steps.pop();
      if (before) put(before.boxes, before.chosen);
      return Boolean(before);
    },
    payload: () => ({ boxes: boxes.map(plain) }),
  };
}
