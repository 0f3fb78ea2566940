// Loaded in <head> without defer, so that a dark page never flashes white. Values: light, dark, auto (the machine's).
const machine = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => localStorage.getItem("licet-theme") ?? "auto";

function show() {
  const theme = chosen() === "auto" ? (machine.matches ? "dark" : "light") : chosen();
  document.documentElement.dataset.bsTheme = theme;
  for (const button of document.querySelectorAll("[data-theme-choice]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen()));
}

show();
machine.addEventListener("change", show);
addEventListener("storage", show);
addEventListener("DOMContentLoaded", show);
addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-theme-choice]");
  if (!button) return;
  localStorage.setItem("licet-theme", button.dataset.themeChoice);
  show();
});
