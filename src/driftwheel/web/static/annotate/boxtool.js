// What a pointer does to boxes: a handle resizes, the chosen box is moved, anywhere else a new one is drawn; a click
// chooses. With the hand, one finger pans.

import { between2, centre, contains, HANDLES, LEAST, moved, resized } from "./geometry.js";

const SNAP = 15; // degrees, with Shift

export function boxToolOn(view, editor, page) {
  function resizing(name) {
    const [, across, down] = HANDLES.find(([each]) => each === name);
    editor.hold();
    return {
      move(now) { editor.drag((box) => resized(box, across, down, view.toImage(now), editor.size)); },
      end: () => editor.release(),
      cancel: () => editor.letGo(),
    };
  }

  function turning() {
    editor.hold();
    let before = null;
    return {
      move(now, last, event) {
        const middle = view.toCanvas(centre(editor.selected));
        const angle = (point) => (Math.atan2(point.y - middle.y, point.x - middle.x) * 180) / Math.PI;
        before ??= angle(last);
        const by = angle(now) - before;
        editor.drag((box) => {
          const to = box.rotation + by;
          const snapped = event.shiftKey ? Math.round(to / SNAP) * SNAP : to;
          return { ...box, rotation: ((((snapped + 180) % 360) + 360) % 360) - 180 };
        });
      },
      end: () => editor.release(),
      cancel: () => editor.letGo(),
    };
  }

  function moving(start) {
    editor.hold();
    const from = view.toImage(start);
    return {
      move(now) {
        const to = view.toImage(now);
        editor.drag((box) => moved(box, to.x - from.x, to.y - from.y, editor.size));
      },
      end(dragged) { editor.release(); if (!dragged) choose(start); },
      cancel: () => editor.letGo(),
    };
  }

  function choose(point) { // the smallest under the pointer; again: the next larger one
    const there = view.toImage(point);
    const slack = 3 / view.scale;
    const under = editor.boxes.map((box, index) => ({ box, index })).filter(({ box }) => contains(box, there, slack))
      .sort((a, b) => a.box.w * a.box.h - b.box.w * b.box.h);
    const now = under.findIndex(({ index }) => index === editor.chosen);
    editor.select(under.length ? under[(now + 1) % under.length].index : -1);
  }

  function drawing(start) {
    const from = view.toImage(start);
    return {
      move(now) { page.showFresh({ class: page.activeClass(), ...between2(from, view.toImage(now), editor.size) }); },
      end(dragged, event) {
        page.showFresh(null);
        if (!dragged) { choose(start); return; }
        const { left, top } = event.currentTarget.getBoundingClientRect();
        const to = view.toImage({ x: event.clientX - left, y: event.clientY - top });
        const box = between2(from, to, editor.size);
        if (box.w >= LEAST && box.h >= LEAST) editor.add({ class: page.activeClass(), ...box });
      },
      cancel: () => page.showFresh(null),
    };
  }

  return {
    begin(event, point) {
      if (!page.open()) return null;
      const handle = event.target.closest?.("[data-handle]");
      if (handle && editor.selected) return handle.dataset.handle === "turn" ? turning() : resizing(handle.dataset.handle);
      const slack = (event.pointerType === "touch" ? 8 : 3) / view.scale;
      if (editor.selected && contains(editor.selected, view.toImage(point), slack)) return moving(point);
      if (page.hand()) return { move: (now, before) => view.pan(now.x - before.x, now.y - before.y), end(dragged) { if (!dragged) choose(point); }, cancel() {} };
      return drawing(point);
    },
    add() { // by key: in the middle of what is seen
      const seen = view.sight();
      const [w, h] = [(seen.right - seen.left) / 4, (seen.bottom - seen.top) / 4];
      return editor.add({ class: page.activeClass(), x: (seen.left + seen.right - w) / 2, y: (seen.top + seen.bottom - h) / 2, w, h });
    },
  };
}
