// A permalink of this workspace leads to its message here, as Slack's own client leads to it.

const { base, place } = document.body.dataset;
const PERMALINK = /^https:\/\/sandbox\.slack\.com\/archives\/(\w+)\/p(\d+)(\d{6})$/;

const show = (ts) => {
  const message = document.querySelector(`article[data-ts="${CSS.escape(ts)}"]`);
  message?.scrollIntoView({ block: "center" });
  message?.animate([{ background: "var(--found, #f2c74466)" }, {}], 2500);
};

document.addEventListener("click", (event) => {
  const found = event.target.closest("a")?.href.match(PERMALINK);
  if (!found) return;
  event.preventDefault();
  const [, channel, seconds, fraction] = found;
  const ts = `${seconds}.${fraction}`;
  if (channel === place) show(ts);
  else location.href = `${base.slice(0, base.lastIndexOf("/"))}/${channel}?message=${ts}`;
});

export const asked = new URLSearchParams(location.search).get("message");
if (asked) show(asked);
