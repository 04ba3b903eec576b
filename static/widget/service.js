// The help center's API, and the events that record what a visitor did.

const PATIENCE = 15000; // ms
const WARM = 1000; // ms; servers close a connection on which nothing was asked for a few seconds
const MOST = 100; // events that wait
const LATER = 5000; // ms until refused events are sent again; doubled each time
const TIMES = 6;

/** Return a random UUID. Pages without TLS lack crypto.randomUUID, but the address of a blob ends in one. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const url = URL.createObjectURL(new Blob());
  URL.revokeObjectURL(url);
  return url.slice(-36);
}

/** Return a document as JSON. Half an emoji, as a cut leaves it, would be refused. */
export const json = (document) => JSON.stringify(document, (_name, value) => value?.toWellFormed?.() ?? value);

let warmed = -WARM;

/** Open a connection before a pause needs it: far away, that takes longer than an answer. Nothing is sent on it. */
export function warm(base) {
  const now = performance.now();
  if (now - warmed < WARM) return;
  warmed = now;
  const link = Object.assign(document.createElement("link"), { rel: "preconnect", crossOrigin: "", href: base });
  document.head.append(link);
  link.remove();
}

/**
 * A subclass provides `base` (the help center's address), `credentials`, `identity` (fields that name the visitor, or
 * null), `place` (page and language), `token` if there is one, and says what to do in `unreachable` and `say`.
 */
export class Service {
  /** ms that the latest answer took: what the connection and the server can do. */
  trip = 500;
  #events = []; // neither stored nor refused for good
  #underway = new Set();
  #failed = 0;

  constructor(signal) {
    addEventListener("pagehide", () => this.flush(true), { signal });
  }

  url(path) {
    return new URL(path, this.base);
  }

  /** The fields that every offer and every ticket carries. */
  get context() {
    return { ...this.identity, ...this.place, episode: this.episode || undefined };
  }

  /**
   * Ask the API. Throws an error whose `word` names the sentence to show, with the answer's `status` and `errors`.
   *
   * Without `headers` and files, the request is a simple one: the body is plain text and has the token, so browsers of
   * other sites send no preflight, which would take another round trip. `send` replaces fetch().
   */
  async call(path, { body, headers, signal, patience = PATIENCE, send = fetch, ...query } = {}) {
    const { credentials, token } = this;
    const url = this.url(`api/v1/${path}`);
    const sent = body ? { token, ...body } : token && { token, ...query };
    if (!sent) url.search = new URLSearchParams(query);
    const options = { credentials, headers, signal: AbortSignal.timeout(patience) };
    if (sent) Object.assign(options, { method: "POST", body: json(sent) });
    if (body instanceof FormData) {
      Object.assign(options, { body, headers: { ...headers, ...(token && { Authorization: `Bearer ${token}` }) } });
    }
    const begun = performance.now();
    const answer = await send(url, options).catch((error) => {
      if (error instanceof TypeError) this.unreachable(path);
      throw error;
    });
    this.trip = performance.now() - begun;
    signal?.throwIfAborted(); // and not earlier: over HTTP/1.1, that would close the connection
    if (answer.ok) return answer.json();
    const { status } = answer;
    const { detail, errors = [] } = await answer.json().catch(() => ({}));
    throw { status, detail, errors, word: status === 429 ? "busy" : status < 500 ? "refused" : "down" };
  }

  /** Record what the visitor did. Sending waits until the current task is done and delays nothing. */
  log(type, fields = {}) {
    setTimeout(() => this.flush());
    this.#events.push({ id: uuid(), type, at: new Date().toISOString(), episode: this.episode, ...fields });
    this.say(type, fields);
  }

  // Plain text needs no preflight. Events that the server could not take now are sent again later, and lost ones with
  // the next. Those under way when the page goes are sent once more, by what outlives it. Their ids keep them from
  // being counted twice.
  async flush(leaving) {
    const events = this.#events.splice(0);
    if (leaving) events.unshift(...this.#underway);
    const identity = events.length && this.identity;
    if (!identity?.visitor) return; // the visitor has not acted, or has not agreed to be recorded
    const url = this.url("api/v1/events");
    const body = JSON.stringify({ ...identity, ...this.sender, events });
    if (leaving) return navigator.sendBeacon(url, body);
    for (const event of events) this.#underway.add(event);
    let again = true;
    try {
      const { credentials } = this;
      const { status, headers } = await fetch(url, { method: "POST", body, keepalive: true, credentials });
      again = status === 429 || status >= 500;
      const wait = Math.max(LATER * 2 ** this.#failed, 1000 * headers.get("Retry-After") || 0);
      if (again && this.#failed < TIMES) setTimeout(() => this.flush(), wait);
    } catch {
      this.unreachable("events");
    }
    for (const event of events) this.#underway.delete(event);
    this.#failed = again ? this.#failed + 1 : 0;
    if (again && this.#failed <= TIMES) this.#events.unshift(...events.slice(-MOST));
  }

  unreachable() {}

  say() {}
}
