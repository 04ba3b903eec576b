// Files chosen for a message: not more and not larger than the settings allow.

import { h, press } from "./dom.js";

const MB = 1e6;

function readable(size, lang) {
  const unit = size < MB ? "kilobyte" : "megabyte";
  const value = size < MB ? Math.max(1, Math.round(size / 1000)) : size / MB;
  const maximumFractionDigits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits }).format(value);
}

const key = ({ name, size, lastModified }) => [name, size, lastModified].join("/");

export class Chosen {
  files = [];

  /**
   * `limits` are `most`, `each` and `total` (MB); `held` are the sizes of files that the server has already.
   * `words` has the sentences: many, much, big(name), added(names), removed(name), remove and lang.
   * changed(files) is called after each change, said(sentence) and refused(sentences) with what to tell the visitor.
   */
  constructor({ limits, held = [], words, changed, said, refused }) {
    Object.assign(this, { limits, held, words, changed, said, refused });
  }

  add(files) {
    const problems = new Set();
    const added = [];
    for (const file of files) {
      if (this.files.some((one) => key(one) === key(file))) continue;
      const why = this.#wrong(file);
      if (why) problems.add(why);
      else {
        this.files.push(file);
        added.push(file.name);
      }
    }
    this.refused([...problems].join(" "));
    this.changed(this.files);
    if (added.length) this.said(this.words.added(added.join(", ")));
  }

  remove(file) {
    this.files = this.files.filter((one) => one !== file);
    this.refused("");
    this.changed(this.files);
    this.said(this.words.removed(file.name));
  }

  /** Return a row for each file, with its size and a button that removes it. */
  rows(button, removed = () => {}) {
    const { lang, remove } = this.words;
    return this.files.map((file) => {
      const drop = press(remove, () => {
        this.remove(file);
        removed();
      }, button, `${remove} ${file.name}`);
      const size = h("small", { class: "soft" }, readable(file.size, lang));
      return h("li", { "data-new": true }, h("bdi", {}, file.name), " ", size, drop);
    });
  }

  /** Take what is dropped onto the form, or pasted into it; `over(true)` marks the form while a file is above it. */
  listen(form, over) {
    const carries = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
    const take = (event, files) => {
      event.preventDefault();
      over(false);
      this.add([...files]);
    };
    form.addEventListener("paste", (event) => {
      const { files, types } = event.clipboardData;
      if (files.length && !types.includes("text/plain")) take(event, files);
    });
    form.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      over(true);
    });
    form.addEventListener("dragleave", ({ relatedTarget }) => form.contains(relatedTarget) || over(false));
    form.addEventListener("drop", (event) => carries(event) && take(event, event.dataTransfer.files));
  }

  #wrong({ name, size }) {
    const { files, held, limits, words } = this;
    if (held.length + files.length >= limits.most) return words.many;
    if (size > limits.each * MB) return words.big(name);
    const total = [...held, ...files.map((one) => one.size), size].reduce((a, b) => a + b);
    return total > limits.total * MB ? words.much : "";
  }
}
