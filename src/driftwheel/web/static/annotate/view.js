// Where the image lies in the canvas: fitted, zoomed, panned. Coordinates: of the canvas in CSS pixels, of the image
// in its own upright pixels.

const MARGIN = 0.94; // of the canvas that a fitted image fills
const LARGEST = 40; // CSS pixels for one of the image
const STEP = 1.25;

export function viewOf(canvas, layer, changed) {
  let size = { width: 1, height: 1 };
  let scale = 1;
  let x = 0;
  let y = 0;
  let fitted = true;

  const box = () => ({ width: canvas.clientWidth || 1, height: canvas.clientHeight || 1 });
  const whole = () => Math.min((MARGIN * box().width) / size.width, (MARGIN * box().height) / size.height);

  function hold() { // never out of sight
    const { width, height } = box();
    const [w, h] = [size.width * scale, size.height * scale];
    const bound = (at, length, room) => (length <= room ? (room - length) / 2 : Math.min(0.5 * room, Math.max(at, 0.5 * room - length)));
    x = bound(x, w, width);
    y = bound(y, h, height);
  }

  function show() {
    hold();
    layer.style.width = `${size.width}px`;
    layer.style.height = `${size.height}px`;
    layer.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    layer.classList.toggle("pixels", scale >= 8);
    changed();
  }

  function fit() {
    fitted = true;
    scale = Math.min(whole(), LARGEST);
    x = (box().width - size.width * scale) / 2;
    y = (box().height - size.height * scale) / 2;
    show();
  }

  function zoom(factor, at = { x: box().width / 2, y: box().height / 2 }) {
    const least = Math.min(whole(), LARGEST);
    const next = Math.min(LARGEST, Math.max(least, scale * factor));
    if (next <= least * 1.0001) { fit(); return; }
    x = at.x - ((at.x - x) * next) / scale;
    y = at.y - ((at.y - y) * next) / scale;
    scale = next;
    fitted = false;
    show();
  }

  function pan(dx, dy) {
    x += dx;
    y += dy;
    if (dx || dy) fitted = false;
    show();
  }

  new ResizeObserver(() => { if (fitted) fit(); else show(); }).observe(canvas);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const rows = event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 400 : 1; // lines and pages in pixels
    if (event.shiftKey && !event.ctrlKey) { pan(-rows * (event.deltaX || event.deltaY), 0); return; }
    const { left, top } = canvas.getBoundingClientRect();
    const pace = event.ctrlKey ? 0.012 : 0.0022; // a pinch on a touchpad comes as a wheel with Ctrl
    zoom(Math.exp(-rows * event.deltaY * pace), { x: event.clientX - left, y: event.clientY - top });
  }, { passive: false });

  return {
    fit,
    zoom,
    pan,
    larger: () => zoom(STEP),
    smaller: () => zoom(1 / STEP),
    set(width, height) { size = { width, height }; fit(); },
    get size() { return size; },
    get scale() { return scale; },
    get fitted() { return fitted; },
    get relative() { return scale / whole(); },
    toImage: (point) => ({ x: (point.x - x) / scale, y: (point.y - y) / scale }),
    toCanvas: (point) => ({ x: point.x * scale + x, y: point.y * scale + y }),
    sight() { // the part of the image that is seen
      const { width, height } = box();
      const left = Math.max(0, -x / scale);
      const top = Math.max(0, -y / scale);
      return { left, top, right: Math.min(size.width, (width - x) / scale), bottom: Math.min(size.height, (height - y) / scale) };
    },
  };
}
