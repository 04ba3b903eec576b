// Every page: the search box, links to articles, and the language menu.

import "./searchbox.js";
import { service } from "./site-service.js";

function follow(event) {
  const link = event.target.closest("a[data-article]");
  if (!link || event.defaultPrevented || (event.type === "auxclick" && event.button !== 1)) return;
  const { article, rank, source } = link.dataset;
  service.log("follow", { article, rank: Number(rank), source, episode: undefined }); // a search is in no episode
}
document.addEventListener("click", follow);
document.addEventListener("auxclick", follow);

const menu = document.querySelector("details.menu");
if (menu) {
  document.addEventListener("click", (event) => menu.contains(event.target) || (menu.open = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

if (document.body.dataset.sent) {
  sessionStorage.removeItem("shortstop-draft");
  sessionStorage.removeItem("shortstop-episode");
}
