// The fleet: labs and images as a table of bounded size; what does not fit is filtered or asked for.
const LABS_AT_ONCE = 100;
let fleet = { images: [], labs: [] };
let fleetTag = "";
let labsShown = LABS_AT_ONCE;
const opened = new Set();

const readFleet = async () => {
  const answer = await call("fleet", { headers: fleetTag ? { "If-None-Match": fleetTag } : {} });
  if (answer.status === 304) return;
  fleet = await answer.json();
  fleetTag = answer.headers.get("ETag") ?? "";
  for (const lab of fleet.labs) {
    lab.key = `${lab.subscriptionId}/${lab.resourceGroup}/${lab.lab}`.toLowerCase();
    lab.byPath = new Map(lab.images.map((held) => [held.imagePath.toLowerCase(), held]));
    lab.text = [lab.lab, lab.region, lab.resourceGroup, lab.subscriptionId, ...lab.images.map((held) => held.imageName ?? held.imagePath)].join(" ").toLowerCase();
  }
};

const stateMark = (state) => words.states[state] ?? { words: state, sign: "?", tone: "mild" };
const cellWords = (held) => {
  const mark = stateMark(held.state);
  return line(mark.words, held.imageName, held.savedAt ? `saved ${age(held.savedAt)} ago` : "", held.wanted ? "" : "not wanted by labs.json");
};

const showFleet = () => {
  const filters = byId("fleet-filters").elements;
  const wanted = filters.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (lab) => (!filters.region.value || lab.region === filters.region.value)
    && (!filters.state.value || lab.images.some((held) => held.state === filters.state.value))
    && wanted.every((word) => lab.text.includes(word));
  const chosen = fleet.labs.filter(fits);
  const shown = chosen.slice(0, labsShown);
  const none = !fleet.surveyedAt;
  for (const id of ["fleet-scroll", "fleet-legend"]) setHidden(byId(id), none);
  setHidden(byId("fleet-filters"), none);
  setText(byId("fleet-age"), none ? "No run has looked at the labs yet. A dry run does, and changes nothing."
    : `Seen ${age(fleet.surveyedAt)} ago by the run ${fleet.runId}. Images that came since then by other ways are not in it.`);
  setText(byId("fleet-shown"), `${shown.length} of ${plural(fleet.labs.length, "lab")} shown`);
  setHidden(byId("fleet-more"), shown.length === chosen.length);
  showRegions();
  showLegend(chosen);
  keyed(byId("fleet-images"), fleet.images, (image) => image.imagePath, createImageHead, updateImageHead);
  keyed(byId("fleet"), shown, (lab) => lab.key, createLab, updateLab, byId("fleet-title"));
};

const showRegions = () => {
  const regions = [...new Set(fleet.labs.map((lab) => lab.region).filter(Boolean))].sort();
  keyed(byId("fleet-filters").elements.region, regions, (region) => region, (region) => make("option", { textContent: region }), () => {});
};
const showLegend = (labs) => {
  const counts = {};
  for (const lab of labs) for (const held of lab.images) counts[held.state] = (counts[held.state] ?? 0) + 1;
  const states = Object.keys(words.states).filter((state) => counts[state]);
  keyed(byId("fleet-legend"), states, (state) => state, () => make("li", {}, badge("", "info")), (item, state) => {
    const mark = stateMark(state);
    setBadge(item.firstChild, `${mark.sign} ${mark.words}: ${counts[state].toLocaleString("en")}`, mark.tone);
  });
};

const createImageHead = (image) => make("th", { scope: "col" }, make("span", {}, ...breakable(image.imagePath)), make("small"));
const updateImageHead = (head, image) => {
  const newest = image.savedAt ? `newest saved ${age(image.savedAt)} ago` : "no saved image";
  setText(head.lastChild, line(newest, image.problem ? `not delivered: ${image.problem}` : ""));
  setAttribute(head, "title", image.imageName ?? "");
};

// A lab is a table body of two rows: its marks, and, when it is opened, the same in words.
const createLab = (lab) => {
  const button = make("button", { type: "button", textContent: lab.lab });
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    if (!opened.delete(lab.key)) opened.add(lab.key);
    showFleet();
  });
  const body = make("tbody");
  body.append(make("tr", {}, make("th", { scope: "row" }, button, make("small"))));
  return body;
};
const updateLab = (body, lab) => {
  const [row] = body.rows;
  const head = row.cells[0];
  setText(head.lastChild, line(lab.region, lab.problem ?? "", `seen ${age(lab.seenAt)} ago`));
  keyed(row, fleet.images, (image) => image.imagePath, () => make("td"), (cell, image) => updateCell(cell, lab.byPath.get(image.imagePath.toLowerCase())));
  const open = opened.has(lab.key);
  setAttribute(head.firstChild, "aria-expanded", String(open));
  if (!open) body.rows[1]?.remove();
  else showLabInWords(body, lab);
};
const updateCell = (cell, held) => {
  if (!held) {
    if (cell.className) cell.className = "";
    if (cell.firstChild) cell.replaceChildren();
    return;
  }
  const mark = stateMark(held.state);
  if (cell.className !== mark.tone) cell.className = mark.tone;
  if (!cell.firstChild) cell.append(make("span", { ariaHidden: "true" }), make("span", { className: "hush" }), "");
  setText(cell.firstChild, mark.sign);
  setText(cell.children[1], mark.words);
  const how = held.savedAt ? ` ${age(held.savedAt)}` : "";
  if (cell.lastChild.data !== how) cell.lastChild.data = how;
};
const showLabInWords = (body, lab) => {
  if (!body.rows[1]) {
    const cell = make("td", { colSpan: fleet.images.length + 1 }, make("p"), make("ul"));
    body.append(make("tr", { className: "more" }, cell));
  }
  const cell = body.rows[1].cells[0];
  setText(cell.firstChild, line(`Subscription ${lab.subscriptionId}`, lab.resourceGroup ? `resource group ${lab.resourceGroup}` : ""));
  keyed(cell.lastChild, lab.images, (held) => held.imagePath, () => make("li"), (item, held) => setText(item, `${held.imagePath}: ${cellWords(held)}`));
};

const connectFleet = () => {
  const filters = byId("fleet-filters");
  const again = () => {
    labsShown = LABS_AT_ONCE;
    showFleet();
  };
  filters.addEventListener("input", again);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", () => setTimeout(again));
  byId("fleet-more").addEventListener("click", () => {
    labsShown += LABS_AT_ONCE;
    showFleet();
  });
};
