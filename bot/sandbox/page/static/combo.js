// Menus one can type into: one or many choices, people, places, and those that ask the app.
// What is chosen lives in the workspace; here is only what is open, filtered and highlighted.

import { act, surface } from "./acts.js";
import { choose } from "./controls.js";

const combo = (element) => element.closest?.(".combo");
const field = (box) => box.querySelector("[role=combobox]");
const list = (box) => box.querySelector("[role=listbox]");
const options = (box) => [...list(box).querySelectorAll("[role=option]:not([hidden])")];
const chips = (box) => [...box.querySelectorAll(".chip")].map((chip) => chip.dataset.value);

// Picks that are on their way: whoever is quick chooses the next before the first is drawn.
const sent = new WeakMap();
const chosen = (box) => sent.get(box)?.values ?? chips(box);

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

async function pick(box, value) {
  if (!box.dataset.many) {
    close(box);
    await choose(box, value);
    return;
  }
  const before = chosen(box);
  const after = before.includes(value) ? before.filter((v) => v !== value) : [...before, value];
  field(box).value = "";
  filter(box, "");
  const underway = (sent.get(box)?.underway ?? 0) + 1;
  sent.set(box, { values: after, underway });
  await choose(box, after);
  sent.get(box).underway -= 1;
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
  if (option) pick(box, option.dataset.value);
  else if (removed) {
    field(box).focus();
    pick(box, removed.dataset.remove);
  } else if (event.target.closest("[data-clear]")) choose(box, null);
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
  } else if (event.key === "Enter" && at >= 0) pick(box, there[at].dataset.value);
  else if (event.key === "Enter") open(box);
  else if (event.key === "Escape" && !list(box).hidden) close(box);
  else if (event.key === "Backspace" && !event.target.value && chosen(box).length)
    pick(box, chosen(box).at(-1));
  else return;
  event.preventDefault();
});

// After fresh HTML: a field nobody types into shows what is chosen now.
export function refresh() {
  for (const box of document.querySelectorAll(".combo")) {
    if (!sent.get(box)?.underway) sent.delete(box);
    if (list(box).hidden) field(box).value = field(box).getAttribute("value") ?? "";
  }
}
