// Menus one can type into: one or many choices, people, places, and those that ask the app.
// What is chosen lives in the workspace; a choice is drawn here at once and by the workspace later.

import { act, surface } from "./acts.js";
import { choose } from "./controls.js";

const combo = (element) => element.closest?.(".combo");
const field = (box) => box.querySelector("[role=combobox]");
const list = (box) => box.querySelector("[role=listbox]");
const options = (box) => [...list(box).querySelectorAll("[role=option]:not([hidden])")];
const chips = (box) => [...box.querySelectorAll(".chip")];
const named = (option) => option.firstChild.data.trim(); // a description may follow

function open(box) {
  for (const other of document.querySelectorAll(".combo")) if (other !== box) close(other);
  list(box).hidden = false;
  field(box).setAttribute("aria-expanded", "true");
  list(box).scrollIntoView({ block: "nearest" });
}

function close(box) {
  if (list(box).hidden) return;
  list(box).hidden = true;
  field(box).setAttribute("aria-expanded", "false");
  field(box).value = field(box).getAttribute("value") ?? "";
  filter(box, "");
  highlight(box, null);
}

function filter(box, typed) {
  if ("external" in box.dataset) return;
  const wanted = typed.trim().toLowerCase();
  let any = false;
  for (const option of list(box).querySelectorAll("[role=option]")) {
    option.hidden = !option.textContent.toLowerCase().includes(wanted);
    any ||= !option.hidden;
  }
  list(box).querySelector(".none").hidden = any;
}

function highlight(box, option) {
  list(box).querySelector(".active")?.classList.remove("active");
  option?.classList.add("active");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field(box).setAttribute("aria-activedescendant", option.id);
  else field(box).removeAttribute("aria-activedescendant");
}

function pick(box, option) {
  if (box.dataset.many) return toggle(box, option.dataset.value, named(option));
  mark(box, [option.dataset.value]);
  field(box).setAttribute("value", named(option));
  close(box);
  choose(box, option.dataset.value);
}

function clear(box) {
  mark(box, []);
  field(box).setAttribute("value", "");
  field(box).value = "";
  choose(box, null);
}

function toggle(box, value, label) {
  const there = chips(box).find((one) => one.dataset.value === value);
  if (there) there.remove();
  else field(box).before(chip(value, label));
  field(box).value = "";
  filter(box, "");
  const values = chips(box).map((one) => one.dataset.value);
  mark(box, values);
  choose(box, values);
}

// As the template draws it.
function chip(value, label) {
  const shown = document.createElement("span");
  shown.className = "chip";
  shown.dataset.value = value;
  const remove = document.createElement("button");
  remove.type = "button";
  remove.dataset.remove = value;
  remove.setAttribute("aria-label", `Remove ${label}`);
  remove.textContent = "✕";
  shown.append(label, remove);
  return shown;
}

function mark(box, values) {
  for (const option of list(box).querySelectorAll("[role=option]"))
    option.setAttribute("aria-selected", String(values.includes(option.dataset.value)));
}

let pause;
function ask(box, typed) {
  clearTimeout(pause);
  const body = { ...surface(box), action_id: box.dataset.action, typed };
  pause = setTimeout(() => act("options", body), 200);
}

document.addEventListener("focusin", (event) => {
  const box = combo(event.target);
  for (const other of document.querySelectorAll(".combo")) if (other !== box) close(other);
});

document.addEventListener("mousedown", (event) => {
  // The field keeps the focus while the mouse picks from its list.
  if (event.target.closest(".combo [role=listbox]")) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const box = combo(event.target);
  if (!box) return document.querySelectorAll(".combo").forEach(close);
  const option = event.target.closest("[role=option]");
  const removed = event.target.closest("[data-remove]");
  if (option) pick(box, option);
  else if (removed) {
    field(box).focus();
    toggle(box, removed.dataset.remove);
  } else if (event.target.closest("[data-clear]")) clear(box);
  else if (!event.target.closest("[role=listbox]")) {
    field(box).focus();
    field(box).select();
    open(box);
  }
});

document.addEventListener("input", (event) => {
  const box = event.target.matches("[role=combobox]") && combo(event.target);
  if (!box) return;
  open(box);
  filter(box, event.target.value);
  highlight(box, event.target.value ? options(box)[0] : null);
  if ("external" in box.dataset) ask(box, event.target.value);
});

document.addEventListener("keydown", (event) => {
  const box = event.target.matches?.("[role=combobox]") && combo(event.target);
  if (!box) return;
  const there = options(box);
  const at = there.findIndex((option) => option.classList.contains("active"));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const next = list(box).hidden ? at : (at + step + there.length) % there.length;
    open(box);
    highlight(box, there[Math.max(0, next)]);
  } else if (event.key === "Enter" && at >= 0) pick(box, there[at]);
  else if (event.key === "Enter") open(box);
  else if (event.key === "Escape" && !list(box).hidden) close(box);
  else if (event.key === "Backspace" && !event.target.value && chips(box).length)
    toggle(box, chips(box).at(-1).dataset.value);
  else return;
  event.preventDefault();
});

// A field nobody types into shows what is chosen now.
document.addEventListener("drawn", () => {
  for (const box of document.querySelectorAll(".combo"))
    if (list(box).hidden) field(box).value = field(box).getAttribute("value") ?? "";
});
