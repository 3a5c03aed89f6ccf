// The present task: its image in the canvas, what is chosen or drawn, what was suggested, and the right answer of training.

import { boxListIn } from "./boxlist.js";
import { boxToolOn } from "./boxtool.js";
import { classesIn } from "./classes.js";
import { drawingOn } from "./drawing.js";
import { editorOf } from "./editor.js";
import { gesturesOn } from "./gestures.js";
import { viewOf } from "./view.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAN = 60; // CSS pixels
const percent = (part) => `${Math.round(100 * part)} %`;

export function stageIn(root, { answer, classes, pictures, changed, pick }) {
  const $ = (name) => root.querySelector(name);
  const canvas = $("#canvas");
  const layer = $("#layer");
  const colours = new Map(classes.map((one) => [one.name, one.colour]));
  const colourOf = (name) => colours.get(name) ?? "#7f7f7f";
  const isBoxes = answer === "boxes";
  const touch = matchMedia("(pointer: coarse)").matches;

  let task = null;
  let mode = "none"; // open, checking, explained
  let chosen = []; // classes
  let toggled = false;
  let given = []; // of the answer that was sent
  let truth = null;
  let suggestion = null; // {payload, confidence}
  let active = classes[0].name; // of the next box
  let fresh = null; // the box that is being drawn
  let hand = false;
  let finger = touch;
  let loading = 0;

  const editor = editorOf(() => {
    draw();
    if (!editor.dragging) {
      showClasses();
      list.show(editor.boxes, editor.chosen, mode === "open");
    }
    changed();
  });
  const view = viewOf(canvas, layer, () => { draw(); $("#zoom-now").textContent = percent(view.relative); sharpen(); });
  const drawing = drawingOn($("#overlay"), view, colourOf);
  const tool = boxToolOn(view, editor, {
    open: () => mode === "open" && task !== null,
    hand: () => hand,
    activeClass: () => active,
    showFresh(box) { fresh = box; draw(); },
  });
  const list = boxListIn($("#box-list"), { choose: (index) => editor.select(index), remove: () => editor.remove(), colourOf });
  const buttons = classesIn($("#classes"), $("#find"), classes, pick);

  gesturesOn(canvas, view, (event, point) => {
    finger = event.pointerType === "touch";
    return isBoxes && task ? tool.begin(event, point) : null;
  });
  canvas.addEventListener("dblclick", (event) => { if (!isBoxes && !event.target.closest("button")) { if (view.fitted) view.zoom(2.5, { x: event.offsetX, y: event.offsetY }); else view.fit(); } });

  function draw() {
    if (!isBoxes) return;
    const right = truth?.boxes?.map((box) => ({ rotation: 0, ...box, words: `right: ${box.class}` })) ?? [];
    drawing.show({ boxes: editor.boxes, chosen: editor.chosen, truth: right, touch: finger, fresh, open: mode === "open" });
    canvas.classList.toggle("drawing", isBoxes && mode === "open" && !hand);
  }

  function notes() {
    const found = {};
    if (truth && !isBoxes) {
      const right = new Set(truth.class === undefined ? truth.classes : [truth.class]);
      right.forEach((name) => { found[name] = ["right", "right"]; });
      given.filter((name) => !right.has(name)).forEach((name) => { found[name] = ["your answer", "wrong"]; });
      given.filter((name) => right.has(name)).forEach((name) => { found[name] = ["right, as you said", "right"]; });
    } else if (suggestion && !isBoxes) {
      const said = suggestion.payload.class === undefined ? suggestion.payload.classes : [suggestion.payload.class];
      const sure = suggestion.confidence == null ? "suggested" : `suggested, ${percent(suggestion.confidence)}`;
      said.forEach((name) => { found[name] = [sure, "suggested"]; });
    }
    return found;
  }

  function showClasses() {
    const pressed = isBoxes ? [editor.selected?.class ?? active] : mode === "open" ? chosen : given;
    buttons.show({ pressed, toggles: answer !== "class", notes: notes(), disabled: mode !== "open" });
  }

  // Zoomed in, a thumbnail gives way to the whole file.
  async function sharpen() {
    if (!task || task.picture.whole || !task.picture.image || view.relative < 1.5 || task.picture.asked) return;
    const mine = task;
    mine.picture.asked = true;
    const image = await pictures.whole(mine);
    if (!image) return;
    Object.assign(mine.picture, { image, whole: true });
    if (task === mine) layer.replaceChildren(image);
  }

  function showPicture() {
    const { image } = task.picture;
    layer.replaceChildren(...(image ? [image] : []));
    canvas.dataset.state = image ? "shown" : task.picture.failed ? "failed" : "loading";
    if (image) view.set(task.width ?? image.naturalWidth, task.height ?? image.naturalHeight);
    if (isBoxes && image) editor.begin(view.size.width, view.size.height, begun());
  }

  const begun = () => (task.draft?.boxes ?? suggestion?.payload.boxes?.map((box) => ({ ...box, suggested: true })) ?? []);

  return {
    view,
    editor,
    get mode() { return mode; },
    get suggestion() { return suggestion; },
    get ready() { return Boolean(task?.picture.image); },
    get touched() { return isBoxes ? editor.touched : toggled; }, // by the annotator
    get hand() { return hand; },
    async show(next) { // resolves when its image is in the page; false where another task has come meanwhile
      task = next;
      loading += 1;
      const mine = loading;
      [mode, truth, given, fresh] = [next ? "open" : "none", null, [], null];
      if (!next) { layer.replaceChildren(); canvas.dataset.state = "empty"; showClasses(); return true; }
      suggestion = next.prelabel ?? null;
      chosen = next.draft?.classes ?? suggestion?.payload.classes ?? [];
      toggled = false;
      editor.begin(next.width ?? 1, next.height ?? 1, begun());
      showPicture();
      showClasses();
      if (next.picture.image) return true;
      await next.picture.ready;
      if (mine !== loading) return false;
      showPicture();
      showClasses();
      return next.picture.image !== null;
    },
    check(payload) { mode = "checking"; given = payload.class === undefined ? payload.classes ?? [] : [payload.class]; editor.select(-1); showClasses(); },
    explain(right) { mode = "explained"; truth = right; draw(); showClasses(); },
    payload: () => (answer === "multi-class" ? { classes: chosen } : isBoxes ? editor.payload() : null),
    pressed(name) {
      if (answer === "multi-class") {
        toggled = true;
        chosen = chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name];
        showClasses();
        changed();
      } else {
        active = name;
        if (editor.selected) editor.relabel(name); else showClasses();
      }
    },
    reject() {
      suggestion = null;
      [chosen, toggled] = [[], true];
      if (isBoxes) editor.clear();
      showClasses();
      changed();
    },
    add: () => tool.add(),
    flash: (name) => buttons.flash(name),
    setHand(on) { hand = on; draw(); },
    find: () => buttons.find(),
    edit(event) { // keys that change boxes, or move the image
      const arrow = ARROWS[event.key];
      if (event.target.closest("#classes, #box-list, dialog") && arrow) return false;
      const box = isBoxes && mode === "open" && editor.selected;
      if (arrow && (event.metaKey || event.ctrlKey) && !box) return false;
      if (arrow && box) {
        const step = event.shiftKey ? 10 : 1;
        const [dx, dy] = [arrow[0] * step, arrow[1] * step];
        if (event.altKey || event.ctrlKey) editor.grow(dx, dy); else editor.move(dx, dy);
        return true;
      }
      if (arrow && !event.altKey && task) { view.pan(-arrow[0] * PAN, -arrow[1] * PAN); return true; }
      if (!isBoxes || mode !== "open") return false;
      if (event.ctrlKey || event.metaKey) {
        if (!box || !["c", "d"].includes(event.key.toLowerCase())) return false;
        editor.copy();
        return true;
      }
      if (event.key === "Escape" && editor.chosen >= 0) { editor.select(-1); return true; }
      if (box && (event.key === "Delete" || event.key === "Backspace")) { editor.remove(); return true; }
      const turns = { "[": -1, "]": 1, "{": -15, "}": 15 }[event.key];
      if (box && turns && !classes.some((one) => one.key === event.key)) { editor.turn(turns); return true; }
      return false;
    },
  };
}
