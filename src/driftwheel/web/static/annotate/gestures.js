// Pointers on the canvas: one draws or drags what `begin` says, two pinch and pan; the middle button always pans.

const STILL = 4; // CSS pixels that a click may tremble

export function gesturesOn(canvas, view, begin) {
  const pointers = new Map();
  let drag = null; // of one pointer
  let pinch = null;

  function place(event) {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  function pair() {
    const [a, b] = [...pointers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  }

  const panning = { move: (now, before) => view.pan(now.x - before.x, now.y - before.y), end() {}, cancel() {} };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button, form, a") || event.button > 1) return;
    const at = place(event);
    pointers.set(event.pointerId, at);
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    if (event.pointerType !== "touch" || event.button === 1) event.preventDefault();
    if (pointers.size === 2) {
      if (drag) drag.tool.cancel();
      drag = null;
      pinch = pair();
    } else if (pointers.size === 1) {
      const tool = event.button === 1 ? panning : begin(event, at) ?? panning;
      drag = { tool, id: event.pointerId, from: at, last: at, moved: false };
    }
  });

  canvas.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    const at = place(event);
    pointers.set(event.pointerId, at);
    if (pinch && pointers.size === 2) {
      const now = pair();
      view.pan(now.x - pinch.x, now.y - pinch.y);
      view.zoom(now.apart / pinch.apart, now);
      pinch = now;
    } else if (drag && drag.id === event.pointerId) {
      drag.moved ||= Math.hypot(at.x - drag.from.x, at.y - drag.from.y) > STILL;
      if (drag.moved) drag.tool.move(at, drag.last, event);
      if (drag.moved) drag.last = at;
    }
  });

  // Without this a drag is a fling for the browser, too, and the tap after it on any button only ends that.
  canvas.addEventListener("touchstart", (event) => { if (!event.target.closest("button, form, a")) event.preventDefault(); }, { passive: false });

  function end(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size < 2) pinch = null;
    if (drag && drag.id === event.pointerId) {
      if (event.type === "pointercancel") drag.tool.cancel(); else drag.tool.end(drag.moved, event);
      drag = null;
    }
  }
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("auxclick", (event) => event.preventDefault());
  return { get active() { return drag !== null || pinch !== null; } };
}
