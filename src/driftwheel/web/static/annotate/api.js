// What the page says to the server. A `Refusal` is final; what can be tried again is `Unreachable`.

const PATIENCE = 20000; // ms

export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export class Unreachable extends Error {
  constructor(detail, offline) {
    super(detail);
    this.offline = offline;
  }
}

async function detailOf(answer) {
  try {
    return (await answer.json()).detail || answer.statusText;
  } catch {
    return answer.statusText || `The server answered ${answer.status}.`;
  }
}

export function server(project, csrf) {
  const base = `/api/v1/projects/${project}`;
  let secret = csrf;

  async function send(path, method, body) {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }), "X-CSRF-Token": secret },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch (error) {
      throw new Unreachable(error.message, true);
    }
    if (answer.status === 429 || answer.status >= 500) throw new Unreachable(await detailOf(answer), false);
    return answer;
  }

  // Logged in anew in another window, the session has another secret: it is asked for once.
  async function renewed() {
    const answer = await send("/api/v1/session", "GET");
    const fresh = answer.ok ? (await answer.json()).csrf : null;
    if (!fresh || fresh === secret) return false;
    secret = fresh;
    return true;
  }

  async function call(path, method = "GET", body = undefined) {
    let answer = await send(path, method, body);
    if (answer.status === 403 && method !== "GET" && (await renewed())) answer = await send(path, method, body);
    if (!answer.ok) throw new Refusal(answer.status, await detailOf(answer));
    return answer.json();
  }

  return {
    work: () => call(`${base}/work`),
    next: (count) => call(`${base}/next`, "POST", { count }),
    answer: ({ id, task, kind, payload, reason, seconds }) => call(`${base}/answers`, "POST", { id, task, kind, payload, reason, seconds }),
    undo: (id) => call(`${base}/answers/${id}/undo`, "POST"),
    reply: (challenge, text) => call(`${base}/challenges/${challenge}`, "POST", { text }),
    challengeAt: (challenge) => `${base}/challenges/${challenge}/image`,
    // Browsers keep images: the address names the image, so that none stands for another task's.
    imageAt: ({ task, image }, side) => `${base}/tasks/${task}/image?of=${image.slice(0, 16)}${side ? `&size=${side}` : ""}`,
  };
}
