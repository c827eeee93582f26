// The page follows the workspace: fresh HTML arrives part by part and is worked in.

import { act } from "./acts.js";
import { refresh } from "./combo.js";
import "./composer.js";
import "./controls.js";
import { settle } from "./dialogs.js";
import { morph } from "./morph.js";
import "./panel.js";

const { live, place } = document.body.dataset;
const scroll = document.getElementById("scroll");
const lost = document.getElementById("lost");
let following = place !== "home";

const bottom = () => {
  if (following) scroll.scrollTop = scroll.scrollHeight;
};
scroll.addEventListener("scroll", () => {
  const left = scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop;
  following = place !== "home" && left < 40;
});
new ResizeObserver(bottom).observe(scroll);

const read = () => {
  if (place !== "home" && document.visibilityState === "visible") act("read");
};
document.addEventListener("visibilitychange", read);

const stream = new EventSource(live);
stream.addEventListener("open", () => (lost.hidden = true));
stream.addEventListener("error", () => (lost.hidden = false));
stream.addEventListener("message", (event) => {
  const parts = JSON.parse(event.data);
  for (const [name, html] of Object.entries(parts))
    morph(document.getElementById(`part-${name}`), html);
  document.body.dataset.ready = "yes";
  refresh();
  settle();
  bottom();
  if ("main" in parts) read();
});
addEventListener("pagehide", () => stream.close());

bottom();
settle();
if (place === "home") act("home");
