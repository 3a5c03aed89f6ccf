// Pictures: say so where one is no longer kept; show and hide boxes.

function absent(image) {
  const words = document.createElement("span");
  words.className = "absent";
  words.textContent = image.dataset.absent || "image not kept";
  const boxes = image.parentElement.querySelector(".boxes");
  if (boxes) boxes.remove();
  (image.closest(".fit") || image).replaceWith(words);
}

export function mark(root) {
  root.querySelectorAll("img[data-absent]").forEach((image) => {
    if (image.complete && image.src && image.naturalWidth === 0) absent(image);
    else image.addEventListener("error", () => absent(image), { once: true });
  });
}

mark(document);

const stage = document.querySelector(".stage");
const toggle = document.querySelector("[data-boxes]");
if (stage && toggle) {
  toggle.addEventListener("click", () => {
    const shown = !stage.classList.toggle("no-boxes");
    toggle.setAttribute("aria-pressed", String(shown));
  });
  document.querySelectorAll("[data-box]").forEach((row) => {
    const group = stage.querySelector(`#${row.dataset.box}`);
    if (!group) return;
    row.addEventListener("mouseenter", () => group.classList.add("hot"));
    row.addEventListener("mouseleave", () => group.classList.remove("hot"));
  });
}
