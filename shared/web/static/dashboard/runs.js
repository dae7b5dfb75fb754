// The runs: those that go on, those that wait, those that ended.
const PAGE = 50;
const IMAGES_OPEN = 6; // more of them are folded until somebody wants to see them
const FORMS = { html: "Open", csv: "CSV", json: "JSON" };
let olderRuns = [];

const isFinal = (run) => Boolean(run.endedAt);
const statusWords = (run) => words.statuses[run.status]?.words ?? run.status;
const statusTone = (run) => words.statuses[run.status]?.tone ?? "info";
const total = (counts) => Object.values(counts ?? {}).reduce((sum, each) => sum + each, 0);
const tally = (counts) => Object.entries(counts ?? {}).filter(([, number]) => number)
  .map(([name, number]) => `${number.toLocaleString("en")} ${name.replace("-", " ")}`).join(", ");
const rate = (part) => (part.bytesPerSecond ? `${size(Math.round(part.bytesPerSecond))}/s` : "");
const toGo = (part) => (part.secondsToGo === undefined ? "" : `about ${duration(part.secondsToGo)} to go`);
const line = (...parts) => parts.filter(Boolean).join(" \u00b7 ");

const kind = (run) => line(run.dryRun ? "dry run" : "", `by ${run.trigger}`);

const cancelButton = (run) => {
  const button = make("button", { type: "button", className: "small cancel", textContent: "Cancel" });
  button.setAttribute("aria-label", `Cancel the run ${run.id}`);
  button.addEventListener("click", () => askToCancel(run.id));
  return button;
};

const askToCancel = (id) => {
  const dialog = byId("confirm");
  setText(byId("confirm-text"), `The run ${id} begins nothing more. What it has saved and delivered stays.`);
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue === "cancel") act(() => call(`runs/${id}/cancel`, { method: "POST" }), `The run ${id} is being cancelled.`);
  };
  dialog.showModal();
};

const createRunning = (run) => {
  const card = make("article", { className: "run" });
  const title = make("h3", {}, make("code", { textContent: run.id }));
  const head = make("header", {}, title, badge("", "info"), make("span", { className: "kind" }), cancelButton(run));
  const regions = make("table", { className: "cards regions" },
    make("thead", {}, make("tr", {}, ...["Region", "Labs and images", "Copied", "Copies in flight", "Time to go"]
      .map((text) => make("th", { scope: "col", textContent: text })))), make("tbody"));
  card.append(head, make("p", { className: "phase" }), make("progress"), make("p", { className: "sum" }),
    make("ul", { className: "saves" }), regions);
  return card;
};

const updateRunning = (card, run) => {
  setBadge(card.querySelector(".badge"), statusWords(run), statusTone(run));
  setText(card.querySelector(".kind"), kind(run));
  setHidden(card.querySelector(".cancel"), run.status === "Cancelling");
  const started = run.startedAt ? `started ${moment(run.startedAt)}, ${duration(since(run.startedAt))} ago` : "starting";
  setText(card.querySelector(".phase"), line(run.phase, started));
  const { copied = 0, total: all = 0 } = run.bytes ?? {};
  const bytes = all ? `${size(copied)} of ${size(all)}` : "";
  setProgress(card.querySelector("progress"), copied, all, `Bytes copied by the run ${run.id}`);
  const copies = run.copies ?? {};
  const flying = copies.inFlight ? `${plural(copies.inFlight, "copy").replace("copys", "copies")} in flight` : "";
  setText(card.querySelector(".sum"), line(bytes, flying, rate(copies), toGo(run)));
  const heading = byId("running-title");
  keyed(card.querySelector(".saves"), run.saves ?? [], (save) => save.vm, createPart, updateSave, heading);
  const regions = card.querySelector(".regions");
  setHidden(regions, !run.regions?.length);
  keyed(regions.tBodies[0], run.regions ?? [], (region) => region.region, createRegion, updateRegion, heading);
};

const createPart = () => make("li", {}, make("span"), make("progress"), make("span"));
const updatePart = (element, name, done, all, said) => {
  setText(element.firstChild, name);
  setProgress(element.children[1], done, all, name);
  setText(element.lastChild, said);
};
const updateSave = (element, save) => {
  const ended = !["waiting", "copying"].includes(save.state);
  const copied = save.total ? `${size(save.copied)} of ${size(save.total)}` : "";
  updatePart(element, line(save.vm, save.imagePath), ended ? 1 : save.copied, ended ? 1 : save.total,
    ended ? line(save.state, save.total ? size(save.total) : "") : line("saving", copied, rate(save), toGo(save)));
};
const updateImage = (element, image) => {
  updatePart(element, image.imagePath, image.delivered + image.failed, image.labs,
    line(`${image.delivered} of ${plural(image.labs, "lab")}`, image.failed ? `${image.failed} failed` : ""));
};

