// What is shown in place of a task, where there is none: why, and what one can do.

const TIME = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const again = { words: "Look again", act: "look" };

function nothingOpen(work) {
  const said = {
    finished: ["All images are labelled", "Thank you. There is nothing left to do here."],
    budget: ["The budget is spent", "No more answers can be paid for just now. Thank you for yours."],
    closed: ["Labelling is closed", "Who runs this project has closed it. Nothing of your work is lost."],
    not_open: ["Labelling has not begun", "The images are being prepared. Come back later, or leave this page open."],
  }[work?.state];
  if (!said) return null;
  return { title: said[0], text: said[1], tone: work.state === "finished" ? "ok" : "", button: again };
}

export function stateOf({ why, missing, until }, work, joined) {
  if (why === "banned") {
    return { title: "You can no longer label here", text: "You were banned from this project. If you think that is a mistake, ask who invited you.", tone: "bad" };
  }
  if (why === "logged-out") {
    return joined
      ? { title: "Your access has ended", text: "You were banned from this project, or your access was withdrawn. If you think that is a mistake, ask who invited you.", tone: "bad" }
      : { title: "You are logged out", text: "What you have answered is kept on this device, and sent when you have logged in again.", tone: "warn", link: { words: "Log in", href: `/log-in?next=${encodeURIComponent(location.pathname)}` } };
  }
  if (why === "gone") return { title: "There is no such project", text: "It was deleted, or is not for you.", tone: "bad" };
  if (why === "offline") return { title: "No connection", text: "The next images could not be loaded. As soon as the connection is back, you can go on; what you have answered is kept.", tone: "warn", button: { words: "Try again", act: "look" } };
  if (why === "challenge") return { title: "Are you there?", text: "Type the digits that you see, so that we know that a person labels.", tone: "" };
  if (why === "paused") return { title: "Time for a pause", text: `${until ? `Tasks come again at ${TIME.format(new Date(until))}. ` : ""}The last answers were faster than one can look, or too many were passed over, or they were too much like somebody else's. Look closely, and read the instructions again.`, tone: "warn", button: again };
  if (why === "exam_failed") return { title: "The exam was not passed", text: "So there are no tasks for you here. Thank you for your time.", tone: "bad" };
  if (why === "not_qualified") return { title: "You lack something that is required", text: `To label here you need ${missing}. Who runs this project can give it to you.`, tone: "warn", button: again };
  const closed = nothingOpen(work);
  if (closed) return closed;
  return { title: "Nothing to label just now", text: "You have seen all images that are left, or others have them at this moment. When one comes back, it appears here by itself.", tone: "ok", button: again };
}

export function statesIn(panel, look) {
  const [title, text, acts] = ["h2", "p", ".acts"].map((name) => panel.querySelector(`:scope > ${name}`));
  let now = null;
  return {
    get shown() { return now; },
    hide() { now = null; panel.hidden = true; },
    show(state, undo = null) {
      if (now && now.title === state.title && now.text === state.text) return;
      now = state;
      panel.dataset.tone = state.tone ?? "";
      title.textContent = state.title;
      text.textContent = state.text;
      acts.replaceChildren();
      if (state.button) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = state.button.words;
        button.addEventListener("click", look);
        acts.append(button);
      }
      if (undo) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "Undo the last answer";
        button.addEventListener("click", undo);
        acts.append(button);
      }
      if (state.link) {
        const link = document.createElement("a");
        link.className = "btn pri";
        link.href = state.link.href;
        link.textContent = state.link.words;
        acts.append(link);
      }
      panel.hidden = false;
      title.focus();
    },
  };
}
