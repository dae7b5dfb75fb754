"use strict";
// Filters of the deliveries, and the matrix by arrow keys. Without this script the page shows everything it has.
(() => {
  const filters = document.getElementById("filters");
  if (filters) {
    const rows = [...document.querySelectorAll("#deliveries tbody tr")].map((row) => ({ row, text: null }));
    const shown = document.getElementById("shown");
    const apply = () => {
      const words = filters.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
      const outcome = filters.elements.outcome.value;
      const region = filters.elements.region.value;
      let count = 0;
      for (const entry of rows) {
        const { row } = entry;
        if (words.length) entry.text ??= row.textContent.toLowerCase();
        const fits = (!outcome || row.dataset.outcome === outcome) && (!region || row.dataset.region === region)
          && words.every((word) => entry.text.includes(word));
        if (row.hidden === fits) row.hidden = !fits;
        count += fits;
      }
      shown.textContent = `${count} of ${rows.length} deliveries shown`;
    };
    filters.addEventListener("input", apply);
    filters.addEventListener("submit", (event) => event.preventDefault());
    filters.addEventListener("reset", () => setTimeout(apply));
    // A link to a row that a filter hides would lead nowhere.
    window.addEventListener("hashchange", () => {
      const row = document.getElementById(location.hash.slice(1));
      if (row?.hidden) {
        filters.reset();
        setTimeout(() => row.scrollIntoView());
      }
    });
    filters.hidden = false;
    apply();
  }

  const matrix = document.getElementById("matrix");
  if (!matrix) return;
  const tip = document.getElementById("tip");
  const names = [...document.querySelectorAll("#deliveries thead th")].map((cell) => cell.textContent);
  const links = [...matrix.querySelectorAll("td a")];
  let current = links[0];
  for (const link of links) link.tabIndex = link === current ? 0 : -1;

  let described = null;

  // A mark that is scrolled away, or behind the names of the labs, takes its tip along; it comes back with the mark.
  const inSight = (cell) => {
    const [left, right] = [described.closest("tr").cells[0], matrix.parentElement].map((each) => each.getBoundingClientRect().right);
    return cell.bottom > 0 && cell.top < innerHeight && cell.right > left && cell.left < right;
  };
  const place = () => {
    const cell = described.getBoundingClientRect();
    tip.hidden = !inSight(cell);
    if (tip.hidden) return;
    const box = tip.getBoundingClientRect();
    const below = cell.bottom + 6 + box.height <= innerHeight;
    tip.style.left = `${Math.max(4, Math.min(cell.left, innerWidth - box.width - 4))}px`;
    tip.style.top = `${Math.max(4, below ? cell.bottom + 6 : cell.top - 6 - box.height)}px`;
  };
  const show = (link) => {
    const row = document.getElementById(link.hash.slice(1));
    // Not innerText: it is empty where the row is not laid out.
    const parts = (cell) => [...cell.childNodes].map((part) => part.textContent.trim()).filter(Boolean);
    const lines = [...row.cells].map((cell) => [names[cell.cellIndex], parts(cell).join(" \u00b7 ")]);
    tip.replaceChildren(...lines.filter(([, words]) => words).map(([name, words]) => {
      const line = document.createElement("span");
      line.append(Object.assign(document.createElement("b"), { textContent: `${name}: ` }), words);
      return line;
    }));
    link.setAttribute("aria-describedby", "tip");
    described = link;
    place();
  };
  const hide = () => {
    tip.hidden = true;
    described?.removeAttribute("aria-describedby");
    described = null;
  };
  matrix.addEventListener("focusin", (event) => {
    if (!event.target.matches("td a")) return;
    current.tabIndex = -1;
    current = event.target;
    current.tabIndex = 0;
    show(current);
  });
  matrix.addEventListener("focusout", hide);
  matrix.addEventListener("mouseover", (event) => {
    const link = event.target.closest("td a");
    if (link) show(link);
  });
  matrix.addEventListener("mouseleave", (event) => {
    if (event.relatedTarget !== tip && !tip.contains(event.relatedTarget)) hide();
  });
  tip.addEventListener("mouseleave", hide);
  // Captured, because the matrix scrolls in a box of its own.
  document.addEventListener("scroll", () => described && place(), { passive: true, capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });

  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  matrix.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || !event.target.matches("td a")) return;
    event.preventDefault();
    const cell = event.target.closest("td");
    const body = cell.closest("tbody");
    let row = cell.parentElement.sectionRowIndex;
    let column = cell.cellIndex;
    // Over cells without a delivery to the next one that has one.
    for (;;) {
      row += step[0];
      column += step[1];
      const next = body.rows[row]?.cells[column];
      if (!next || next.tagName !== "TD") return;
      const link = next.querySelector("a");
      if (!link) continue;
      link.focus();
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
      return;
    }
  });
})();
