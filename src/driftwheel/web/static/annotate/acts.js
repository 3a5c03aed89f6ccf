// The buttons beside the classes: what can be done just now, and what the large one does.

import { wordOf } from "./keys.js";

export function showActs($, { stage, isClass, isBoxes, bound, task, undoable, locked }) {
  const open = stage.mode === "open" && stage.ready;
  const suggests = open && stage.suggestion !== null;
  const explained = stage.mode === "explained";
  const accepts = suggests && (isClass || !stage.touched);
  const empty = isBoxes && stage.editor.boxes.length === 0;
  const training = Boolean(task?.training);

  const primary = $("#primary");
  primary.hidden = isClass && !suggests && !explained;
  primary.disabled = !(open || explained);
  primary.classList.toggle("pri", explained || !empty);
  primary.firstElementChild.textContent = explained ? "Continue" : accepts ? "Accept" : empty ? "Nothing to mark" : "Send";
  primary.querySelector("kbd").textContent = wordOf(accepts && bound.accept ? bound.accept : bound.submit);
  $("#reject").hidden = !suggests;
  $("#cannot-tell").disabled = !open || training;
  $("#skip").disabled = !task || training || stage.mode !== "open";
  $("#undo").disabled = locked || !["open", "none"].includes(stage.mode) || !(undoable || (isBoxes && stage.editor.undoable));
  if (!isBoxes) return;
  $("#add").disabled = !open || stage.editor.full;
  $("#copy").disabled = $("#remove").disabled = !open || !stage.editor.selected;
  $("#box-count").textContent = stage.editor.boxes.length;
}
