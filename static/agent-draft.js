// A ticket's page: the text is saved as a draft on the server while an agent writes. Until it is, this tab keeps it.

import { h } from "./widget/dom.js";
import { kept } from "./widget/storage.js";

const PAUSE = 800; // ms without typing, before the draft is saved

const form = document.getElementById("answer");
const { body, article, other, id, revision, note } = form.elements;
const status = document.getElementById("kept");
const discard = document.getElementById("discard");
const notices = document.getElementById("notices");
const KEY = `shortstop-answer ${body.dataset.key}`;
const mine = new Set(); // texts that this tab saved or restored; a newer draft with one of them is no surprise
let timer, saving, over, asking;

const written = () => ({ body: body.value, article: article?.value ?? "", other: other?.value ?? "" });
const shown = () => Object.values(written()).join("\0");
let saved = "unsaved" in body.dataset ? null : shown();

function say(...parts) {
  status.replaceChildren(...parts);
}

function keepHere() {
  kept(KEY, shown() === saved ? null : { ...written(), id: id.value, revision: revision.value });
}

/** Send the draft to the server; returns the answer, or null if the server can't be reached. */
async function send(fields) {
  const data = new URLSearchParams({ ...Object.fromEntries(new FormData(form)), ...fields });
  mine.add(fields.body);
  try {
    const small = data.toString().length < 60_000; // browsers refuse to keep larger ones alive
    const answer = await fetch(body.dataset.keep, { method: "POST", body: data, keepalive: small });
    return { status: answer.status, ...(await answer.json()) };
  } catch {
    return null;
  }
}

async function save() {
  clearTimeout(timer);
  if (saving || over || asking || shown() === saved) return;
  const [fields, text] = [written(), shown()];
  saving = true;
  const answer = await send(fields);
  saving = false;
  if (over) return;
  if (answer?.status === 200) done(answer, text);
  else if (answer?.status === 409) newer(answer);
  else unsaved(answer);
}

function done(answer, text) {
  saved = text;
  if (answer.revision) revision.value = answer.revision;
  say(answer.revision && body.value.trim() ? `${note.value ? "Draft of a note" : "Draft"} saved` : "");
  discard.hidden = !body.value.trim();
  keepHere();
  if (shown() !== saved) later();
}

/** Another window saved a newer draft: show it, and let the agent choose. */
function newer(answer) {
  if (mine.has(answer.text)) {
    revision.value = answer.revision;
    later();
    return;
  }
  asking = true;
  const choose = (text) => () => {
    asking = false;
    revision.value = answer.revision;
    box.remove();
    body.focus();
    if (text !== null) body.value = text;
    later();
  };
  const button = (label, click) => h("button", { class: "quiet", type: "button", click }, label);
  const box = h("div", { class: "notice came", role: "alert" },
    h("p", {}, "You saved another draft in another window. Your text below is kept in this tab only."),
    h("blockquote", { tabindex: "0" }, h("div", { class: "text", dir: "auto" }, answer.text)),
    h("p", { class: "choices" }, button("Keep the text below", choose(null)),
      button("Take the other draft", choose(answer.text))));
  notices.append(box);
  say("Draft not saved");
}

function unsaved(answer) {
  const ended = answer?.status === 400 || answer?.status === 401;
  const here = "Your text is kept in this tab.";
  const again = h("a", { href: body.dataset.login }, "Log in again");
  if (ended) say(`Draft not saved: your session has ended. ${here} `, again);
  else say(`Draft not saved: ${answer?.error ?? "the server can’t be reached."} ${here}`);
  if (!ended) timer = setTimeout(save, 10 * PAUSE);
}

function later() {
  keepHere();
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

/** Bring back what this tab could not save, unless it was sent or saved since. */
async function restore() {
  const local = kept(KEY);
  if (local.body === body.value) return saved === null ? save() : kept(KEY, null);
  saving = true;
  const answer = await send(local);
  saving = false;
  if (answer?.status === 200 && !answer.revision) return kept(KEY, null); // it was sent
  const typing = body.value !== body.defaultValue;
  if (!typing) put(local);
  saved = null;
  if (answer?.status === 409) newer(answer);
  else if (answer?.status !== 200) unsaved(answer);
  else if (typing) later();
  else done(answer, shown());
}

function put(local) {
  body.value = local.body;
  if (article && local.article) article.value = local.article;
  if (other) other.value = local.other;
}

form.addEventListener("input", later);
form.addEventListener("submit", (event) => {
  if (over || !navigator.onLine) {
    event.preventDefault(); // a second click, or a page that can't be reached
    if (!over) unsaved(null);
    return;
  }
  over = true;
  clearTimeout(timer);
  setTimeout(() => (over = false), 10_000); // the page is still here, so the press was stopped
  if (event.submitter?.formAction.endsWith("/discard")) kept(KEY, null);
});
document.addEventListener("submit", (event) => event.target !== form && save()); // for example logging out
document.addEventListener("visibilitychange", () => document.hidden && save());
addEventListener("pagehide", () => save());
addEventListener("online", () => save());
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  over = false;
  id.value = crypto.randomUUID?.() ?? id.value; // the form may have been sent
});

if (kept(KEY)) restore();
else if (saved === null) later();
