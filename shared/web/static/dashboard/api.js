// The factory's answers: the key goes with every call in a header, and a silence is waited out longer each time.
const KEY = "image-factory-key";
const FIRST_PAUSE = 2, LONGEST_PAUSE = 60, PATIENCE = 30; // seconds

class Refusal extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail || `The factory answered with ${status}.`);
    this.status = status;
    this.findings = problem.findings ?? [];
    this.retryAfter = retryAfter;
  }
  // Whether asking again later may help, without anybody doing anything about it.
  get passing() {
    return this.status === 429 || this.status >= 500;
  }
}

const call = async (path, { method = "GET", body, headers = {} } = {}) => {
  const answer = await fetch(path, {
    method,
    cache: "no-store",
    headers: { "x-functions-key": sessionStorage.getItem(KEY) ?? "", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE * 1000),
  });
  if (answer.ok || answer.status === 304) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Refusal(answer.status, problem, Number(answer.headers.get("Retry-After")) || 0);
};

// Calls `refresh` again and again: after as many seconds as it says, or ever later while nobody answers.
const keepRefreshing = (refresh, { lost, found, refused }) => {
  let timer, failures = 0, busy = false, again = false;
  const turn = async () => {
    clearTimeout(timer);
    if (!sessionStorage.getItem(KEY)) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    let pause;
    try {
      pause = await refresh();
      failures = 0;
      found();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) {
        refused();
      } else {
        pause = Math.max(error.retryAfter ?? 0, Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures));
        failures += 1;
        lost(error, pause);
      }
    }
    busy = false;
    if (again) {
      again = false;
      turn();
    } else if (pause !== undefined && !document.hidden) timer = setTimeout(turn, pause * 1000);
  };
  document.addEventListener("visibilitychange", () => document.hidden || turn());
  window.addEventListener("online", turn);
  return turn;
};
