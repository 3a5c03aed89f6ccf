// The annotate page: takes tasks, shows one after the other without a pause, and keeps every answer until it is saved.

import { showActs } from "./acts.js";
import { server, Unreachable } from "./api.js";
import { challengeIn } from "./challenge.js";
import { clock } from "./clock.js";
import { helpIn, noticeIn, skipIn } from "./dialogs.js";
import { keysOf, listen, wordOf } from "./keys.js";
import { progressIn } from "./progress.js";
import { picturesOf, queueOf } from "./queue.js";
import { sender } from "./sender.js";
import { stageIn } from "./stage.js";
import { stateOf, statesIn } from "./states.js";
import { newId, unsentOf } from "./unsent.js";
import { voiceIn } from "./voice.js";

const root = document.querySelector("#annotate");
const $ = (name) => root.querySelector(name);
const { project, csrf, instructed } = root.dataset;
const joined = root.dataset.joined === "yes";
const api = server(project, csrf);
const { say, toast } = voiceIn(root);

function open(work) {
  const isClass = work.answer === "class";
  const isBoxes = work.answer === "boxes";
  const unsent = unsentOf(project, work.annotator);
  const pictures = picturesOf(api, isBoxes);
  const progress = progressIn(root);
  const timer = clock();
  const bound = keysOf(work.classes, isBoxes);
  let present = null; // the task that is shown
  let last = null; // the answer that could be undone
  let offline = false;
  let locked = "";

  const stage = stageIn(root, { answer: work.answer, classes: work.classes, pictures, changed: edited, pick: choose });
  const notice = noticeIn($("#notice"));
  const queue = queueOf(api, unsent, pictures, { filled, held, locked: lock, noticed });
  const out = sender(api, unsent, { kept, held, locked: lock, conflict, refused });
  const states = statesIn($("#state"), look);
  const challenge = challengeIn($("#challenge"), {
    api,
    passed: look,
    failed(error) { if (error instanceof Unreachable) held(error); else { toast(error.message, "bad"); look(); } },
  });
  const help = helpIn($("#help"), { bound, boxes: isBoxes, shown: { submit: !isClass, find: !$("#find").hidden } });
  const skipping = skipIn($("#skip-dialog"), (reason) => submit("skip", null, reason));

  function refresh() {
    progress.show(present, stage.mode);
    const news = progress.saved({ waiting: unsent.waiting().length, refused: unsent.refused().length, offline, lasting: unsent.lasting, busy: out.busy });
    if (news) say(news);
    showActs($, { stage, isClass, isBoxes, bound, task: present, undoable: last !== null, locked: Boolean(locked) });
  }

  function edited() {
    if (stage.editor.dragging) return; // it is kept and told when it is let go
    if (present && stage.mode === "open" && stage.ready && stage.touched) unsent.keepDraft(present.task, stage.payload());
    refresh();
  }

  async function turnTo(task, before = null) {
    present = task;
    if (!task) { await stage.show(null); showEnd(); return; }
    states.hide();
    challenge.hide();
    delete root.dataset.ended;
    task.draft = unsent.draftOf(task.task) ?? task.draft;
    const there = await stage.show(task);
    if (present !== task) return;
    refresh();
    if (!there && task.picture.failed) {
      say("The image cannot be shown.");
      if (!task.asked) queue.fill(); // it tells why: no connection, logged out
      task.asked = true;
      return;
    }
    requestAnimationFrame(() => requestAnimationFrame(() => {
      performance.mark("task-shown");
      if (before) performance.measure("between-tasks", before, "task-shown");
    }));
    timer.start();
    root.dataset.task = task.task;
    if (progress.stageOf(task)) say(`${progress.stageOf(task)}.`);
  }

  function showEnd() {
    delete root.dataset.task;
    const why = locked || queue.end.why || (offline ? "offline" : "");
    if (!why) { states.hide(); delete root.dataset.ended; $("#canvas").dataset.state = "loading"; refresh(); return; }
    root.dataset.ended = why;
    states.show(stateOf({ ...queue.end, why }, work, joined), last && !locked && why !== "challenge" ? undo : null);
    if (why === "challenge") challenge.show(queue.end.challenge); else challenge.hide();
    refresh();
  }

  async function reached() { // the server answers: what did not come is asked for again
    if (!offline) return;
    offline = false;
    const failed = present?.picture.failed;
    queue.retryPictures();
    if (failed) await turnTo(present);
  }

  async function filled() {
    await reached();
    if (!queue.length || !present || !progress.settled) await readWork();
    if (!present && queue.present) { await turnTo(queue.present); return; }
    if (!queue.length) await turnTo(null);
    refresh();
  }

  function noticed(all) {
    all.filter(({ key }) => !unsent.has(`notice ${key}`)).forEach((one) => notice.tell({ ...one, read: () => unsent.seen(`notice ${one.key}`, "read") }));
  }

  async function readWork() {
    try {
      work = await api.work();
      progress.told(work, unsent.waiting().filter((entry) => !entry.training).length);
    } catch (error) { if (!(error instanceof Unreachable)) lock(error); }
  }

  function submit(kind, payload = null, reason = "") {
    if (!present || stage.mode !== "open") return;
    if (present.training && kind !== "answer") return;
    const task = present;
    const before = "task-answered";
    performance.mark(before);
    const seconds = timer.stop();
    const entry = { id: newId(), task: task.task, kind, payload, reason, seconds, training: task.training };
    unsent.add(entry);
    unsent.dropDraft(task.task);
    last = { ...entry, given: task, sent: false };
    if (counts(entry)) progress.counted(task, seconds);
    if (task.training) {
      stage.check(payload);
      refresh();
    } else {
      queue.done(task.task);
      turnTo(queue.present, before);
    }
    out.send().then(() => { if (queue.wants()) queue.fill(); });
    refresh();
  }

  // A skip is no answer; of the exam it is one of its tasks. Training is counted when it was explained.
  const counts = (entry) => !entry.training && (entry.kind !== "skip" || progress.stageOf(present) === "Exam");

  function kept(entry, told) {
    reached();
    if (last && last.id === entry.id) last.sent = true;
    if (present && present.task === entry.task && stage.mode === "checking") explain(told);
    else if (entry.training) toast(told.correct ? "Your training answer was right." : `Your training answer was not right${told.truth?.class ? `: it is ${told.truth.class}` : ""}.`, told.correct ? "ok" : "bad");
    if (last?.training && last.sent) last = null; // what was explained stays
    refresh();
  }

  function explain(told) {
    stage.explain(told.truth);
    const line = $("#verdict");
    line.dataset.tone = told.correct ? "ok" : "bad";
    line.textContent = told.correct ? "Right." : isBoxes ? "Not quite: the dashed boxes are right." : "Not right: see which class it is.";
    line.hidden = false;
    say(line.textContent);
    refresh();
    if (!$("#primary").disabled) $("#primary").focus({ preventScroll: true });
  }

  function goOn() {
    $("#verdict").hidden = true;
    queue.done(present.task);
    readWork().then(refresh);
    turnTo(queue.present);
    if (queue.wants()) queue.fill();
    $("#canvas").focus({ preventScroll: true });
  }

  function held(error) {
    offline = error.offline;
    if (!error.offline) toast(error.message, "warn");
    if (!present) showEnd(); else refresh();
  }

  function conflict(entry, error) {
    toast(`An answer was there already, perhaps from another window: ${error.message}`, "warn");
    if (last?.id === entry.id) last = null;
    if (present?.task === entry.task && stage.mode === "checking") goOn(); else refresh();
  }

  function refused(entry, error) {
    toast(`An answer was not taken: ${error.message}`, "bad");
    if (last?.id === entry.id) last = null;
    if (present?.task === entry.task && stage.mode === "checking") goOn(); else refresh();
  }

  function lock(error) {
    locked = error.status === 401 ? "logged-out" : error.status === 403 ? "banned" : "gone";
    present = null;
    stage.show(null);
    showEnd();
  }

  async function undo() {
    if (isBoxes && stage.mode === "open" && stage.editor.undo()) { say("Undone."); return; }
    if (!last || last.training) { toast("There is nothing to undo."); return; }
    const mine = last;
    last = null;
    refresh();
    if (out.busy) await out.settled();
    const waits = unsent.waiting().some((entry) => entry.id === mine.id);
    if (waits) {
      unsent.remove(mine.id);
    } else {
      try {
        const found = await api.undo(mine.id);
        if (!found.tasks.length) {
          toast("The answer is undone; others have the image now.");
          if (counts(mine)) progress.counted(mine.given, 0, -1);
          refresh();
          return;
        }
        Object.assign(mine.given, { expires: found.tasks[0].expires });
      } catch (error) {
        if (error instanceof Unreachable) last = mine;
        toast(error instanceof Unreachable ? "An answer that is saved is undone when the connection is back." : error.message, "warn");
        refresh();
        return;
      }
    }
    if (counts(mine)) progress.counted(mine.given, 0, -1);
    mine.given.draft = mine.payload;
    queue.back(mine.given);
    await turnTo(mine.given);
    say("The last answer is undone.");
  }

  function primary() {
    if (stage.mode === "explained") { goOn(); return; }
    if (stage.mode !== "open" || !stage.ready) return;
    if (!isClass) submit("answer", stage.payload());
    else if (stage.suggestion) submit("answer", stage.suggestion.payload);
  }

  function choose(name) {
    if (stage.mode !== "open" || !stage.ready) return;
    if (isClass) { submit("answer", { class: name }); stage.flash(name); say(name); } else stage.pressed(name);
  }

  async function look() {
    await queue.fill();
    out.send();
  }

  const does = {
    submit: () => { if (!isClass || stage.mode === "explained") primary(); },
    accept: () => { if (stage.suggestion || stage.mode === "explained") primary(); },
    reject: () => { if (stage.suggestion && stage.mode === "open") { stage.reject(); refresh(); say("The suggestion is rejected."); } },
    cannotTell: () => { if (stage.ready) submit("cannot_tell"); },
    skip: () => { if (present && !present.training && stage.mode === "open") skipping.open(); },
    undo,
    instructions: () => help.open(true),
    find: () => stage.find(),
    larger: () => stage.view.larger(),
    smaller: () => stage.view.smaller(),
    fit: () => stage.view.fit(),
    add: () => { if (stage.mode === "open" && stage.ready) stage.add(); },
    copy: () => { if (stage.mode === "open") stage.editor.copy(); },
    remove: () => { if (stage.mode === "open") stage.editor.remove(); },
    next: () => { if (stage.mode === "open") { stage.editor.next(1); const box = stage.editor.selected; if (box) say(`Box ${stage.editor.chosen + 1} of ${stage.editor.boxes.length}, ${box.class}`); } },
    hand: () => { stage.setHand(!stage.hand); $("#hand").setAttribute("aria-pressed", String(stage.hand)); },
  };

  root.querySelectorAll("button[data-act]").forEach((button) => {
    const { act } = button.dataset;
    const key = button.querySelector("kbd");
    if (key && bound[act]) key.textContent = wordOf(bound[act]); else if (key && !key.textContent) key.remove();
    if (bound[act]) button.setAttribute("aria-keyshortcuts", bound[act] === " " ? "Space" : bound[act]);
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.act) (button.id === "primary" ? primary : does[button.dataset.act])();
    if (button && event.detail > 0 && !button.closest("dialog")) $("#canvas").focus({ preventScroll: true }); // keys go on with the image
  });
  document.addEventListener("keydown", (event) => {
    if (event.repeat && event.key === "Enter" && event.target.closest("button")) event.preventDefault(); // one press, one answer
  }, { capture: true });
  window.addEventListener("offline", () => { offline = true; refresh(); });
  window.addEventListener("beforeunload", (event) => { if (!unsent.lasting && unsent.waiting().length) event.preventDefault(); });
  $("#refused").addEventListener("click", () => {
    const all = unsent.refused();
    if (!all.length) return;
    toast(all[0].refused, "bad");
    all.forEach((entry) => unsent.remove(entry.id));
    refresh();
  });
  listen({ classes: work.classes, bound, choose, act: (name, event) => does[name](event), edit: (event) => stage.edit(event) });

  progress.told(work, unsent.waiting().filter((entry) => !entry.training).length);
  root.dataset.answer = work.answer;
  out.send();
  queue.fill().then(() => { if (queue.length) unsent.keepDraftsOf(queue.numbers()); });
  refresh();
  if (instructed && !unsent.seen("instructions", instructed)) help.open();
}

async function start() {
  try {
    open(await api.work());
  } catch (error) {
    const why = error instanceof Unreachable ? "offline" : { 401: "logged-out", 403: "banned" }[error.status] ?? (error.status === 404 ? "gone" : null);
    if (why === null) throw error;
    statesIn($("#state"), () => location.reload()).show(stateOf({ why, missing: "" }, null, joined));
  }
}

start();
