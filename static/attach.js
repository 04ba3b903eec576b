// Files of the contact form: listed with their sizes, and carried by the form's own field.

import { fill, lang } from "./site-service.js";
import { Chosen } from "./widget/chosen.js";

const box = document.getElementById("kb-attach");

export function attach(form, status) {
  if (!box) return;
  const input = document.getElementById("kb-files");
  const list = document.getElementById("kb-chosen");
  const said = document.getElementById("kb-files-said");
  const { most, each, total, many, much, big, added, removed, remove } = box.dataset;
  const chosen = new Chosen({
    limits: { most, each, total },
    held: [...list.querySelectorAll("[data-held]")].map((item) => Number(item.dataset.held)),
    words: {
      many, much, remove, lang,
      big: (name) => fill(big, name),
      added: (names) => fill(added, names),
      removed: (name) => fill(removed, name),
    },
    changed(files) {
      const carried = new DataTransfer();
      for (const file of files) carried.items.add(file);
      input.files = carried.files;
      list.querySelectorAll("[data-new]").forEach((item) => item.remove());
      list.append(...chosen.rows("button quiet", () => input.focus()));
      list.hidden = !list.children.length;
    },
    said: (sentence) => (status.textContent = sentence),
    refused: (sentences) => (said.textContent = sentences),
  });
  input.addEventListener("change", () => chosen.add([...input.files]));
  chosen.listen(form, (over) => box.classList.toggle("over", over));
  if (input.files.length) chosen.add([...input.files]); // the browser brought them back
}
