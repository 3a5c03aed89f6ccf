// A turn of the wheel that goes on: what changes is fetched anew every few seconds, until it has ended.

import { localise } from "./times.js";

const place = document.getElementById("live");
const EVERY = 5000;

async function look() {
  if (!place.querySelector("[data-open]")) return;
  try {
    const answer = await fetch(place.dataset.live, { headers: { Accept: "text/html" } });
    // Not while somebody is being asked for a decision, or is on one of the buttons.
    const busy = document.querySelector("dialog[open]") || place.contains(document.activeElement);
    if (answer.ok && !busy) {
      place.innerHTML = await answer.text();
      localise(place);
      if (!place.querySelector("[data-open]")) location.reload();
    }
  } catch {
    // the server may be back the next time
  }
  setTimeout(look, EVERY);
}

if (place) setTimeout(look, EVERY);
