// How far one has come, and whether all is saved: one line each, and a bar where a share is known.

const LAST = 20; // answers whose time is told
const several = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const share = (part) => `${Math.round(100 * part)} %`;

export function progressIn(root) {
  const line = root.querySelector("#progress-line");
  const bar = root.querySelector("#progress-bar");
  const sum = root.querySelector("#sum");
  const golden = root.querySelector("#golden-line");
  const saved = root.querySelector("#saved");
  const why = root.querySelector("#refused");
  const stage = root.querySelector("#stage");
  const paces = [];
  let work = null;
  let here = 0; // answers of this page that the work does not count yet

  function standing(task) { // of the pool that one works in
    const all = work?.pools ?? [];
    return all.find((one) => one.pool === task?.pool) ?? all.at(-1) ?? null;
  }

  const stageOf = (task) => (task?.training ? "Training" : task && standing(task)?.stage === "exam" ? "Exam" : "");

  function show(task, mode) {
    const at = standing(task);
    const answered = (work?.pools ?? []).reduce((sum, one) => sum + one.answered, 0) + here;
    const pace = paces.length >= 3 ? paces.reduce((sum, one) => sum + one, 0) / paces.length : null;
    const words = [several(answered, "answer", "answers")];
    if (pace !== null) words.push(`${pace.toFixed(1)} s each`);
    const part = at?.labelled ?? null;
    if (part) words.push(`${share(part)} or more labelled`);
    line.textContent = words.join(" · ");
    sum.textContent = answered ? words.slice(0, 2).join(" · ") : "";
    bar.hidden = part === null;
    if (part !== null) bar.value = part;
    const known = (work?.pools ?? []).filter((one) => one.golden);
    const n = known.reduce((sum, one) => sum + one.golden, 0);
    golden.hidden = n === 0;
    if (n) golden.textContent = `${share(known.reduce((sum, one) => sum + one.golden_correct, 0) / n)} of ${several(n, "golden task", "golden tasks")} right`;
    if (mode === "open" || !task) showStage(task, at); // what is explained is still the same one
  }

  function showStage(task, at) {
    const kind = stageOf(task);
    stage.hidden = !kind;
    if (!kind) return;
    const known = at && at.stage_tasks ? ` ${Math.min(at.stage_done + 1, at.stage_tasks)} of ${at.stage_tasks}` : "";
    stage.textContent = `${kind}${known}`;
    stage.title = task.training ? "The right answer is shown after yours." : "Answer as well as you can: it decides whether you get tasks.";
  }

  return {
    show,
    stageOf,
    get settled() { return (work?.pools ?? []).length > 0 && work.pools.every((one) => one.stage === "work"); },
    told(found, waiting = 0) { work = found; here = waiting; },
    counted(task, seconds, by = 1) {
      if (stageOf(task)) {
        const at = standing(task);
        if (at?.stage_tasks) at.stage_done += by;
        return;
      }
      here += by;
      if (by > 0 && seconds > 0) paces.push(seconds);
      if (paces.length > LAST) paces.shift();
    },
    saved({ waiting, refused, offline, lasting, busy }) {
      let [words, short, tone] = ["All answers saved", "Saved", "ok"];
      const [they, are] = waiting === 1 ? ["it is", "is"] : ["they are", "are"];
      if (waiting && offline) {
        const where = lasting ? `${are} kept on this device, and sent when the connection is back` : `${are} kept while this page is open: do not close it`;
        words = `No connection. ${several(waiting, "answer", "answers")} ${where}`;
        [short, tone] = [`Offline: ${waiting} kept`, "warn"];
      } else if (offline) {
        words = "No connection. You can go on: answers are kept on this device";
        [short, tone] = ["Offline", "warn"];
      } else if (waiting > 1 || (waiting && !busy)) {
        words = `Saving ${several(waiting, "answer", "answers")}, ${they} kept until then`;
        [short, tone] = [`Saving ${waiting}`, ""];
      } else if (waiting) {
        words = "Saving …";
        [short, tone] = ["Saving …", ""];
      }
      if (refused) {
        words = `${several(refused, "answer was", "answers were")} not taken`;
        [short, tone] = [`${refused} not taken`, "bad"];
      }
      why.hidden = !refused;
      const before = saved.dataset.tone ?? "";
      const news = tone !== before && [tone, before].some((one) => ["warn", "bad"].includes(one));
      if (saved.textContent !== words) saved.textContent = words;
      Object.assign(saved.dataset, { tone, short });
      return news ? words : "";
    },
  };
}
