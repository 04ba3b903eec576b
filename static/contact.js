// The contact form: its draft is kept, offers appear beside it, and "solved" can be undone.

import { attach } from "./attach.js";
import { isOpen, onAnswer, open } from "./panel.js";
import { service, words } from "./site-service.js";
import { h, marked, opensElsewhere } from "./widget/dom.js";
import { restoreDraft, saveDraft } from "./widget/draft.js";
import { Line } from "./widget/line.js";
import { Offers } from "./widget/offers.js";
import { masked } from "./widget/secrets.js";
import { kept } from "./widget/storage.js";

const DRAFT = "shortstop-draft";
const EPISODE = "shortstop-episode";
const LEAST = 10; // characters; less is not a question yet
const MOST = 3; // cards

const form = document.getElementById("kb-contact");
const { category, subject, message, email, name, episode } = form.elements;
const fields = [category, subject, message, email, name].filter(Boolean).map((field) => [field.name, field]);
const button = document.getElementById("kb-send");
const box = document.getElementById("kb-offers");
const list = box.querySelector("ol");
const status = document.getElementById("kb-said");
const done = document.getElementById("kb-done");
let over = false; // sent or solved, so that leaving is not recorded

// The offers beside the form.

function item(hit) {
  const click = (event) => {
    const about = offers.about(hit);
    service.log("follow", about);
    if (opensElsewhere(event)) return;
    event.preventDefault();
    open(hit, about);
  };
  const title = h("h3", {}, h("a", { href: hit.url, click }, hit.title));
  if (hit.language) title.append(" ", h("span", { class: "tag" }, hit.language));
  const made = h("li", { class: "offer", lang: hit.lang }, title);
  if (hit.heading) made.append(h("p", { class: "path" }, hit.heading));
  if (hit.snippet.length) made.append(h("p", { class: "snippet" }, ...marked(hit.snippet)));
  return Object.assign(made, { card: hit });
}

const line = new Line(box, document.body); // on a phone the offers come below the message
const offers = new Offers(service, {
  read() {
    const question = { subject: masked(subject.value.trim()), body: masked(message.value.trim()) };
    if (category?.value) question.category = category.value;
    const takesNone = category?.selectedOptions[0]?.dataset.offers === "none";
    return takesNone || question.subject.length + question.body.length < LEAST ? null : question;
  },
  started(id) {
    service.episode = episode.value = kept(EPISODE, id);
  },
  prepare() {},
  held: () => isOpen() || list.matches(":hover, :focus-within"),
  choose: (_shown, fresh) => fresh.slice(0, MOST),
  draw(cards) {
    const items = cards.map(item);
    list.replaceChildren(...items);
    box.hidden = !cards.length;
    status.textContent = words.near[cards.length - 1] ?? "";
    line.say(words.offers[cards.length - 1] ?? "");
    return items;
  },
});

const release = () => offers.release();
list.addEventListener("pointerleave", release);
list.addEventListener("focusout", release);
document.getElementById("kb-panel").addEventListener("close", release);

// Answers to an offer.

let solved; // the fields of the event that can be undone

onAnswer({
  solved(_hit, about) {
    over = true;
    solved = about;
    service.log("solved", about);
    form.hidden = true;
    form.parentNode.classList.add("solved");
    done.hidden = false;
    done.focus();
  },
  notThis(hit, about) {
    service.log("not_this", about);
    offers.rejected.push(hit.article);
    offers.put(offers.cards.filter(({ article }) => article !== hit.article));
    (list.querySelector("a") ?? message).focus();
  },
});

document.getElementById("kb-undo").addEventListener("click", () => {
  over = false;
  service.log("undo", solved);
  done.hidden = true;
  form.hidden = false;
  form.parentNode.classList.remove("solved");
  message.focus();
});

// Writing, sending and leaving.

service.episode = episode.value ||= kept(EPISODE) ?? "";
if (restoreDraft(DRAFT, fields).includes("message")) offers.soon(); // typed, and not only filled in by the address
form.elements.offered.value = "seen"; // the offers are beside the form, so no page with offers comes in between
form.addEventListener("input", (event) => {
  saveDraft(DRAFT, fields);
  if (!event.isComposing) offers.soon();
});
form.addEventListener("compositionend", () => offers.soon());
form.addEventListener("submit", () => {
  over = true;
  button.disabled = true;
});
addEventListener("pagehide", () => over || (service.episode && service.log("left")));
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  button.disabled = false;
  over = false;
});

attach(form, status);
document.getElementById("kb-errors")?.focus();
