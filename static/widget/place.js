// Where the cards stand on another owner's page: beside the form's fields where there is room, else under the form.
// Those of a form in a frame stand beside the frame, since frames are seldom wider than their form.

import { all, written } from "./fields.js";

const WIDTH = 320; // px
const GAP = 12;
const SOLID = "button, input, canvas, [role=toolbar], [class*=toolbar], [class*=captcha]"; // never covered

/** Show or hide an element above everything else, whatever z-index the page uses. */
export function lift(element, on) {
  element.hidden = !on;
  if (element.showPopover && element.matches(":popover-open") !== on) element.togglePopover(on);
}

/** Return a form, or the outermost frame that it is in. */
function outside(form) {
  let { defaultView: view } = form.ownerDocument;
  if (view === window) return form;
  while (view.parent !== window) view = view.parent;
  return view.frameElement;
}

/** Place the box over the page, so that nothing of the page moves. `host` is the widget's element. */
export function placeBeside(inner, box, host) {
  const form = outside(inner);
  const room = document.documentElement.clientWidth;
  const { top, bottom } = form.getBoundingClientRect();
  const fields = form === inner ? [...written(form), ...all(form, SOLID)] : [form];
  const areas = fields.map((field) => field.getBoundingClientRect()).filter(({ width }) => width > 2);
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
