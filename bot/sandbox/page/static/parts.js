// The parts of the page, each as the workspace drew it last, and the controls in use.
//
// A state of the workspace that was drawn before the person's act says nothing about that act.
// So a control in use keeps what the person chose until
// 1. the workspace has answered every act on it, each answer naming a revision, and
// 2. the page has received a state of at least that revision.
// Then the control is drawn like everything else, also if the workspace refused the choice.

import { morph } from "./morph.js";

const latest = new Map(); // name of a part -> its HTML
const inUse = new Map(); // control -> { acts, revision, drawn, finish }
let revision = 0; // of the state in `latest`

// A state from the live stream; `parts` are those that changed.
export function receive(state) {
  revision = state.revision;
  for (const [name, html] of Object.entries(state.parts)) latest.set(name, html);
  draw(Object.keys(state.parts));
}

// A new stream begins with every part; it may be one of a workspace that counts from 0 again.
export function reconnected() {
  for (const use of inUse.values()) use.revision = 0;
}

// Leaves the control alone while `send` is under way: a function that sends an act and returns the
// revision that shows it. Resolves when the answer is on the page.
export async function using(control, send) {
  const use = inUse.get(control) ?? newUse();
  inUse.set(control, use);
  use.acts += 1;
  use.revision = Math.max(use.revision, await send());
  use.acts -= 1;
  draw([]);
  return use.drawn;
}

function newUse() {
  const use = { acts: 0, revision: 0 };
  use.drawn = new Promise((finish) => (use.finish = finish));
  return use;
}

function draw(names) {
  const outdated = new Set(names);
  const answered = [...inUse].filter(([, use]) => !use.acts && use.revision <= revision);
  for (const [control] of answered) {
    inUse.delete(control);
    const part = control.closest("[id^=part-]"); // none if it is gone meanwhile
    if (part) outdated.add(part.id.slice("part-".length));
  }
  for (const name of outdated)
    if (latest.has(name))
      morph(document.getElementById(`part-${name}`), latest.get(name), (old) => inUse.has(old));
  document.dispatchEvent(new CustomEvent("drawn", { detail: names }));
  for (const [, use] of answered) use.finish();
}
