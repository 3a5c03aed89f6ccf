// Times in the viewer's zone. The server writes UTC in <time datetime>, and this rewrites the text:
//   data-say="moment"   Nov 23, 02:14:05          data-say="day"   Sat, Nov 21 (utc-day, short-day: of UTC)
//   data-say="minute"   Nov 23, 02:14             data-say="ago"   2 min ago
// The other form, and the zone, are in the title. <input data-utc> are turned round: shown local, sent as UTC.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const format = (options) => new Intl.DateTimeFormat("en", { hourCycle: "h23", ...options });
const day = { month: "short", day: "numeric" };
const minute = { ...day, hour: "2-digit", minute: "2-digit" };
const FORMS = {
  moment: format({ ...minute, second: "2-digit" }),
  minute: format(minute),
  hour: format(minute),
  day: format({ ...day, weekday: "short" }),
  "utc-day": format({ ...day, weekday: "short", timeZone: "UTC" }),
  "short-day": format({ ...day, timeZone: "UTC" }),
};
const WITH_YEAR = {
  moment: format({ ...minute, second: "2-digit", year: "numeric" }),
  minute: format({ ...minute, year: "numeric" }),
  hour: format({ ...minute, year: "numeric" }),
  day: format({ ...day, year: "numeric" }),
  "utc-day": format({ ...day, year: "numeric", timeZone: "UTC" }),
  "short-day": format({ ...day, timeZone: "UTC" }),
};
const FULL = format({ dateStyle: "full", timeStyle: "long" });
const STEPS = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["h", 3600], ["min", 60]];

export function ago(moment, now = new Date()) {
  const seconds = (moment - now) / 1000;
  for (const [unit, length] of STEPS) {
    const n = Math.trunc(Math.abs(seconds) / length);
    if (n < 1) continue;
    const span = `${n} ${unit}${n > 1 && length > 3600 ? "s" : ""}`;
    return seconds < 0 ? `${span} ago` : `in ${span}`;
  }
  return seconds > 30 ? "in under a minute" : "just now";
}

function write(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const say = element.dataset.say || "minute";
  const forms = moment.getFullYear() === new Date().getFullYear() ? FORMS : WITH_YEAR;
  element.textContent = say === "ago" ? ago(moment) : (forms[say] || forms.minute).format(moment);
  element.title = say === "ago" ? FULL.format(moment) : `${FULL.format(moment)} (${ago(moment)})`;
}

export function localise(root = document) {
  root.querySelectorAll("time[datetime]").forEach(write);
}

function twoDigits(n) { return String(n).padStart(2, "0"); }

function localText(moment) {
  const date = [moment.getFullYear(), twoDigits(moment.getMonth() + 1), twoDigits(moment.getDate())].join("-");
  return `${date}T${twoDigits(moment.getHours())}:${twoDigits(moment.getMinutes())}`;
}

function turn(input) {
  const sent = document.createElement("input");
  sent.type = "hidden";
  sent.name = input.name;
  const send = () => {
    const moment = new Date(input.value);
    sent.value = input.value && !Number.isNaN(moment.getTime()) ? moment.toISOString().replace(".000Z", "Z") : "";
    sent.disabled = !sent.value;
  };
  if (input.value) input.value = localText(new Date(`${input.value}Z`));
  input.removeAttribute("name");
  input.after(sent);
  input.addEventListener("input", send);
  send();
  document.querySelectorAll(`[data-zone-of="${input.id}"]`).forEach((label) => { label.textContent = zone; });
}

localise();
// Plain text, as in titles: "2026-11-23 02:14 UTC" becomes the time in the viewer's zone.
const WRITTEN = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}) UTC/g;
export function inZone(text) {
  return text.replace(WRITTEN, (_, date, time) => FORMS.minute.format(new Date(`${date}T${time}Z`)));
}
document.querySelectorAll("input[data-utc]").forEach(turn);
document.querySelectorAll("[data-zone]").forEach((element) => { element.textContent = zone; });
setInterval(() => document.querySelectorAll('time[data-say="ago"]').forEach(write), 30000);
