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

// Calls `refresh` again and again: after as many seconds as it says, or ever later while nobody answers. Returns what
// asks at once; asked while it is asking, it asks once more, so that what was started meanwhile is in the answer.
const keepRefreshing = (refresh, { lost, found, refused }) => {
  let timer, current, again = false, failures = 0;
  const attempt = async () => {
    try {
      const pause = await refresh();
      failures = 0;
      found();
      return pause;
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return refused();
      const pause = Math.max(error.retryAfter ?? 0, Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures));
      failures += 1;
      lost(error, pause);
      return pause;
    }
  };
  const turns = async () => {
    let pause;
    while (again) {
      again = false;
      pause = await attempt();
    }
    current = undefined;
    if (pause !== undefined && !document.hidden) timer = setTimeout(turn, pause * 1000);
  };
  const turn = () => {
    clearTimeout(timer);
    if (!sessionStorage.getItem(KEY)) return undefined;
    again = true;
    current ??= turns();
    return current;
  };
  document.addEventListener("visibilitychange", () => document.hidden || turn());
  window.addEventListener("online", turn);
  return turn;
};
