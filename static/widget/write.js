// The panel's contact form: its text is kept as a draft, files go with it, and cards appear below it.

import { Chosen } from "./chosen.js";
import { h, press } from "./dom.js";
import { Form } from "./form.js";
import { json, uuid } from "./service.js";
import { kept } from "./storage.js";

import("./keep.js").catch(() => {}); // while the visitor reads the panel: the first key is kept, too

const KEY = "help-widget:key";
const LONGEST = 50000; // characters of a message
const MOST = 60000; // bytes of all that is sent; the API takes 64 KB
const UPLOAD = 600000; // ms: ten minutes, for large files on a slow line
let sending; // the message that was not accepted yet, with its key

/** Return the view with the form. */
export function writeView(panel) {
  const { words, host, values } = panel;
  const field = (name, tag, attributes) => {
    const made = h(tag, { name, required: name !== "name", ...attributes });
    made.value = values?.[name] ?? "";
    return h("label", {}, words[name], made);
  };
  const alert = h("p", { role: "alert" });
  const button = h("button", { class: "main" }, words.send);
  const check = () => {
    const long = excess(Object.fromEntries(new FormData(form)));
    alert.textContent = long ? words.long.replace("{n}", long.toLocaleString(host.language)) : "";
    return long;
  };
  const bar = h("progress", { max: 1, hidden: true, "aria-label": words.sending });
  const place = h("div");
  let files = [];
  const progress = (value) => Object.assign(bar, { hidden: false, value });
  const submit = async (event) => {
    event.preventDefault();
    if (check()) return form.elements.body.focus();
    button.disabled = true;
    const message = Object.fromEntries(new FormData(form));
    try {
      const ticket = await send(panel.service, message, files, progress);
      panel.showSent(receipt(panel, ticket, message, files));
      watch.sent({ ticket });
    } catch (error) {
      const whys = (error.errors ?? []).map(({ why }) => why);
      alert.textContent = [words[error.word ?? "down"], ...whys].join(" ");
    }
    bar.hidden = true;
    button.disabled = false;
  };
  const form = h(
    "form",
    { submit },
    field("subject", "input", { maxlength: 300 }),
    field("body", "textarea", { rows: 6, input: () => check() }),
    place,
    field("email", "input", { type: "email", autocomplete: "email" }),
    field("name", "input", { autocomplete: "name" }),
    alert, bar, button,
  );
  panel.home.limits.then((limits) => limits?.most && attach(panel, limits, form, place, (chosen) => (files = chosen)));
  const watch = new Form(host, form, words);
  for (const type of ["input", "compositionend"]) {
    form.addEventListener(type, (event) => watch.typed(event, event.composedPath()));
  }
  watch.restore();
  return { title: words.write, nodes: [h("div", {}, form)], focus: form.elements.subject };
}

// Return the characters that are too many, or 0.
function excess(message) {
  const bytes = new Blob([JSON.stringify(message)]).size;
  const { length } = message.body;
  return Math.max(0, length - LONGEST, bytes > MOST && Math.ceil(((bytes - MOST) * length) / bytes));
}

// The field for files, once it is known how many may be sent.
function attach(panel, limits, form, place, changed) {
  const { words, service, said } = panel;
  const fill = (text) => text.replace(/\{(\w+)\}/g, (_, name) => limits[name]);
  const input = h("input", { type: "file", multiple: true, accept: limits.accept });
  const refused = h("p", { role: "alert" });
  const list = h("ul", { class: "files" });
  const chosen = new Chosen({
    limits,
    words: {
      many: fill(words.many),
      much: fill(words.much),
      remove: words.remove,
      lang: service.host.language,
      big: (name) => `${name}: ${fill(words.big)}`,
      added: (names) => `${words.attached}: ${names}`,
      removed: (name) => `${words.remove}: ${name}`,
    },
    changed(files) {
      list.replaceChildren(...chosen.rows("", () => input.focus()));
      changed(files);
    },
    said: (sentence) => (said.textContent = sentence),
    refused: (sentences) => (refused.textContent = sentences),
  });
  input.addEventListener("change", () => {
    chosen.add([...input.files]);
    input.value = ""; // the list has them, and the same file may be chosen again after it was removed
  });
  chosen.listen(form, (over) => form.classList.toggle("over", over));
  const hint = h("small", { id: "hint" }, fill(words.limits));
  input.setAttribute("aria-describedby", "hint");
  place.append(h("label", {}, words.files, input), hint, list, refused);
}

// What was sent, and what happens next.
function receipt(panel, ticket, { subject, email }, files) {
  const { words } = panel;
  const lines = [
    h("p", {}, h("b", {}, words.number.replace("{ticket}", ticket))),
    h("p", {}, words.next.replace("{email}", () => email)),
    h("p", {}, `${words.subject}: `, h("bdi", {}, subject)),
  ];
  const names = files.map(({ name }) => name).join(", ");
  if (names) lines.push(h("p", {}, `${words.attached}: `, h("bdi", {}, names)));
  return { title: words.sent, nodes: lines, foot: [press(words.close, () => panel.close(), "main")] };
}

// The same message is one ticket, however often it is sent: it keeps its key until it has arrived, also over a reload
// unless it holds a secret.
async function send(service, message, files, progress) {
  const text = JSON.stringify([message, files.map(({ name, size, lastModified }) => [name, size, lastModified])]);
  const known = sending ?? kept(KEY);
  sending = known?.text === text ? known : { text, key: uuid() };
  const { masked } = await import("./keep.js").catch(() => ({ masked() {} })); // without it, nothing is kept
  kept(KEY, masked(text) === text ? sending : null);
  const body = { ...service.context, ...message };
  const headers = { "Idempotency-Key": sending.key };
  const options = { headers, body };
  if (files.length) {
    options.body = new FormData();
    options.body.append("ticket", json(body));
    for (const file of files) options.body.append("files", file);
    Object.assign(options, { patience: UPLOAD, send: (url, how) => upload(url, how, progress) });
  } else {
    headers["Content-Type"] = "application/json";
  }
  const { ticket } = await service.call("tickets", options);
  kept(KEY, (sending = null));
  return ticket;
}

// As fetch(), which doesn't tell how much was sent.
function upload(url, { headers, body, signal }, progress) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", url);
    for (const [name, value] of Object.entries(headers)) asked.setRequestHeader(name, value);
    asked.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    asked.onload = () => resolve(new Response(asked.response, { status: asked.status }));
    asked.onerror = () => reject(new TypeError("no answer"));
    asked.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => asked.abort());
    asked.send(body);
  });
}
