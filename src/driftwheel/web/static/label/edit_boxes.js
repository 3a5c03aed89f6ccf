// Boxes of a task under review are drawn anew, moved and relabelled with the tools of the annotate page.

import { keysOf, listen, wordOf } from "../annotate/keys.js";
import { stageIn } from "../annotate/stage.js";

const ACTS = ["submit", "find", "larger", "smaller", "fit", "add", "copy", "next", "undo"];

function open(root, begin) {
  const $ = (name) => root.querySelector(name);
  const given = JSON.parse($("#box-editor").dataset.editor);
  const all = keysOf(given.classes, true);
  const bound = Object.fromEntries(ACTS.map((act) => [act, all[act]]));
  const save = $("#save-boxes");

  const stage = stageIn(root, {
    answer: "boxes",
    classes: given.classes,
    pictures: { whole: async () => null },
    changed: () => { $("#box-count").textContent = stage.editor.boxes.length; },
    pick: (name) => stage.pressed(name),
  });

  function leave() {
    location.reload();
  }

  const does = {
    submit: () => save.click(),
    find: () => stage.find(),
    larger: () => stage.view.larger(),
    smaller: () => stage.view.smaller(),
    fit: () => stage.view.fit(),
    add: () => stage.add(),
    copy: () => stage.editor.copy(),
    remove: () => stage.editor.remove(),
    next: () => stage.editor.next(1),
    undo: () => stage.editor.undo(),
  };

  root.querySelectorAll("[data-key]").forEach((each) => { // those keys draw now
    each.querySelectorAll("kbd").forEach((key) => key.remove());
    delete each.dataset.key;
  });
  root.querySelectorAll("button[data-act]").forEach((button) => {
    const key = button.querySelector("kbd");
    if (key && bound[button.dataset.act]) key.textContent = wordOf(bound[button.dataset.act]);
    button.addEventListener("click", (event) => {
      does[button.dataset.act]();
      if (event.detail > 0) $("#canvas").focus({ preventScroll: true }); // keys go on with the image
    });
  });
  $("#leave-boxes").addEventListener("click", leave);
  save.addEventListener("click", () => { save.value = `edit:${JSON.stringify(stage.payload())}`; });
  listen({
    classes: given.classes,
    bound,
    choose: (name) => stage.pressed(name),
    act: (name) => does[name](),
    edit(event) {
      if (event.key === "Escape" && stage.editor.chosen < 0) { leave(); return true; }
      return stage.edit(event);
    },
  });

  root.querySelectorAll(".stage, .decision, [data-boxes]").forEach((each) => { each.hidden = true; });
  $("#canvas").hidden = false;
  $("#box-editor").hidden = false;
  const image = new Image();
  const picture = { image: null, failed: false, whole: true, asked: true };
  picture.ready = new Promise((resolve) => {
    image.onload = () => { picture.image = image; resolve(); };
    image.onerror = () => { picture.failed = true; resolve(); };
  });
  image.alt = "";
  image.src = given.picture;
  stage.show({ task: 0, width: given.width, height: given.height, draft: { boxes: given.boxes }, picture });
  $("#canvas").focus({ preventScroll: true });
  begin.remove();
}

document.querySelectorAll("[data-edit-boxes]").forEach((begin) => {
  begin.addEventListener("click", () => open(document.querySelector(".decide"), begin), { once: true });
});
