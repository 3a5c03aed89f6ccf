// Forms: ask before what cannot be undone, send once, copy commands, send a choice as soon as it is made.

function ask(words, label) {
  const dialog = document.createElement("dialog");
  const title = document.createElement("h2");
  const text = document.createElement("p");
  const acts = document.createElement("div");
  const no = document.createElement("button");
  const yes = document.createElement("button");
  [title.textContent, text.textContent] = words.split("|");
  acts.className = "acts";
  no.textContent = "Cancel";
  yes.textContent = label;
  yes.className = "danger";
  yes.value = "yes";
  acts.append(no, yes);
  dialog.append(title, text, acts);
  document.body.append(dialog);
  return new Promise((resolve) => {
    no.onclick = () => dialog.close();
    yes.onclick = () => dialog.close("yes");
    dialog.onclose = () => { resolve(dialog.returnValue === "yes"); dialog.remove(); };
    dialog.showModal();
    no.focus();
  });
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  const words = (button && button.dataset.ask) || form.dataset.ask;
  if (words && !form.dataset.agreed) {
    event.preventDefault();
    if (await ask(words, (button && button.textContent.trim()) || "Yes")) {
      form.dataset.agreed = "yes";
      form.requestSubmit(button);
    }
    return;
  }
  if (form.method !== "post") {
    // Leave out what was not filled in, so that an address says only what was asked for.
    form.querySelectorAll("input, select").forEach((field) => { if (field.value === "") field.disabled = true; });
    return;
  }
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  if (button && button.dataset.busy) button.textContent = button.dataset.busy;
  setTimeout(() => form.querySelectorAll("button").forEach((each) => { each.disabled = true; }));
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form").forEach((form) => {
    delete form.dataset.sent;
    delete form.dataset.agreed;
    form.querySelectorAll("[disabled]:not([data-off])").forEach((field) => {
      if (field.type !== "hidden") field.disabled = false;
    });
  });
});

document.querySelectorAll("input[data-most]").forEach((input) => {
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  input.addEventListener("change", () => {
    const file = input.files[0];
    const most = Number(input.dataset.most);
    const large = file && file.size > most;
    input.setCustomValidity(large ? `This file has ${megabytes(file.size)}; at most ${megabytes(most)} can be sent by a page.` : "");
    if (large) input.reportValidity();
  });
});

document.querySelectorAll("select[data-go]").forEach((select) => {
  select.addEventListener("change", () => select.form.requestSubmit());
});

document.querySelectorAll("[data-choose]").forEach((select) => {
  const show = () => document.querySelectorAll("[data-when]").forEach((part) => {
    part.hidden = part.dataset.when !== select.value;
    part.querySelectorAll("input, select, textarea").forEach((field) => { field.disabled = part.hidden; });
  });
  select.addEventListener("change", show);
  show();
});

export function copies(root) {
  if (!navigator.clipboard) return;
  root.querySelectorAll(".command:not(.copies)").forEach((block) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.onclick = async () => {
      await navigator.clipboard.writeText(block.querySelector("pre").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    };
    block.classList.add("copies");
    block.append(button);
  });
}

copies(document);
