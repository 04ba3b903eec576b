// Files of the contact form: chosen, dropped or pasted, listed with their sizes, and each can be removed again.

import { fill, lang } from "./site-service.js";
import { h } from "./widget/dom.js";

const MB = 1e6;
const box = document.getElementById("kb-attach");

function readable(size) {
  const unit = size < MB ? "kilobyte" : "megabyte";
  const value = size < MB ? Math.max(1, Math.round(size / 1000)) : size / MB;
  const maximumFractionDigits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits }).format(value);
}

export function attach(form, status) {
  if (!box) return;
  const input = document.getElementById("kb-files");
  const list = document.getElementById("kb-chosen");
  const said = document.getElementById("kb-files-said");
  const held = [...list.querySelectorAll("[data-held]")].map((item) => Number(item.dataset.held));
  let chosen = [];

  const wrong = (file) => {
    if (held.length + chosen.length >= Number(box.dataset.most)) return box.dataset.many;
    if (file.size > box.dataset.each * MB) return fill(box.dataset.big, file.name);
    const total = [...held, ...chosen.map((one) => one.size), file.size].reduce((a, b) => a + b, 0);
    return total > box.dataset.total * MB ? box.dataset.much : "";
  };

  function show() {
    const carried = new DataTransfer();
    for (const file of chosen) carried.items.add(file);
    input.files = carried.files;
    list.querySelectorAll("[data-new]").forEach((item) => item.remove());
    for (const file of chosen) {
      const remove = h("button", { class: "button quiet", type: "button" }, box.dataset.remove, " ",
        h("span", { class: "sr" }, file.name));
      remove.addEventListener("click", () => drop(file));
      list.append(h("li", { "data-new": true }, h("bdi", {}, file.name), " ",
        h("span", { class: "soft" }, readable(file.size)), remove));
    }
    list.hidden = !list.children.length;
  }

  function drop(file) {
    chosen = chosen.filter((one) => one !== file);
    said.textContent = "";
    show();
    status.textContent = fill(box.dataset.removed, file.name);
    input.focus();
  }

  function add(files) {
    const key = ({ name, size, lastModified }) => [name, size, lastModified].join("/");
    const same = (file) => chosen.some((one) => key(one) === key(file));
    const problems = new Set(), added = [];
    for (const file of files) {
      if (same(file)) continue;
      const why = wrong(file);
      if (why) problems.add(why);
      else {
        chosen.push(file);
        added.push(file.name);
      }
    }
    said.textContent = [...problems].join(" ");
    show();
    if (added.length) status.textContent = fill(box.dataset.added, added.join(", "));
  }

  input.addEventListener("change", () => add([...input.files]));
  form.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    add([...event.clipboardData.files]);
  });
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  form.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    box.classList.add("over");
  });
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) box.classList.remove("over");
  });
  form.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    box.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  if (input.files.length) add([...input.files]); // the browser brought them back
}
