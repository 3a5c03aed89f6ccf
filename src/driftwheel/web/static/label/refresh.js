// A part of a page that changes by itself is fetched anew until it rests; then the whole page is.

function look() {
  const part = document.querySelector("[data-refresh]");
  if (!part) { location.replace(location.pathname); return; }
  setTimeout(async () => {
    try {
      const page = await fetch(location.pathname);
      const fresh = page.ok && new DOMParser().parseFromString(await page.text(), "text/html").querySelector(`#${part.id}`);
      if (fresh && document.querySelector("dialog[open]") === null) part.replaceWith(fresh);
    } catch { /* the connection comes back */ }
    look();
  }, 1000 * Number(part.dataset.refresh));
}

look();
