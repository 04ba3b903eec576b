// The service on the help center's own pages: the visitor's id is a cookie, and the words come with the page.

import { Service, uuid } from "./widget/service.js";

const MONTH = 30 * 24 * 3600; // seconds
const PASSIVE = ["read", "left"]; // no acts of the visitor: recorded only once something else was

export const { lang } = document.body.dataset;
export const words = JSON.parse(document.getElementById("kb-words").textContent);

/** Return the visitor's id if there is one. */
const known = () => /(?:^|; )visitor=([0-9a-f]{32})/.exec(document.cookie)?.[1];

class SiteService extends Service {
  base = new URL("../", new URL(document.body.dataset.api, location)).href;
  credentials = "same-origin";

  /** The id, made when the visitor first acts. Where visitors are asked first, the server makes it if they agree. */
  get visitor() {
    const there = known();
    if (there || "asks" in document.body.dataset) return there;
    const made = uuid().replaceAll("-", "");
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `visitor=${made}; Max-Age=${MONTH}; Path=/; SameSite=Lax${secure}`;
    return made;
  }

  get identity() {
    const { visitor } = this;
    return visitor && { visitor, consent: "given" };
  }

  get place() {
    return { page: location.pathname, lang };
  }

  log(type, fields) {
    if (PASSIVE.includes(type) && !known()) return;
    super.log(type, fields);
    this.flush(type === "left"); // at once: a link may be about to leave the page
  }
}

export const service = new SiteService();

export function fill(text, value) {
  return text.replace("%s", () => value);
}
