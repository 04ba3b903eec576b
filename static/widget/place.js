// Where the cards stand on another owner's page: beside the form's fields where there is room, else under the form.
// Those of a form in a frame stand beside the frame, since frames are seldom wider than their form.

import { all, written } from "./fields.js";

const WIDTH = 320; // px
const GAP = 12;
const SOLID = "button, input, canvas, [role=toolbar], [class*=toolbar], [class*=captcha]"; // never covered
const PRESSES = ["pointerdown", "pointerup", "mousedown", "mouseup", "touchstart", "touchend", "click"];
const MODAL = "dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true], [popover]";

/** Show or hide an element above everything else, whatever z-index the page uses. */
export function lift(element, on) {
  element.hidden = !on;
  if (element.showPopover && element.matches(":popover-open") !== on) element.togglePopover(on);
}

/**
 * Put our elements where a visitor can reach them: into the modal in which the form is, however late it was made, as
 * all outside it is inert or behind a focus trap. Ours is the last stop of the keyboard there.
 */
export function enter(form, host, elements) {
  const modal = closestModal(form);
  const isOutside = modal && !modal.contains(host);
  const into = isOutside ? modal : host.closest("[inert], [aria-hidden=true]") && form.parentElement;
  if (into && form.ownerDocument === document && host.carrier?.parentNode !== into) {
    host.carrier?.remove();
    host.carrier = carrier(host);
    into.append(host.carrier);
  }
  const root = (into ? host.carrier : host).shadowRoot.getElementById("root");
  if (into) Object.assign(host.carrier, { shown: true }).stop();
  if (host.root === root) return;
  host.root = root;
  root.append(...elements);
}

function closestModal(form) {
  for (let node = form; node; node = node.getRootNode().host) {
    const modal = node.closest(MODAL);
    if (modal) return modal;
  }
}

// An element of our name with the same styles. Traps that look for the last stop of the keyboard find it by tabindex.
function carrier(host) {
  const made = document.createElement(host.localName);
  made.carries = true; // paints nothing by itself
  for (const name of ["class", "style", "theme", "dir"]) {
    if (host.hasAttribute(name)) made.setAttribute(name, host.getAttribute(name));
  }
  const { shadowRoot } = made;
  shadowRoot.adoptedStyleSheets = [...host.shadowRoot.adoptedStyleSheets];
  shadowRoot.append(stopPresses(host.shadowRoot.getElementById("root").cloneNode()));
  made.addEventListener("focusin", () => {
    made.removeAttribute("tabindex"); // so that the way back leads out
    if (shadowRoot.activeElement) return;
    const first = [...shadowRoot.querySelectorAll("button, a")].find((one) => one.getClientRects().length);
    first?.focus();
  });
  made.stop = () => {
    if (made.shown && !shadowRoot.activeElement) made.tabIndex = 0;
    else made.removeAttribute("tabindex");
  };
  made.addEventListener("focusout", () => setTimeout(made.stop));
  return made;
}

/** Let presses end at an element of ours: they are none outside the owner's dialog. */
export function stopPresses(root) {
  for (const type of PRESSES) root.addEventListener(type, (event) => event.stopPropagation(), { passive: true });
  return root;
}

/** Return a form, or the outermost frame that it is in. */
function outside(form) {
  let { defaultView: view } = form.ownerDocument;
  if (view === window) return form;
  while (view.parent !== window) view = view.parent;
  return view.frameElement;
}

/** Return the bar around an element that stays where it is while the page scrolls, or undefined. */
export function barAround(element, within) {
  for (let node = element; node && node !== within; node = node.parentElement) {
    if (getComputedStyle(node).position === "fixed") return node;
  }
}

/** Leave the form's own bar at the lower edge of the window free, also while the box scrolls by. */
export function leaveBar(form, box) {
  const bar = all(form, "button").map((button) => barAround(button, form)).find(Boolean)?.getBoundingClientRect();
  const { top, bottom } = box.getBoundingClientRect();
  box.style.clipPath = bar && bar.bottom > top && bar.top < bottom ? `inset(-40px -40px ${bottom - bar.top}px)` : "";
}

/** Place the box over the page, so that nothing of the page moves, and not over anything to fill in or press. */
export function placeBeside(inner, box) {
  const form = outside(inner);
  const room = document.documentElement.clientWidth;
  const host = box.getRootNode().host;
  const fields = form === inner ? [...written(form), ...all(form, SOLID), ...(form.elements ?? [])] : [form];
  const still = fields.filter((field) => !barAround(field, form)); // a bar moves along and is no end of the form
  const areas = still.map((field) => field.getBoundingClientRect()).filter(({ width }) => width > 2);
  const { top, bottom: end } = form.getBoundingClientRect();
  const bottom = Math.max(end, ...areas.map((area) => area.bottom));
  const left = Math.min(...areas.map((area) => area.left));
  const right = Math.max(...areas.map((area) => area.right));
  const height = Math.max(top, Math.min(GAP, bottom - 200));
  const isFree = (x, y) => {
    const there = document.elementFromPoint(x, y);
    const isAround = there?.contains(form) || there?.contains(form.getRootNode().host); // also of its shadow root
    return !there || there === host || isAround || form.contains(there);
  };
  const fits = (x) => {
    if (x < 0 || x + WIDTH > room) return false;
    return [20, 220].every((down) => [4, WIDTH - 4].every((across) => isFree(x + across, height + down)));
  };
  const sides = [right + GAP, left - GAP - WIDTH];
  if (getComputedStyle(form).direction === "rtl") sides.reverse();
  const side = sides.find(fits);
  const under = side === undefined;
  const set = (name, value) => (box.style[name] = `${value}px`);
  set("width", under ? Math.min(Math.max(right - left, 280), room - 16) : WIDTH);
  set("left", scrollX + (under ? Math.max(left, 8) : side));
  set("top", scrollY + (under ? bottom + GAP : height));
}
