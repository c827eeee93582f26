// Before the first paint, so that a chosen dark page never flashes light.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
