// A button beside a text that copies it. Without this file the text can be selected all the same.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
  }
});

const show = (root) => root.querySelectorAll("button[data-copy][hidden]").forEach((button) => (button.hidden = false));
show(document);
document.addEventListener("htmx:load", (event) => show(event.target));
