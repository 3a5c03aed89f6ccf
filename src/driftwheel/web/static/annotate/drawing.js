// Boxes over the image, drawn in pixels of the canvas so that lines and handles keep their size at every zoom.

import { HANDLES, at, corners } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST_NAMES = 40; // boxes that all show their class
const ARM = 26; // CSS pixels from the upper edge to the handle that turns

function node(name, values, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  if (parent) parent.append(made);
  return made;
}

const round = (value) => Math.round(value * 10) / 10;
const listed = (points) => points.map((point) => `${round(point.x)},${round(point.y)}`).join(" ");

export function readable(colour) { // black or white, what is read better on it
  const [r, g, b] = [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff";
}

export function drawingOn(svg, view, colourOf) {
  const lengths = new Map(); // of names: measuring takes long

  function lengthOf(text) {
    if (!lengths.has(text.textContent)) lengths.set(text.textContent, text.getComputedTextLength());
    return lengths.get(text.textContent);
  }

  function label(group, box, points) {
    const top = points.reduce((best, point) => (point.y < best.y - 0.5 || (Math.abs(point.y - best.y) <= 0.5 && point.x < best.x) ? point : best));
    const text = node("text", { class: "box-name", fill: readable(colourOf(box.class)) }, group);
    text.textContent = box.words ?? box.class;
    const width = lengthOf(text) + 8;
    const y = Math.max(0, top.y - 16);
    const x = Math.min(Math.max(0, top.x), Math.max(0, svg.clientWidth - width));
    const back = node("rect", { x: round(x), y: round(y), width: round(width), height: 16, rx: 3, fill: colourOf(box.class) });
    text.before(back);
    text.setAttribute("x", round(x + 4));
    text.setAttribute("y", round(y + 12));
  }

  function one(box, { chosen = false, kind = "", named = true } = {}) {
    const points = corners(box).map(view.toCanvas);
    const group = node("g", { class: `box ${kind} ${chosen ? "chosen" : ""} ${box.suggested ? "suggested" : ""}` }, svg);
    node("polygon", { class: "under", points: listed(points) }, group);
    node("polygon", { class: "line", points: listed(points), stroke: colourOf(box.class), fill: colourOf(box.class) }, group);
    if (named) label(group, box, points);
  }

  function armOf(box) { // from the upper edge; from the lower one where that would be out of sight
    const far = view.toCanvas(at(box, 0, 0));
    const ends = [-1, 1].map((side) => {
      const middle = view.toCanvas(at(box, 0, side));
      const length = Math.hypot(middle.x - far.x, middle.y - far.y) || 1;
      return [middle, { x: middle.x + ((middle.x - far.x) / length) * ARM, y: middle.y + ((middle.y - far.y) / length) * ARM }];
    });
    const [, up] = ends[0];
    return up.y < 8 || up.x < 8 || up.x > svg.clientWidth - 8 || up.y > svg.clientHeight - 8 ? ends[1] : ends[0];
  }

  function handles(box, touch) {
    const reach = touch ? 22 : 11;
    const [middle, arm] = armOf(box);
    const small = (HANDLES.map(([, across, down]) => view.toCanvas(at(box, across, down))));
    const [first, , , , opposite] = small;
    const tiny = Math.min(Math.abs(first.x - opposite.x), Math.abs(first.y - opposite.y)) < 3 * reach;
    node("line", { class: "arm", x1: round(middle.x), y1: round(middle.y), x2: round(arm.x), y2: round(arm.y) }, svg);
    const all = [...HANDLES.map(([name, across, down], index) => [name, small[index], across, down]), ["turn", arm, 0, 0]];
    for (const [name, point, across, down] of all) {
      if (tiny && name !== "turn" && !(across && down)) continue; // only the corners of a small box
      const group = node("g", { class: `handle ${name}`, "data-handle": name }, svg);
      node("circle", { class: "reach", cx: round(point.x), cy: round(point.y), r: reach }, group);
      node("circle", { class: "knob", cx: round(point.x), cy: round(point.y), r: touch ? 7 : 5 }, group);
    }
  }

  return {
    show({ boxes, chosen = -1, truth = [], touch = false, fresh = null, open = true }) {
      svg.replaceChildren();
      truth.forEach((box) => one(box, { kind: "truth" }));
      const named = boxes.length <= MOST_NAMES;
      boxes.forEach((box, index) => { if (index !== chosen) one(box, { named }); });
      if (boxes[chosen]) {
        one(boxes[chosen], { chosen: true });
        if (open) handles(boxes[chosen], touch);
      }
      if (fresh) one(fresh, { kind: "fresh" });
    },
  };
}
