// The line below a thread, which comes and goes with it: Enter sends a reply.

import { act } from "./acts.js";

document.addEventListener("submit", (event) => {
  if (event.target.id !== "reply") return;
  event.preventDefault();
  const text = event.target.querySelector("textarea");
  if (text.value.trim()) act("write", { text: text.value, thread: event.target.dataset.thread });
  text.value = "";
});

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "reply-text" || event.key !== "Enter") return;
  if (event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});
