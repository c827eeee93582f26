// The line at the bottom: Enter sends, / @ and # offer what can be typed.

import { act } from "./acts.js";

const form = document.getElementById("composer");
const text = document.getElementById("composer-text");
const list = document.getElementById("completion");

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim()) act("write", { text: text.value });
    text.value = "";
    offer();
  });
  form.addEventListener("click", (event) => {
    const shortcut = event.target.closest("[data-shortcut]");
    shortcut?.closest("details").removeAttribute("open");
    if (shortcut) act("shortcut", { callback_id: shortcut.dataset.shortcut });
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  text.addEventListener("input", offer);
  text.addEventListener("blur", () => show([]));
  text.addEventListener("keydown", keydown);
}

// The word at the cursor, if it could be completed: a command only at the very beginning.
function word() {
  const before = text.value.slice(0, text.selectionStart);
  const found = /(?:^|\s|,|:)([@#][\w.-]*)$/.exec(before) ?? /^(\/[\w-]*)$/.exec(before);
  return found ? found[1] : "";
}

function offer() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
  const typed = word().toLowerCase();
  const fits = (option) =>
    option.dataset.sign === typed[0] && option.textContent.toLowerCase().includes(typed.slice(1));
  show(typed ? [...list.children].filter(fits) : []);
}

function show(options) {
  for (const option of list.children) option.hidden = !options.includes(option);
  list.hidden = !options.length;
  text.setAttribute("aria-expanded", String(!list.hidden));
  mark(options[0]);
}

function mark(option) {
  list.querySelector("[aria-selected=true]")?.removeAttribute("aria-selected");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) text.setAttribute("aria-activedescendant", option.id);
  else text.removeAttribute("aria-activedescendant");
}

function take(option) {
  const start = text.selectionStart - word().length;
  text.setRangeText(`${option.dataset.value} `, start, text.selectionStart, "end");
  show([]);
  text.focus();
}

function keydown(event) {
  const there = [...list.children].filter((option) => !option.hidden);
  const marked = list.hidden ? null : list.querySelector("[aria-selected=true]");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const whole = marked?.dataset.value === word();
  if (marked && step) mark(there[(there.indexOf(marked) + step + there.length) % there.length]);
  else if (marked && event.key === "Escape") show([]);
  else if (marked && (event.key === "Tab" || (event.key === "Enter" && !whole))) take(marked);
  else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) form.requestSubmit();
  else return;
  event.preventDefault();
}
