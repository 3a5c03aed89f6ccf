// A training that runs: what changes is fetched anew every few seconds, until it is over.

import { localise } from "./times.js";

const place = document.getElementById("live");
const EVERY = 3000;

async function look() {
  if (!place.querySelector("[data-open]")) return;
  try {
    const answer = await fetch(place.dataset.live, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const log = place.querySelector(".log");
      const atEnd = !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
      const from = log ? log.scrollTop : 0;
      const open = [...place.querySelectorAll("details[open] > summary")].map((each) => each.textContent);
      place.innerHTML = await answer.text();
      localise(place);
      place.querySelectorAll("details > summary").forEach((each) => {
        if (open.includes(each.textContent)) each.parentElement.open = true;
      });
      const now = place.querySelector(".log");
      if (now) now.scrollTop = atEnd ? now.scrollHeight : from;
      if (!place.querySelector("[data-open]")) location.reload();
    }
  } catch {
    // the server may be back the next time
  }
  setTimeout(look, EVERY);
}

if (place) {
  const log = place.querySelector(".log");
  if (log) log.scrollTop = log.scrollHeight;
  setTimeout(look, EVERY);
}
