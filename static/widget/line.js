// One line at the lower edge of what a visitor sees, above a phone's keyboard: it leads to cards further down.

import { h, press } from "./dom.js";
import { barAround, lift } from "./place.js";

const GAP = 8; // px
const NEAR = 40; // px of a card that must be on screen, or the line tells of it
const KEYBOARD = 80; // px: less than a keyboard hides is the browser's own bar
const BAR = 120; // px: what is fixed and higher is no bar
const COPIED = "font letterSpacing lineHeight padding border boxSizing width wordSpacing direction tabSize".split(" ");

/** Return the lower edge of the line of text that is being written, or null if no field has the focus. */
function caret(root) {
  let field = document.activeElement;
  while (field?.shadowRoot?.activeElement) field = field.shadowRoot.activeElement;
  if (!field?.matches("input, textarea, [contenteditable]")) return null;
  const { top, bottom } = field.getBoundingClientRect();
  if (field.localName === "input") return bottom;
  if (field.localName !== "textarea") {
    const selection = getSelection();
    return (selection.rangeCount && selection.getRangeAt(0).getBoundingClientRect().bottom) || bottom;
  }
  const copy = h("div", {}, field.value.slice(0, field.selectionEnd), "\u200b");
  const style = getComputedStyle(field);
  for (const name of COPIED) copy.style[name] = style[name];
  const hidden = { position: "fixed", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word" };
  Object.assign(copy.style, hidden);
  root.append(copy);
  const height = copy.offsetHeight;
  copy.remove();
  return Math.min(top + height - field.scrollTop, bottom);
}

/** Return the top of a bar of the page at a point, such as one with the form's button, or undefined. */
function topOfBar(x, y) {
  const there = document.elementsFromPoint(x, y).find(({ localName }) => localName !== "help-widget");
  const { top, height } = barAround(there)?.getBoundingClientRect() ?? {};
  return height < BAR ? top : undefined;
}

export class Line {
  /** The cards are in `box`, the line in `root`. It is forgotten with `signal`. */
  constructor(box, root, signal) {
    Object.assign(this, { box, root, text: "" });
    this.chip = press("", () => this.#lead());
    Object.assign(this.chip, { part: "chip", hidden: true, popover: "manual" });
    root.append(this.chip);
    const move = () => this.place();
    const options = { signal, capture: true, passive: true };
    for (const type of ["resize", "scroll"]) {
      window.visualViewport?.addEventListener(type, move, options);
      addEventListener(type, move, options);
    }
    for (const type of ["selectionchange", "input", "focusin", "focusout"]) {
      document.addEventListener(type, move, options);
    }
  }

  /** Show a text while the box has cards out of sight; without a text, show nothing. */
  say(text) {
    this.text = text;
    this.chip.textContent = text && `${text} ›`;
    this.place();
  }

  /** Find the line's place before the next picture is painted. */
  place() {
    cancelAnimationFrame(this.frame);
    if (this.text || !this.chip.hidden) this.frame = requestAnimationFrame(() => this.#place());
  }

  // Browsers disagree whether a keyboard makes the window smaller; all agree about the visual viewport, in which
  // `offsetTop` is how far it has moved within what `position: fixed` refers to.
  #place() {
    const { box, chip, root } = this;
    const { clientWidth, clientHeight } = document.documentElement;
    const whole = { offsetLeft: 0, offsetTop: 0, width: clientWidth, height: innerHeight, scale: 1 };
    const seen = window.visualViewport ?? whole;
    const inside = root.closest("dialog");
    const frame = inside?.getBoundingClientRect() ?? { left: 0, right: Infinity, bottom: Infinity };
    const edge = Math.min(seen.offsetTop + seen.height, frame.bottom);
    const low = (!inside && topOfBar(seen.offsetLeft + seen.width / 2, edge - (2 * GAP) / seen.scale)) || edge;
    const { top, bottom, height } = (box.querySelector("a") ?? box).getBoundingClientRect(); // the first card
    const isSeen = top < low - NEAR / seen.scale && bottom > seen.offsetTop + NEAR / seen.scale;
    lift(chip, Boolean(this.text && height && !isSeen));
    if (chip.hidden) return;
    const gap = GAP / seen.scale;
    const size = chip.offsetHeight / seen.scale;
    const isLowest = clientHeight - edge < KEYBOARD && low === edge;
    chip.classList.toggle("low", isLowest); // without a keyboard there is a home bar to avoid
    const from = Math.max(seen.offsetLeft, frame.left);
    const to = Math.min(seen.offsetLeft + seen.width, frame.right);
    chip.style.width = `${Math.min((to - from) * seen.scale, 480) - 2 * GAP}px`;
    const left = (from + to - chip.offsetWidth / seen.scale) / 2;
    const line = caret(root);
    const over = line === null ? 0 : line - (low - size - 2 * gap);
    let up = low - size - gap;
    // The browser scrolls a written line just above the keyboard, where this line is: scroll on, or else step aside.
    if (over > 0 && line <= low + gap) {
      scrollBy(0, Math.ceil(over));
      const now = caret(root);
      if (now > up) up = Math.max(seen.offsetTop, now - 2 * size - gap);
    }
    chip.style.transform = `translate(${left}px, ${up}px) scale(${1 / seen.scale})`;
  }

  #lead() {
    const card = this.box.querySelector("a");
    card?.focus({ preventScroll: true }); // the keyboard closes, and makes room for the cards
    card?.scrollIntoView({ block: "center" });
    this.place();
  }
}
