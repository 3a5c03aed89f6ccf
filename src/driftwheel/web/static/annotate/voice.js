// What is said in passing: to all as a line that goes away, and to who does not see the page.

const STAYS = 6000; // ms

export function voiceIn(root) {
  const live = root.querySelector("#announce");
  const line = root.querySelector("#toast");
  let said = 0;
  return {
    say(words) {
      live.textContent = "";
      live.textContent = words;
    },
    toast(words, tone = "") {
      line.textContent = words;
      line.dataset.tone = tone;
      line.hidden = false;
      said += 1;
      const mine = said;
      setTimeout(() => { if (mine === said) line.hidden = true; }, STAYS);
    },
  };
}
