// The text that a visitor wrote in an editor: its blocks as lines, without placeholders, handles and marks.

import { inside } from "./fields.js";

const BLOCK = /^(address|article|blockquote|d[dlt]|div|fig\w+|h\d|hr|[ou]l|li|p|pre|section|table|t[rdh])$/;
const NO_TEXT = "script, style, [aria-hidden=true], [data-slate-placeholder], span[class*=placeholder], "
  + "[class*=placeholder][contenteditable=false], .ck-widget__type-around, .ck-widget__selection-handle, "
  + ".ProseMirror-widget, .ql-ui";
const UNSEEN = /[\u200b-\u200d\u2060\ufeff]/g; // put there by editors to hold the cursor

/** Return the text of an editor, which may be an element or the frame around one. */
export function textIn(editor) {
  const root = inside(editor) ?? editor;
  const lines = [""];
  const keeps = /^(pre|break)/.test(getComputedStyle(root).whiteSpace);
  const write = (text) => text.split("\n").forEach((part, index) => {
    if (index) lines.push("");
    lines[lines.length - 1] += part;
  });
  const read = (node) => {
    if (node.nodeType === 3) {
      const isPlain = keeps || node.parentElement.closest("pre");
      return write(isPlain ? node.data : node.data.replace(/\s+/g, " "));
    }
    if (node.nodeType !== 1 || node.matches(NO_TEXT)) return;
    if (node.localName === "br" || BLOCK.test(node.localName)) lines.push("");
    node.childNodes.forEach(read);
    if (BLOCK.test(node.localName)) lines.push("");
  };
  root.childNodes.forEach(read);
  const clean = lines.map((line) => line.replace(UNSEEN, "").replace(/[\s\u00a0]+/g, " ").trim());
  const text = clean.filter(Boolean).join("\n");
  const empty = [root.dataset.placeholder, root.ariaPlaceholder, root.getAttribute("placeholder")];
  return empty.includes(text) ? "" : text;
}
