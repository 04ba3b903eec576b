// What visitors do, sent by beacon: it may be lost, and it delays nothing.

const MONTH = 30 * 24 * 3600;
export const api = document.body.dataset.api;
export const lang = document.body.dataset.lang;
export const words = JSON.parse(document.getElementById("kb-words").textContent);

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const known = () => /(?:^|; )visitor=([0-9a-f]{32})/.exec(document.cookie)?.[1];

// The id is made at the first act of the visitor, never before; where visitors are asked first, the server makes it
// when they agree.
export function visitor() {
  const there = known();
  if (there || "asks" in document.body.dataset) return there;
  const made = uuid().replaceAll("-", "");
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `visitor=${made}; Max-Age=${MONTH}; Path=/; SameSite=Lax${secure}`;
  return made;
}

// Who acts: nobody, where the visitor has not agreed to be noted.
export function identity() {
  const id = visitor();
  return id && { visitor: id, consent: "given" };
}

export function send(type, fields = {}) {
  const who = identity();
  if (!who) return;
  const known = Object.entries(fields).filter(([, value]) => value !== "" && value !== undefined);
  const event = { id: uuid(), type, at: new Date().toISOString(), ...Object.fromEntries(known) };
  navigator.sendBeacon(`${api}/events`, JSON.stringify({ ...who, events: [event] }));
}

// Reading and leaving are no acts: they are told of somebody who is known by an act before, and of nobody else.
export function tell(type, fields) {
  if (known()) send(type, fields);
}

// An article counts as read after 20 s in view, or when the visitor (not the address) scrolled half of it.
export function watchReading(half, scroller, done) {
  const watch = new AbortController();
  const { signal } = watch;
  let seconds = 0, acted = false;
  const finish = () => {
    stop();
    done();
  };
  const stop = () => {
    clearInterval(timer);
    watch.abort();
  };
  const timer = setInterval(() => document.hidden || ++seconds < 20 || finish(), 1000);
  for (const act of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    scroller.addEventListener(act, () => (acted = true), { passive: true, signal });
  }
  scroller.addEventListener("scroll", () => acted && half() && finish(), { passive: true, signal });
  return stop;
}

export function fill(text, value) {
  return text.replace("%s", () => value);
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function marked(fragments) {
  return fragments.map(({ text, mark }) => (mark ? element("mark", {}, text) : text));
}
