// Modals: in front as soon as the workspace has them, gone as soon as it has not.

import { act } from "./acts.js";
import { using } from "./parts.js";

let before = null;
let step = "";

document.addEventListener("submit", async (event) => {
  const dialog = event.target.closest("dialog.modal");
  if (!dialog) return;
  event.preventDefault();
  const send = dialog.querySelector("button[type=submit]");
  if (!send || send.hasAttribute("aria-busy")) return;
  const fields = dialog.querySelectorAll("input[data-block], textarea[data-block]");
  const values = Object.fromEntries([...fields].map((one) => [one.dataset.block, one.value]));
  send.setAttribute("aria-busy", "true"); // until the button is drawn again
  await using(send, () => act("submit", { view: dialog.dataset.view, values }));
  const wrong = dialog.isConnected && dialog.querySelector("[aria-invalid=true]");
  if (wrong) (wrong.querySelector("input") ?? wrong).focus();
});

document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-close]")?.closest("dialog.modal");
  if (dialog) leave(dialog);
});

const leave = (dialog) => act("close", { view: dialog.dataset.view });

function front(dialog) {
  before ??= document.activeElement;
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    leave(dialog);
  });
  // A browser closes at the second Escape whatever the page says.
  dialog.addEventListener("close", () => dialog.isConnected && leave(dialog));
  dialog.showModal();
  begin(dialog);
}

// A window that is another one now, like the next step of a form, is read from the top.
function begin(dialog) {
  step = dialog.dataset.view + dialog.dataset.step;
  dialog.querySelector(".body").scrollTop = 0;
  const first = dialog.querySelector(".body input, .body textarea, .body summary");
  (first ?? dialog.querySelector(".body")).focus({ preventScroll: true });
}

function settle() {
  for (const dialog of document.querySelectorAll("dialog.modal:not([open])")) front(dialog);
  const open = document.querySelector("dialog.modal[open]");
  if (open && step !== open.dataset.view + open.dataset.step) begin(open);
  if (!open && before) {
    (before.isConnected ? before : document.getElementById("composer-text"))?.focus();
    before = null;
  }
}

document.addEventListener("drawn", settle);
settle();
