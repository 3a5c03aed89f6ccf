// The tasks that come next, their images loaded and decoded before they are shown.

import { Unreachable } from "./api.js";

const AHEAD = 6; // tasks that one has beside the present one
const RECHECK = 20000; // ms, while there is nothing to do
const SOON = 500; // ms, where all that came was answered meanwhile
const THUMBNAIL = 1280; // pixels of the longer side
const PLAIN = 4e6; // pixels; a larger image comes as a thumbnail first
const MOST = 50; // that the server hands out

async function load(address) {
  const image = new Image();
  image.decoding = "async";
  image.draggable = false;
  image.alt = "";
  image.src = address;
  await image.decode();
  return image;
}

function lies(image, task) { // another orientation than the server's: coordinates would not fit
  if (!task.width || !task.height) return false;
  return Math.abs(image.naturalWidth / image.naturalHeight - task.width / task.height) > 0.02 * (task.width / task.height);
}

export function picturesOf(api, exact) { // exact: coordinates are asked for
  async function first(task) {
    const large = (task.width ?? 0) * (task.height ?? 0) > PLAIN;
    if (!large) {
      try {
        const image = await load(api.imageAt(task));
        if (!lies(image, task)) return { image, whole: true };
      } catch { /* a format that browsers do not show: the server's picture of it */ }
    }
    if (exact && !task.width) throw new Error("Nobody knows how large the image is.");
    return { image: await load(api.imageAt(task, THUMBNAIL)), whole: false };
  }

  return {
    begin(task) {
      const picture = { image: null, whole: false, failed: false, ready: null };
      picture.ready = first(task).then((found) => Object.assign(picture, found), () => { picture.failed = true; });
      return picture;
    },
    whole: (task) => load(api.imageAt(task)).then((image) => (lies(image, task) ? null : image), () => null),
  };
}

const endOf = ({ why, missing, until = null, challenge = null }) => ({ why, missing, until, challenge });

export function queueOf(api, unsent, pictures, told) {
  const tasks = [];
  const answered = new Set();
  let filling = null;
  let timer = 0;
  let end = endOf({ why: "", missing: "" });

  function take(found) {
    const held = new Set(unsent.all().map((entry) => entry.task));
    const fresh = found.tasks.filter((one) => !answered.has(one.task) && !held.has(one.task));
    const known = new Map(tasks.map((one) => [one.task, one]));
    const first = tasks[0];
    if (found.why === "paused") { // what one has may still be answered
      end = endOf(found);
      return;
    }
    const kept = fresh.map((one) => known.get(one.task) ?? { ...one, picture: pictures.begin(one) });
    for (const one of kept) { // leases were renewed
      const given = fresh.find((each) => each.task === one.task);
      one.expires = given.expires;
    }
    tasks.length = 0;
    if (first && !kept.includes(first)) tasks.push(first); // it is being looked at: its answer may still count
    tasks.push(...kept.filter((one) => one === first), ...kept.filter((one) => one !== first));
    end = endOf(found);
  }

  async function ask() {
    clearTimeout(timer);
    try {
      const found = await api.next(Math.min(MOST, Math.max(AHEAD, tasks.length) + 1 + unsent.waiting().length));
      take(found);
      told.noticed(found.notices ?? []);
      told.filled();
      if (!tasks.length) timer = setTimeout(fill, end.why ? RECHECK : SOON);
    } catch (error) {
      if (!(error instanceof Unreachable)) { told.locked(error); return; }
      told.held(error);
      timer = setTimeout(fill, RECHECK / 4);
    }
  }

  function fill() {
    filling ??= ask().finally(() => { filling = null; });
    return filling;
  }

  function retryPictures() { // those that did not come without a connection
    tasks.filter((one) => one.picture.failed).forEach((one) => { one.picture = pictures.begin(one); });
  }

  window.addEventListener("online", fill);
  setInterval(() => { // leases of who looks long are renewed
    const soonest = Math.min(...tasks.map((one) => Date.parse(one.expires) - Date.now()));
    if (!document.hidden && tasks.length && soonest < 60000) fill();
  }, 15000);

  return {
    fill,
    retryPictures,
    get present() { return tasks[0] ?? null; },
    get length() { return tasks.length; },
    get end() { return end; },
    get asking() { return filling !== null; },
    wants: () => tasks.length <= AHEAD / 2,
    done(task) {
      answered.add(task);
      if (tasks[0]?.task === task) tasks.shift();
    },
    back(task) {
      answered.delete(task.task);
      const at = tasks.findIndex((one) => one.task === task.task);
      if (at >= 0) tasks.splice(at, 1);
      tasks.unshift(task);
    },
    numbers: () => tasks.map((one) => one.task),
  };
}
