// The page follows the workspace: states arrive over a live stream, part by part.

import { act } from "./acts.js";
import "./combo.js";
import "./composer.js";
import "./controls.js";
import "./dialogs.js";
import "./panel.js";
import { receive, reconnected } from "./parts.js";
import "./reply.js";
import { asked } from "./permalinks.js";

const { live, place } = document.body.dataset;
const scroll = document.getElementById("scroll");
const lost = document.getElementById("lost");
let following = place !== "home" && !asked;

const bottom = () => {
  if (following) scroll.scrollTop = scroll.scrollHeight;
};
scroll.addEventListener("scroll", () => {
  const left = scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop;
  following = place !== "home" && left < 40;
});
document.getElementById("composer")?.addEventListener("submit", () => {
  following = true; // who writes wants to see the answer
  bottom();
});
new ResizeObserver(bottom).observe(scroll);

const read = () => {
  if (place !== "home" && document.visibilityState === "visible") act("read");
};
document.addEventListener("visibilitychange", read);

document.addEventListener("drawn", (event) => {
  bottom();
  if (event.detail.includes("main")) read();
});

const stream = new EventSource(live);
stream.addEventListener("open", () => {
  lost.hidden = true;
  reconnected();
});
stream.addEventListener("error", () => (lost.hidden = false));
stream.addEventListener("message", (event) => {
  receive(JSON.parse(event.data));
  document.body.dataset.ready = "yes";
});
addEventListener("pagehide", () => stream.close());

bottom();
if (place === "home") act("home");
