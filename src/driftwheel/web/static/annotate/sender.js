// Sends what is kept, in its order, one at a time, until the server has confirmed it; the same answer has the same
// id each time, so it counts once.

import { Unreachable } from "./api.js";

const FIRST_WAIT = 1; // seconds; doubled each time
const LONGEST_WAIT = 20;

export function sender(api, unsent, told) {
  let round = null;
  let timer = 0;
  let wait = 0;
  let stopped = false;

  async function rounds() {
    clearTimeout(timer);
    while (!stopped) {
      const [entry] = unsent.waiting();
      if (!entry) break;
      try {
        const answer = await api.answer(entry);
        wait = 0;
        unsent.remove(entry.id);
        told.kept(entry, answer);
      } catch (error) {
        if (error instanceof Unreachable) {
          wait = Math.min(LONGEST_WAIT, Math.max(FIRST_WAIT, 2 * wait));
          timer = setTimeout(send, 1000 * wait);
          told.held(error);
          return;
        }
        if (error.status === 401 || error.status === 403) {
          stopped = true;
          told.locked(error);
        } else if (error.status === 409) {
          unsent.remove(entry.id);
          told.conflict(entry, error);
        } else {
          unsent.refuse(entry.id, error.message ?? String(error));
          told.refused(entry, error);
        }
      }
    }
  }

  function send() {
    round = (round ?? Promise.resolve()).then(rounds);
    const mine = round;
    mine.finally(() => { if (round === mine) round = null; });
    return mine;
  }

  window.addEventListener("online", send);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && unsent.waiting().length) send(); });
  return { send, get busy() { return round !== null; }, settled: () => round ?? Promise.resolve() };
}
