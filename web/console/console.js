// What a script adds to pages that are whole without it: errors are read at once, slips are printed by a button.
document.documentElement.classList.add("scripted");
document.querySelector("[role=alert]")?.focus();
for (const button of document.querySelectorAll("[data-do=print]")) button.addEventListener("click", () => print());
