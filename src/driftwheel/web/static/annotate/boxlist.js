// The boxes as a list beside the image: each can be chosen and deleted without a pointer on the image.

export function boxListIn(list, { choose, remove, colourOf }) {
  const words = (box) => `${Math.round(box.w)} × ${Math.round(box.h)}`;

  function entry(box, index, chosen, open) {
    const item = document.createElement("li");
    const pick = document.createElement("button");
    const name = document.createElement("span");
    const size = document.createElement("small");
    pick.type = "button";
    pick.className = "pick";
    pick.style.setProperty("--colour", colourOf(box.class));
    pick.setAttribute("aria-pressed", String(index === chosen));
    name.className = "name";
    name.textContent = box.class;
    size.textContent = box.suggested ? "suggested" : words(box);
    pick.append(name, size);
    pick.addEventListener("click", () => choose(index));
    item.append(pick);
    if (open) {
      const gone = document.createElement("button");
      gone.type = "button";
      gone.className = "gone";
      gone.textContent = "×";
      gone.setAttribute("aria-label", `Delete box ${index + 1}, ${box.class}`);
      gone.addEventListener("click", () => { choose(index); remove(); });
      item.append(gone);
    }
    return item;
  }

  return {
    show(boxes, chosen, open) {
      const at = [...list.querySelectorAll(".pick")].indexOf(document.activeElement);
      list.replaceChildren(...boxes.map((box, index) => entry(box, index, chosen, open)));
      const picks = list.querySelectorAll(".pick");
      if (at >= 0) (picks[Math.min(at, picks.length - 1)] ?? document.querySelector("#canvas")).focus({ preventScroll: true });
      picks[chosen]?.scrollIntoView({ block: "nearest" });
    },
  };
}
