// How long a task was looked at: not while the page is hidden, or before the image is there.

export function clock() {
  let shown = 0;
  let began = null;

  const pause = () => { if (began !== null) shown += performance.now() - began; began = null; };
  const go = () => { if (began === null && !document.hidden) began = performance.now(); };
  document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); else if (running) go(); });
  let running = false;

  return {
    start() { shown = 0; began = null; running = true; go(); },
    stop() {
      pause();
      running = false;
      return Math.round(shown / 100) / 10;
    },
  };
}
