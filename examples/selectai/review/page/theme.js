// theme.js: dark or light: the system's choice until the person makes another.

const themes = ["auto", "dark", "light"];

function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

let current = localStorage.getItem("theme");
if (!themes.includes(current)) current = "auto";
apply(current);

/** The next theme; its name. */
export function toggleTheme() {
  current = themes[(themes.indexOf(current) + 1) % themes.length];
  localStorage.setItem("theme", current);
  apply(current);
  return current === "auto" ? "as the system" : current;
}
