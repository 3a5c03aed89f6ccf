// Acts: sheets that open by their address (#acknowledge, as in messages) and by keys; rows that keys go through.

function open(sheet) {
  sheet.open = true;
  const field = sheet.querySelector("input:not([type=hidden]), textarea, .choices button");
  if (field) field.focus();
}

document.querySelectorAll("details.act").forEach((sheet) => {
  sheet.querySelector("summary").addEventListener("click", (event) => {
    if (sheet.open) return;
    event.preventDefault(); // opened here and now: what is typed next belongs in its field
    open(sheet);
  });
});

function openNamed() {
  const sheet = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (sheet && sheet.matches("details.act")) open(sheet);
}

openNamed();
window.addEventListener("hashchange", openNamed);

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.act[open]").forEach((sheet) => {
    if (!sheet.contains(event.target)) sheet.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.act[open]").forEach((sheet) => {
    sheet.open = false;
    sheet.querySelector("summary").focus();
  });
});

// A field within a closed sheet that has a key: the key opens the sheet first.
document.querySelectorAll("details.act [data-key]:not(summary)").forEach((field) => {
  const sheet = field.closest("details.act");
  document.addEventListener("keydown", (event) => {
    if (event.key === field.dataset.key && !event.target.closest("input, textarea, select") && !event.ctrlKey && !event.metaKey && !event.altKey) sheet.open = true;
  }, { capture: true });
});

const rows = [...document.querySelectorAll("[data-row]")];
if (rows.length) {
  const at = () => rows.indexOf(document.activeElement);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      const to = at() < 0 ? 0 : Math.min(Math.max(at() + (event.key === "j" ? 1 : -1), 0), rows.length - 1);
      rows[to].focus();
      rows[to].scrollIntoView({ block: "nearest" });
      return;
    }
    const row = at() < 0 ? rows[0].closest("li, tr") : rows[at()].closest("li, tr");
    const act = [...row.querySelectorAll("[data-row-key]")].find((each) => each.dataset.rowKey === event.key);
    if (act && at() >= 0) { event.preventDefault(); act.click(); }
  });
}

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
document.querySelectorAll("[data-own-zone]").forEach((input) => { if (!input.value) input.value = ownZone; });
