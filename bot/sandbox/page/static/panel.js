// The sandbox's own controls: clock, faults, platform, payloads, light and dark.

import { act } from "./acts.js";

const panel = document.getElementById("panel");
panel.hidden = sessionStorage.getItem("panel") !== "open";

const toggles = {
  panel() {
    panel.hidden = !panel.hidden;
    sessionStorage.setItem("panel", panel.hidden ? "" : "open");
  },
  list() {
    document.body.classList.toggle("at-list");
  },
  theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const now = document.documentElement.dataset.theme ?? dark;
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { toggle, clock, fault, mood } = button.dataset;
  if (toggle) toggles[toggle]();
  if (clock) act("clock", { to: clock });
  if (fault) act("fault", { key: fault });
  if (mood) act("mood", { mood });
  if ("handIn" in button.dataset) act("hand_in");
  if ("copy" in button.dataset) copy(button);
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "clock-form") return;
  event.preventDefault();
  act("clock", { to: document.getElementById("clock-to").value });
});

document.addEventListener("change", (event) => {
  if (event.target.id === "everybody" && event.target.value) location.href = event.target.value;
});

async function copy(button) {
  await navigator.clipboard.writeText(button.nextElementSibling.textContent);
  button.textContent = "Copied";
}

// A payload is fetched when it is opened: most are never looked at.
document.addEventListener(
  "toggle",
  async (event) => {
    const { payload } = event.target.dataset ?? {};
    const shown = payload && event.target.querySelector("pre");
    if (!shown || !event.target.open || shown.textContent) return;
    const response = await fetch(`/payloads/${payload}`);
    shown.textContent = response.ok ? await response.text() : "This payload is no longer kept.";
  },
  true,
);
