// Nothing depends on this: it only lets a picture be opened large, by mouse or keyboard.
(() => {
  const pictures = [...document.querySelectorAll(".pic img")];
  if (!pictures.length || !window.HTMLDialogElement) return;
  const dialog = document.createElement("dialog");
  const image = document.createElement("img");
  const name = document.createElement("p");
  const buttons = document.createElement("div");
  let at = 0;
  const show = (i) => {
    at = (i + pictures.length) % pictures.length;
    image.src = pictures[at].src;
    image.alt = pictures[at].alt;
    name.textContent = pictures[at].alt;
    if (!dialog.open) dialog.showModal();
  };
  for (const [label, step] of [["Previous", -1], ["Next", 1], ["Close", 0]]) {
    const button = document.createElement("button");
    button.textContent = label;
    button.onclick = step ? () => show(at + step) : () => dialog.close();
    buttons.append(button);
  }
  dialog.setAttribute("aria-label", "Picture");
  dialog.append(image, name, buttons);
  dialog.onkeydown = (event) => {
    if (event.key === "ArrowRight") show(at + 1);
    if (event.key === "ArrowLeft") show(at - 1);
  };
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  dialog.onclose = () => pictures[at].focus();
  document.body.append(dialog);
  pictures.forEach((picture, i) => {
    picture.tabIndex = 0;
    picture.setAttribute("role", "button");
    picture.onclick = () => show(i);
    picture.onkeydown = (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(i); }
    };
  });
})();
