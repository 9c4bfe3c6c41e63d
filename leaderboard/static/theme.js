// Light or dark: as the system has it, unless the reader chose. Loaded in the head, so that nothing flashes.
(() => {
  const root = document.documentElement;
  const themes = ["system", "light", "dark"];
  let theme = "system";
  try { theme = localStorage.getItem("theme") || theme; } catch { /* storage may be closed to files */ }
  const apply = () => {
    if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
  };
  root.classList.add("js");
  apply();
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const label = () => { button.textContent = `Theme: ${theme}`; };
    button.hidden = false;
    label();
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      try { localStorage.setItem("theme", theme); } catch { /* then it lasts for this page */ }
      apply();
      label();
    });
  });
})();
