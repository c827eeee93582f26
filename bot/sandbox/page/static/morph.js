// Makes a piece of the page look like fresh HTML while keeping what is the person's own: the focus,
// typed text, scroll positions, open menus, and whole elements for which `keeps` says yes. Elements
// are matched by id, others by their place.

const alwaysKept = { DETAILS: ["open"], DIALOG: ["open"] };

export function morph(part, html, keeps) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const focused = document.activeElement;
  children(part, fresh.content, keeps);
  // An element that was moved has lost the focus.
  if (focused?.isConnected && document.activeElement !== focused)
    focused.focus({ preventScroll: true });
}

function children(old, fresh, keeps) {
  const wanted = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
  for (const child of [...old.children]) if (child.id && !wanted.has(child.id)) child.remove();
  const known = new Map([...old.children].filter((c) => c.id).map((c) => [c.id, c]));
  let at = old.firstChild;
  const drop = () => {
    const next = at.nextSibling;
    at.remove();
    at = next;
  };
  for (const want of [...fresh.childNodes]) {
    const match = want.id ? known.get(want.id) : alike(at, want) ? at : null;
    if (!match || match.nodeName !== want.nodeName) {
      old.insertBefore(want, at);
      continue;
    }
    // What stood before it has gone: better to clear the way than to move it, which loses focus.
    while (at !== match && at && !at.id) drop();
    if (match === at) at = at.nextSibling;
    else old.insertBefore(match, at);
    node(match, want, keeps);
  }
  while (at) drop();
}

const alike = (one, other) => one && !one.id && one.nodeName === other.nodeName;

function node(old, fresh, keeps) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (keeps(old)) return;
  if ("own" in fresh.dataset) return; // the script fills these
  if (old.nodeName === "TEMPLATE") old.innerHTML = fresh.innerHTML;
  attributes(old, fresh);
  children(old, fresh, keeps);
}

function attributes(old, fresh) {
  const kept = [...(alwaysKept[old.nodeName] ?? []), ...(fresh.dataset.keep ?? "").split(" ")];
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (!kept.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old.type === "checkbox" || old.type === "radio") old.checked = fresh.checked;
}
