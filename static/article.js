// An article's page: reading, the vote, buttons that copy code, and the present section in the table of contents.

import { service, words } from "./site-service.js";
import { h } from "./widget/dom.js";
import { watchReading } from "./widget/reader.js";

const article = document.querySelector("article[data-article]");
const about = { article: article.dataset.article, revision: article.dataset.revision };

const half = () => {
  const area = article.getBoundingClientRect();
  return area.top + area.height / 2 <= innerHeight;
};
watchReading(half, document, () => service.log("read", about));

const vote = document.querySelector(".vote form");
vote?.addEventListener("submit", async (event) => {
  if (!service.visitor) return; // the form is sent, and the vote is kept without an id
  event.preventDefault();
  const { name, value } = event.submitter ?? { name: "vote", value: "helpful" };
  const comment = vote.elements.comment?.value.trim() || undefined;
  const against = name === "reason";
  const section = vote.closest(".vote");
  const buttons = [...vote.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  section.querySelector(".error")?.remove();
  try {
    await (against ? service.keep("unhelpful", { ...about, reason: value, comment }) : service.keep("helpful", about));
  } catch {
    for (const button of buttons) button.disabled = false;
    vote.before(h("p", { class: "error", role: "alert" }, words.notSaved));
    event.submitter?.focus();
    return;
  }
  const title = section.querySelector("h2");
  title.textContent = against ? words.thanksNo : words.thanksYes;
  title.tabIndex = -1;
  vote.remove();
  title.focus();
});

for (const pre of article.querySelectorAll(".prose pre")) {
  if (!navigator.clipboard) break;
  const button = h("button", { class: "copy", type: "button" }, words.copy);
  button.addEventListener("click", async () => {
    const code = (pre.querySelector("code") ?? pre).cloneNode(true);
    code.querySelectorAll(".gp").forEach((prompt) => prompt.remove()); // "$ " is not part of the command
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = words.copy), 2000);
  });
  const frame = h("div", { class: "code" });
  pre.replaceWith(frame);
  frame.append(pre, button);
}

const entries = [...document.querySelectorAll(".toc a")];
const links = new Map(entries.map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
function locate() {
  const here = headings.findLast((heading) => heading.getBoundingClientRect().top < 140);
  for (const [id, link] of links) {
    if (id === here?.id) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
}
if (headings.length) document.addEventListener("scroll", locate, { passive: true });
