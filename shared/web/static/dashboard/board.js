// Puts the page together: the key, the refreshing, starting and cancelling.
const SOON = 2, LATER = 15, FLEET_EVERY = 60; // seconds
let endedBefore = null;
let fleetReadAt = 0;
let lastRunShown = "";
let askedLast = "";
let idempotencyKey = "";

const say = (text) => setText(byId("news"), text);

const refresh = async () => {
  const { runs } = await (await call(`runs?limit=${PAGE}`)).json();
  const { busy, ended } = showRuns(runs);
  lastRunShown = [...runs, ...olderRuns].at(-1)?.id ?? "";
  if (endedBefore === null) setHidden(byId("older"), runs.length < PAGE);
  await refreshFleet(runs, ended);
  showBoard(true);
  return busy ? SOON : LATER;
};

const refreshFleet = async (runs, ended) => {
  const fresh = ended.filter((id) => endedBefore && !endedBefore.includes(id));
  if (endedBefore === null || fresh.length || Date.now() - fleetReadAt > FLEET_EVERY * 1000) {
    await readFleet();
    fleetReadAt = Date.now();
  }
  showFleet();
  endedBefore = ended;
  for (const run of runs) if (fresh.includes(run.id)) say(`The run ${run.id} has ended: ${statusWords(run)}.`);
};

const showBoard = (open) => {
  setHidden(byId("board"), !open);
  setHidden(byId("forget"), !open);
  setHidden(byId("key-form"), open);
};

const connection = (text, isLost) => {
  byId("connection").parentElement.classList.toggle("lost", isLost);
  setText(byId("connection"), text);
  setHidden(byId("try-now"), !isLost);
};
let lastAnswer = "";
const refreshNow = keepRefreshing(refresh, {
  found: () => {
    lastAnswer = moment(new Date().toISOString());
    connection("Connected", false);
    byId("connection").title = `Last answer ${lastAnswer}`;
  },
  lost: (error, pause) => {
    const what = error instanceof Refusal ? error.message : "The factory does not answer.";
    const stale = lastAnswer ? ` What is shown is of ${lastAnswer}.` : "";
    connection(`${what}${stale} Trying again in ${duration(pause)}.`, true);
  },
  refused: () => askForKey(sessionStorage.getItem(KEY) ? "The factory does not accept this key." : ""),
});

const askForKey = (why) => {
  sessionStorage.removeItem(KEY);
  showBoard(false);
  connection("", false);
  setText(byId("key-error"), why);
  byId("key-form").elements.key.value = "";
  byId("key-form").elements.key.focus();
};

// Does what a button asks for and says what came of it; the page is refreshed at once.
const act = async (what, done = "") => {
  const trouble = byId("trouble");
  try {
    await what();
    trouble.replaceChildren();
    if (done) say(done);
  } catch (error) {
    const list = make("ul", {}, ...(error.findings ?? []).map((each) => make("li", { textContent: line(each.path, each.message) })));
    trouble.replaceChildren(make("p", { className: "verdict bad", textContent: error instanceof Refusal ? error.message : "The factory does not answer. Try again." }), list);
    if (error.status === 401) askForKey("The factory does not accept this key.");
  }
  await refreshNow();
};

const listed = (text) => text.split(",").map((part) => part.trim()).filter(Boolean);
const start = (body) => act(async () => {
  // The same key until the factory has answered: asking twice for the same is then one run.
  const asked = JSON.stringify(body);
  if (asked !== askedLast) [askedLast, idempotencyKey] = [asked, crypto.randomUUID()];
  const answer = await call("runs", { method: "POST", body, headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey } });
  askedLast = "";
  const { id } = await answer.json();
  say(`${body.dryRun ? "The dry run" : "The run"} ${id} was accepted.`);
});
const whileBusy = async (buttons, what) => {
  for (const button of buttons) button.setAttribute("aria-disabled", "true");
  await what();
  for (const button of buttons) button.removeAttribute("aria-disabled");
};

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, event.target.elements.key.value.trim());
  event.target.elements.key.value = "";
  setText(byId("key-error"), "");
  byId("running-title").focus();
  refreshNow();
});
byId("forget").addEventListener("click", () => askForKey(""));
byId("try-now").addEventListener("click", () => refreshNow());
byId("older").addEventListener("click", () => showOlder(lastRunShown));
byId("start").addEventListener("submit", (event) => {
  event.preventDefault();
  const { labs, images, save } = event.target.elements;
  const body = { dryRun: event.submitter?.value === "dry", save: save.checked };
  const only = Object.entries({ labs: listed(labs.value), images: listed(images.value) }).filter(([, names]) => names.length);
  if (only.length) body.only = Object.fromEntries(only);
  const buttons = [...event.target.querySelectorAll("button")];
  if (buttons.every((button) => !button.hasAttribute("aria-disabled"))) whileBusy(buttons, () => start(body));
});
byId("survey").addEventListener("click", () => whileBusy([byId("survey")], () => start({ dryRun: true, save: false })));
connectFleet();
if (sessionStorage.getItem(KEY)) refreshNow();
else askForKey("");
