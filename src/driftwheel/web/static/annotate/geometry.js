// Boxes: {class, x, y, w, h, rotation} in pixels of the upright image, turned clockwise in degrees about the centre.

export const LEAST = 2; // pixels of a side

export const HANDLES = [
  ["nw", -1, -1], ["n", 0, -1], ["ne", 1, -1], ["e", 1, 0], ["se", 1, 1], ["s", 0, 1], ["sw", -1, 1], ["w", -1, 0],
];

const radians = (degrees) => (degrees * Math.PI) / 180;

export function turn(point, degrees) {
  const [cos, sin] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
  return { x: point.x * cos - point.y * sin, y: point.x * sin + point.y * cos };
}

export const centre = (box) => ({ x: box.x + box.w / 2, y: box.y + box.h / 2 });

export function local(point, box) { // beside the centre, along the sides
  const middle = centre(box);
  return turn({ x: point.x - middle.x, y: point.y - middle.y }, -box.rotation);
}

export function at(box, across, down) { // -1…1 from the left to the right edge, from the upper to the lower
  const middle = centre(box);
  const turned = turn({ x: (across * box.w) / 2, y: (down * box.h) / 2 }, box.rotation);
  return { x: middle.x + turned.x, y: middle.y + turned.y };
}

export const corners = (box) => [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([across, down]) => at(box, across, down));

export function contains(box, point, slack = 0) {
  const inside = local(point, box);
  return Math.abs(inside.x) <= box.w / 2 + slack && Math.abs(inside.y) <= box.h / 2 + slack;
}

const between = (value, least, most) => Math.min(Math.max(value, least), Math.max(least, most));

export function clipped(box, size) { // within the image; one that is turned keeps its centre there
  if (box.rotation % 360) {
    const middle = centre(box);
    const [x, y] = [between(middle.x, 0, size.width), between(middle.y, 0, size.height)];
    return { ...box, x: x - box.w / 2, y: y - box.h / 2 };
  }
  const [left, top] = [between(box.x, 0, size.width - LEAST), between(box.y, 0, size.height - LEAST)];
  const [right, bottom] = [between(box.x + box.w, left + LEAST, size.width), between(box.y + box.h, top + LEAST, size.height)];
  return { ...box, x: left, y: top, w: right - left, h: bottom - top };
}

export function between2(from, to, size) { // the box that two points span
  const [left, right] = [from.x, to.x].sort((a, b) => a - b).map((x) => between(x, 0, size.width));
  const [top, bottom] = [from.y, to.y].sort((a, b) => a - b).map((y) => between(y, 0, size.height));
  return { x: left, y: top, w: right - left, h: bottom - top, rotation: 0 };
}

export function moved(box, dx, dy, size) { // as a whole: it stops at the edge
  if (box.rotation % 360) return clipped({ ...box, x: box.x + dx, y: box.y + dy }, size);
  return { ...box, x: between(box.x + dx, 0, size.width - box.w), y: between(box.y + dy, 0, size.height - box.h) };
}

export function resized(box, across, down, point, size) { // the handle goes to a point; the opposite one stays
  const upright = !(box.rotation % 360);
  const goal = upright ? { x: between(point.x, 0, size.width), y: between(point.y, 0, size.height) } : point;
  const inside = local(goal, box);
  const w = across ? Math.max(LEAST, across * inside.x + box.w / 2) : box.w;
  const h = down ? Math.max(LEAST, down * inside.y + box.h / 2) : box.h;
  const fixed = at(box, -across, -down);
  const away = turn({ x: (across * w) / 2, y: (down * h) / 2 }, box.rotation);
  return { ...box, x: fixed.x + away.x - w / 2, y: fixed.y + away.y - h / 2, w, h };
}

export function turned(box, degrees) {
  const rotation = ((((box.rotation + degrees + 180) % 360) + 360) % 360) - 180;
  return { ...box, rotation };
}

const places = (value) => Math.round(value * 100) / 100;

export function plain(box) { // as it is sent: hundredths of a pixel
  return { class: box.class, x: places(box.x), y: places(box.y), w: places(box.w), h: places(box.h), rotation: places(box.rotation) };
}
