// Answers that the server has not yet confirmed, one entry of localStorage each: written before the page goes on,
// there after a reload, and never overwritten by another window. Drafts of boxes are kept in the same way.

const PREFIX = "driftwheel";

function memory() {
  const kept = new Map();
  return {
    get length() { return kept.size; },
    key: (index) => [...kept.keys()][index] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => { kept.set(key, value); },
    removeItem: (key) => { kept.delete(key); },
  };
}

function usable() {
  try {
    localStorage.setItem(`${PREFIX} probe`, "1");
    localStorage.removeItem(`${PREFIX} probe`);
    return localStorage;
  } catch {
    return null;
  }
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only over HTTPS and on this machine
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function unsentOf(project, annotator) {
  const disk = usable();
  let storage = disk ?? memory();
  const scope = `${PREFIX} ${project} ${encodeURIComponent(annotator)}`;
  const unsent = `${scope} unsent `;
  const draft = `${scope} draft `;

  function keys(prefix) {
    const found = [];
    for (let index = 0; index < storage.length; index += 1) {
      const key = storage.key(index);
      if (key !== null && key.startsWith(prefix)) found.push(key);
    }
    return found.sort();
  }

  function read(key) {
    try {
      return JSON.parse(storage.getItem(key));
    } catch {
      return null; // not ours
    }
  }

  function write(key, value) {
    try {
      storage.setItem(key, JSON.stringify(value));
    } catch { // the disk of the browser is full: kept as long as the page is
      const old = storage;
      storage = memory();
      for (let index = 0; index < old.length; index += 1) {
        const each = old.key(index);
        if (each.startsWith(scope)) storage.setItem(each, old.getItem(each));
      }
      storage.setItem(key, JSON.stringify(value));
    }
  }

  const entries = () => keys(unsent).map((key) => ({ key, ...read(key) })).filter((entry) => entry.id);
  const keyOf = (id) => entries().find((entry) => entry.id === id)?.key;

  return {
    get lasting() { return storage === disk; },
    all: entries,
    waiting: () => entries().filter((entry) => entry.refused === undefined),
    refused: () => entries().filter((entry) => entry.refused !== undefined),
    add(entry) { write(`${unsent}${String(Date.now()).padStart(15, "0")} ${entry.id}`, entry); },
    remove(id) { const key = keyOf(id); if (key) storage.removeItem(key); },
    refuse(id, reason) { const key = keyOf(id); if (key) write(key, { ...read(key), refused: reason }); },
    draftOf: (task) => read(`${draft}${task}`),
    keepDraft(task, payload) { write(`${draft}${task}`, payload); },
    dropDraft(task) { storage.removeItem(`${draft}${task}`); },
    keepDraftsOf(tasks) {
      const known = new Set(tasks.map((task) => `${draft}${task}`));
      keys(draft).filter((key) => !known.has(key)).forEach((key) => storage.removeItem(key));
    },
    has: (what) => read(`${scope} seen ${what}`) !== null,
    seen(what, mark) { // whether this was marked so before; it is from now on
      const key = `${scope} seen ${what}`;
      const before = read(key) === mark;
      if (!before) write(key, mark);
      return before;
    },
  };
}