const createRegion = (region) => {
  const images = make("details", { open: region.images.length <= IMAGES_OPEN }, make("summary"), make("ul"));
  return make("tr", {}, make("th", { scope: "row" }), make("td", {}, make("span"), images),
    make("td", { "data-label": "Copied" }), make("td", { "data-label": "In flight" }), make("td", { "data-label": "Time to go" }));
};
const updateRegion = (row, region) => {
  const [name, done, copied, flying, left] = row.cells;
  setText(name, region.region);
  setText(done.firstChild, tally(region.counts));
  setText(copied, `${size(region.copied)} of ${size(region.total)}`);
  setText(flying, line(String(region.inFlight), rate(region)));
  setText(left, region.secondsToGo === undefined ? "" : `about ${duration(region.secondsToGo)}`);
  setHidden(done.lastChild, !region.images.length);
  setText(done.querySelector("summary"), plural(region.images.length, "image"));
  keyed(done.querySelector("ul"), region.images, (image) => image.imagePath, createPart, updateImage, byId("running-title"));
};

const createWaiting = (run) => make("li", {}, make("code", { textContent: run.id }), badge("", "info"),
  make("span", { className: "kind" }), cancelButton(run));
const updateWaiting = (item, run) => {
  setBadge(item.querySelector(".badge"), statusWords(run), statusTone(run));
  const why = run.coveredBy ? `answered by ${run.coveredBy}` : "";
  setText(item.querySelector(".kind"), line(kind(run), `asked ${moment(run.requestedAt)}`, why));
  setHidden(item.querySelector(".cancel"), run.status !== "Waiting");
};

const createPast = (run) => {
  const actions = make("div", { className: "actions" });
  for (const [form, text] of Object.entries(FORMS)) {
    const button = make("button", { type: "button", className: "small", textContent: text });
    button.setAttribute("aria-label", `${text}, the report of ${run.id}`);
    button.addEventListener("click", () => openReport(run.id, form));
    actions.append(button);
  }
  return make("tr", {}, make("th", { scope: "row" }, make("code", { textContent: run.id }), make("small")),
    make("td", {}, badge("", "info")), make("td", { "data-label": "Ended" }), make("td", { "data-label": "Took" }),
    make("td", {}, make("span"), make("small", { className: "why" })), make("td", {}, actions));
};
const updatePast = (row, run) => {
  const [name, status, ended, took, done] = row.cells;
  setText(name.lastChild, kind(run));
  setBadge(status.firstChild, statusWords(run), statusTone(run));
  setText(ended, moment(run.endedAt));
  setText(took, duration((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000));
  const { saves, deliveries } = run.counts;
  setText(done.firstChild, line(total(saves) ? `machines: ${tally(saves)}` : "", total(deliveries) ? `deliveries: ${tally(deliveries)}` : ""));
  setText(done.lastChild, run.error ? `${run.error.message} (${run.error.code})` : "");
};

// A page that is opened from here inherits this page's policy. A report of another version has another style and
// script, which that policy would not let it use, so it is saved as a file instead.
const isOurs = (text) => {
  const known = document.querySelector("meta[http-equiv]").content;
  const hashes = new DOMParser().parseFromString(text, "text/html").querySelector("meta[http-equiv]")?.content
    .match(/sha256-[A-Za-z0-9+/=]+/g) ?? [];
  return hashes.every((each) => known.includes(each));
};
const openReport = (id, form) => act(async () => {
  const answer = await call(`runs/${id}/report?format=${form}`);
  const content = await answer.blob();
  const url = URL.createObjectURL(content);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  if (form === "html" && isOurs(await content.text())) window.open(url, "_blank", "noopener");
  else make("a", { href: url, download: `image-factory-${id}.${form}` }).click();
});

const showRuns = (newest) => {
  const known = new Set(newest.map((run) => run.id));
  olderRuns = olderRuns.filter((run) => !known.has(run.id));
  const runs = [...newest, ...olderRuns];
  const oldestFirst = (first, second) => (first.id < second.id ? -1 : 1);
  const running = runs.filter((run) => ["Running", "Cancelling"].includes(run.status)).sort(oldestFirst);
  const waiting = runs.filter((run) => ["Waiting", "Merged"].includes(run.status) && !answered(run, runs)).sort(oldestFirst);
  const past = runs.filter(isFinal);
  keyed(byId("running"), running, (run) => run.id, createRunning, updateRunning, byId("running-title"));
  keyed(byId("waiting"), waiting, (run) => run.id, createWaiting, updateWaiting, byId("waiting-title"));
  keyed(byId("past").tBodies[0], past, (run) => run.id, createPast, updatePast, byId("past-title"));
  setHidden(byId("running-none"), running.length > 0);
  setHidden(byId("waiting-none"), waiting.length > 0);
  setHidden(byId("past-none"), past.length > 0);
  setHidden(byId("past"), past.length === 0);
  return { busy: running.length + waiting.length > 0, ended: past.map((run) => run.id) };
};
// A request that was merged into a run which has ended waits for nothing.
const answered = (run, runs) => run.coveredBy && !runs.some((each) => each.id === run.coveredBy && !isFinal(each));

const showOlder = (last) => act(async () => {
  const { runs } = await (await call(`runs?limit=${PAGE}&before=${encodeURIComponent(last)}`)).json();
  olderRuns.push(...runs);
  setHidden(byId("older"), runs.length < PAGE);
});
