// First steps: the page follows what happens, without taking away what one reads or writes just now.

import { localise } from "./times.js";
import { copies } from "./forms.js";

const list = document.querySelector("#steps");
const EVERY = 3000;

function follow(fresh) {
  if (fresh.hasAttribute("data-finished") !== list.hasAttribute("data-finished")) { location.replace("/start"); return; }
  fresh.querySelectorAll("[data-step]").forEach((next) => {
    const old = list.querySelector(`[data-step="${next.dataset.step}"]`);
    if (!old || old.dataset.mark === next.dataset.mark) return;
    if (old.hasAttribute("data-keep") || old.dataset.state === next.dataset.state || old.contains(document.activeElement)) {
      const said = next.querySelector(".step-said");
      const was = old.querySelector(".step-said");
      if (said && was) was.replaceWith(said); else if (said) old.querySelector("h2").after(said); else if (was) was.remove();
      old.querySelector(".step-mark").replaceWith(next.querySelector(".step-mark"));
      old.className = next.className;
      Object.assign(old.dataset, { mark: next.dataset.mark, state: next.dataset.state });
    } else {
      old.replaceWith(next);
      copies(next);
    }
  });
  localise(list);
}

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/start", { headers: { "X-Part": "steps" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("#steps");
        if (fresh) follow(fresh);
      }
    } catch { /* the server restarts: it is asked again */ }
  }
  setTimeout(look, EVERY);
}

if (list && !list.hasAttribute("data-finished")) setTimeout(look, EVERY);
