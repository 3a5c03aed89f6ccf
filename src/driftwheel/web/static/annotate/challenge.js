// A challenge: digits in an image, to be typed before tasks come again. Its time begins when the image is loaded.

const PAUSE = 700; // ms

export function challengeIn(form, { api, passed, failed }) {
  const image = form.querySelector("img");
  const field = form.querySelector("input");
  const said = form.querySelector(".wrong");
  let key = null;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation(); // it is sent more than once
    const text = field.value.trim();
    if (!text || key === null) return;
    const mine = key;
    key = null;
    try {
      const found = await api.reply(mine, text);
      said.hidden = found.passed;
      passed();
    } catch (error) {
      key = mine;
      failed(error);
    }
  });

  return {
    hide() { form.hidden = true; key = null; said.hidden = true; },
    show(challenge) {
      if (challenge === key) return;
      key = challenge;
      image.src = `${api.challengeAt(challenge)}?${Date.now()}`;
      field.value = "";
      form.hidden = false;
      setTimeout(() => { // keys that were meant for the image before are not the reply
        field.value = "";
        if (key === challenge) field.focus();
      }, PAUSE);
    },
  };
}
