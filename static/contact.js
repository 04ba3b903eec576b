// The contact form: its draft is kept, offers stand beside it, and a solved question can be undone.

import { attach } from "./attach.js";
import { send, tell } from "./events.js";
import { isOpen, onAnswer, open } from "./panel.js";
import { offers } from "./offers.js";

const DRAFT = "shortstop-draft";
const EPISODE = "shortstop-episode";
const form = document.getElementById("kb-contact");
const done = document.getElementById("kb-done");
const fields = ["category", "subject", "message", "email", "name"].map((name) => form.elements[name]).filter(Boolean);
const category = form.elements.category;
let over = false; // sent or solved: leaving is no longer leaving without either

const board = offers({
  box: document.getElementById("kb-offers"),
  busy: isOpen,
  read: () => ({
    subject: form.elements.subject.value.trim(),
    body: form.elements.message.value.trim(),
    page: location.pathname,
    ...(category?.value && { category: category.value }),
    quiet: category?.selectedOptions[0]?.dataset.offers === "none",
  }),
  onOpen: open,
  onEpisode: (episode) => {
    form.elements.episode.value = episode;
    sessionStorage.setItem(EPISODE, episode);
  },
});

function keep() {
  sessionStorage.setItem(DRAFT, JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, field.value]))));
}

function restore() {
  const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}");
  for (const field of fields) {
    if (!field.value && draft[field.name]) field.value = draft[field.name];
  }
  const episode = form.elements.episode.value || sessionStorage.getItem(EPISODE);
  if (episode) {
    form.elements.episode.value = episode;
    board.resume(episode);
  }
  if (draft.message) board.typed(); // typed here, and not only part of the address that led here
}

form.elements.offered.value = "seen"; // the offers stand beside the form, so no page comes between
form.addEventListener("input", (event) => {
  keep();
  if (!event.isComposing) board.typed();
});
form.addEventListener("compositionend", () => board.typed());
form.addEventListener("submit", () => {
  over = true;
  document.getElementById("kb-send").disabled = true;
});

function solved(_hit, about) {
  over = true;
  send("solved", about);
  form.hidden = true;
  done.hidden = false;
  done.focus();
  undone = () => send("undo", about);
}

let undone = () => {};
document.getElementById("kb-undo").addEventListener("click", () => {
  over = false;
  undone();
  done.hidden = true;
  form.hidden = false;
  form.elements.message.focus();
});

function notThis(hit, about) {
  send("not_this", about);
  const next = board.dismiss(hit) ?? form.elements.message;
  next.focus();
}

onAnswer(solved, notThis);
document.getElementById("kb-panel").addEventListener("close", board.settle);

addEventListener("pagehide", () => {
  const episode = form.elements.episode.value;
  if (episode && !over) tell("left", { episode });
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.getElementById("kb-send").disabled = false;
  over = false;
});

attach(form, document.getElementById("kb-said"));
document.getElementById("kb-errors")?.focus();
restore();
