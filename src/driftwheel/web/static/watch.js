// The heat map: arrows go through it, Enter or a click looks into a cell without loading the page anew.

import { inZone, localise } from "./times.js";
import { mark } from "./pictures.js";

const heat = document.querySelector("[data-heat]");
const place = document.querySelector("[data-cells]");
const PARTS = ["cell", "pictures", "reconstructions", "segments"];

function localTitles(root) {
  root.querySelectorAll("[title], [aria-label]").forEach((each) => {
    for (const name of ["title", "aria-label"]) {
      const text = each.getAttribute(name);
      if (text && text.includes(" UTC")) each.setAttribute(name, inZone(text));
    }
  });
  root.querySelectorAll("svg title").forEach((each) => {
    if (each.textContent.includes(" UTC")) each.textContent = inZone(each.textContent);
  });
}

localTitles(document);

if (heat && place) {
  const rows = [...heat.querySelectorAll("tbody tr")]
    .map((row) => [...row.cells].flatMap((cell) => Array(cell.colSpan).fill(cell.querySelector("a"))).slice(1, -1))
    .filter((row) => row.some(Boolean));
  let latest = 0;

  const here = () => {
    for (const [y, row] of rows.entries()) {
      const x = row.indexOf(document.activeElement);
      if (x >= 0) return [y, x];
    }
    return null;
  };

  const enter = (link) => {
    heat.querySelectorAll("a").forEach((each) => { each.tabIndex = each === link ? 0 : -1; });
  };

  const chosen = () => heat.querySelector('[aria-current="true"]') || rows.flat().find(Boolean);

  function choose(query) {
    const wanted = new URLSearchParams(query);
    const matches = (link) => {
      const its = new URL(link.href).searchParams;
      return its.get("at") === wanted.get("at") && its.get("property") === wanted.get("property");
    };
    heat.querySelectorAll("td a[href^='/models/']").forEach((link) => {
      if (matches(link)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
    if (!heat.contains(document.activeElement)) enter(chosen());
  }

  async function show(query) {
    const turn = ++latest;
    place.setAttribute("aria-busy", "true");
    choose(query);
    try {
      const answer = await fetch(`${place.dataset.cells}${query}`, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== latest) return;
      PARTS.forEach((id) => {
        const fresh = parsed.getElementById(id);
        const old = document.getElementById(id);
        if (fresh && old) old.replaceWith(document.adoptNode(fresh));
      });
      PARTS.forEach((id) => {
        const part = document.getElementById(id);
        localise(part);
        localTitles(part);
        mark(part);
      });
    } catch {
      if (turn === latest) window.location.assign(`${window.location.pathname}${query}`);
    } finally {
      if (turn === latest) place.removeAttribute("aria-busy");
    }
  }

  heat.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const query = new URL(link.href).searchParams;
    if (!query.get("property") && link.closest("tr").className === "alarms") return;
    event.preventDefault();
    if (!query.get("property")) {
      const now = new URLSearchParams(window.location.search).get("property") || heat.dataset.moved;
      if (now) query.set("property", now);
    }
    enter(link);
    window.history.pushState(null, "", `?${query}`);
    show(`?${query}`);
  });

  heat.addEventListener("keydown", (event) => {
    const at = here();
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    let [y, x] = at;
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!step && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    event.stopPropagation();
    if (!step) x = event.key === "Home" ? -1 : rows[y].length;
    const [down, right] = step || [0, event.key === "Home" ? 1 : -1];
    const from = rows[at[0]][at[1]];
    do { y += down; x += right; } while (rows[y] && x >= 0 && x < rows[y].length && (!rows[y][x] || rows[y][x] === from));
    const link = rows[y] && rows[y][x];
    if (link) { enter(link); link.focus(); }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "h" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const link = chosen();
    if (link) { enter(link); link.focus(); link.scrollIntoView({ block: "nearest" }); }
  }, true);

  window.addEventListener("popstate", () => show(window.location.search || "?"));
  enter(chosen());
  heat.parentElement.scrollLeft = heat.parentElement.scrollWidth; // the newest
}
