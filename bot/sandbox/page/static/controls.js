// Buttons, menus, check marks and pickers: one listener each for the whole page.

import { act, confirmed, surface } from "./acts.js";
import { using } from "./parts.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button) return;
  const where = surface(button);
  shut(button.closest("details.menu"));
  if (button.dataset.url) window.open(button.dataset.url, "_blank", "noreferrer");
  if (!(await confirmed(button))) return;
  const { action: action_id, value } = button.dataset;
  button.setAttribute("aria-busy", "true"); // until the button is drawn again
  using(button.closest(".control"), () => act("click", { ...where, action_id, value }));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-message-shortcut]");
  if (!button) return;
  shut(button.closest("details.menu"));
  act("message_shortcut", { ...surface(button), callback_id: button.dataset.messageShortcut });
});

// What opens next gives the focus back to the menu, and not to an entry that is no longer there.
function shut(menu) {
  menu?.removeAttribute("open");
  menu?.querySelector("summary").focus();
}

document.addEventListener("change", (event) => {
  const input = event.target;
  const group = input.closest(".options[data-action]");
  if (group) choose(group, checked(group));
  // A button inside the modal sends what stands in every field, so each is told as it changes.
  else if (input.matches("input[data-action], textarea[data-action]")) choose(input, input.value);
});

function checked(group) {
  const values = [...group.querySelectorAll("input:checked")].map((input) => input.value);
  return group.dataset.kind === "radio" ? values[0] : values;
}

// Without the confirmation nothing was chosen: the control is drawn as the workspace has it.
export function choose(element, value) {
  const where = surface(element);
  const action_id = element.closest("[data-action]").dataset.action;
  using(element.closest(".control"), async () =>
    (await confirmed(element)) ? act("choose", { ...where, action_id, value }) : 0,
  );
}

// A menu that opens is seen whole, at the edge of a phone as well.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu[open]:not(.up)")) return;
    const entries = menu.lastElementChild;
    entries.style.left = "";
    const over = entries.getBoundingClientRect().right + 8 - document.documentElement.clientWidth;
    if (over > 0) entries.style.left = `${-over}px`;
    entries.scrollIntoView({ block: "nearest", inline: "nearest" });
  },
  true,
);

// One menu at a time, and none that stays open behind the person's back.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.removeAttribute("open");
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary").focus();
  event.preventDefault();
});
