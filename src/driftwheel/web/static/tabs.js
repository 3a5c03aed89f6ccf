// Tabs that do not fit beside each other: the one that is shown is in sight.

document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
  const tabs = tab.parentElement;
  tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
});
