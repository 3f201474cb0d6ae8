// Arrow keys follow the links that name them in aria-keyshortcuts. Without this file they are links all the same.
"use strict";

document.addEventListener("keydown", (event) => {
  if (!event.key.startsWith("Arrow") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input, textarea, select, summary, pre, [contenteditable]")) return;
  const name = (event.shiftKey ? "Shift+" : "") + event.key;
  const link = document.querySelector(`a[aria-keyshortcuts="${name}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});
