// The help center's API, and the events that record what a visitor did.

const PATIENCE = 15000; // ms

/** Return a random UUID. Pages without TLS lack crypto.randomUUID, but the address of a blob ends in one. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const url = URL.createObjectURL(new Blob());
  URL.revokeObjectURL(url);
  return url.slice(-36);
}

/**
 * A subclass provides `base` (the help center's address), `credentials`, `identity` (fields that name the visitor, or
 * null), `place` (page and language), `headers`, and says what to do in `unreachable` and `say`.
 */
export class Service {
  #events = [];
  #lost = 0;

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

  /** Ask the API. Throws an error whose `word` names the sentence to show, with `status` and `errors`. */
  async call(path, { body, headers, signal, patience = PATIENCE, send = fetch, ...query } = {}) {
    const url = this.url(`api/v1/${path}`);
    url.search = new URLSearchParams(query);
    const limit = AbortSignal.timeout(patience);
    const either = signal ? (AbortSignal.any?.([limit, signal]) ?? signal) : limit; // older browsers lack any()
    const { credentials } = this;
    const options = { credentials, headers: { ...this.headers, ...headers }, signal: either };
    if (body instanceof FormData) Object.assign(options, { method: "POST", body });
    else if (body) {
      options.headers["Content-Type"] = "application/json";
      const whole = (_name, value) => value?.toWellFormed?.() ?? value; // half an emoji would be refused
      Object.assign(options, { method: "POST", body: JSON.stringify(body, whole) });
    }
    const answer = await send(url, options).catch((error) => {
      if (error instanceof TypeError) this.unreachable(path);
      throw error;
    });
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

  // Plain text needs no preflight and outlives the page. A lost event goes with the next one; its id keeps it from
  // being counted twice.
  async flush(leaving) {
    const events = this.#events.splice(0);
    const identity = events.length && this.identity;
    if (!identity?.visitor) return; // the visitor has not acted, or has not agreed to be recorded
    const url = this.url("api/v1/events");
    const body = JSON.stringify({ ...identity, ...this.sender, events });
    try {
      if (leaving) navigator.sendBeacon(url, body);
      else await fetch(url, { method: "POST", body, keepalive: true, credentials: this.credentials });
    } catch {
      this.unreachable("events");
      if (this.#lost++ < 9) this.#events.unshift(...events);
    }
  }

  unreachable() {}

  say() {}
}
