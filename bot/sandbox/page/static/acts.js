// What the person does, sent to the workspace one after the other, in the order it was done.

let queue = Promise.resolve();

// Resolves with the revision of the workspace that shows what came of it, 0 if it did not arrive.
export function act(name, body = {}) {
  queue = queue.then(() => send(name, body));
  return queue;
}

async function send(name, body) {
  try {
    const response = await fetch(`${document.body.dataset.base}/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    const { warning, revision } = await response.json();
    if (warning) toast(warning);
    return revision;
  } catch (error) {
    toast(`That did not reach the workspace: ${error.message}`);
    return 0;
  }
}

export function toast(sentence) {
  const shown = document.createElement("p");
  shown.textContent = sentence;
  const away = document.createElement("button");
  away.type = "button";
  away.textContent = "✕";
  away.setAttribute("aria-label", "Dismiss");
  away.addEventListener("click", () => shown.remove());
  shown.append(away);
  document.getElementById("toasts").prepend(shown);
  setTimeout(() => shown.remove(), 12000);
}

// Taken when the control is used: while a confirmation waits, the message may change below it.
export function surface(element) {
  const view = element.closest("[data-view]");
  if (view) return { view: view.dataset.view };
  const { channel, ts, mark } = element.closest(".message").dataset;
  return { channel, ts, mark };
}

export async function confirmed(element) {
  const asked = element.closest(".control")?.querySelector(":scope > template.confirm");
  if (!asked) return true;
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  dialog.append(asked.content.cloneNode(true));
  dialog.querySelector("h2").id = "confirm-title";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  document.body.append(dialog);
  for (const button of dialog.querySelectorAll("button"))
    button.addEventListener("click", () => dialog.close(button.value));
  dialog.showModal();
  dialog.querySelector("button[value=yes]").focus();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  dialog.remove();
  return dialog.returnValue === "yes";
}
