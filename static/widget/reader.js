// An article in a panel: its HTML as nodes, links within it, and when it counts as read.

const READ = 20; // seconds
let policy;

/** Fetch an article; returns the API's answer with its text as `nodes`. */
export async function fetchArticle(service, id, lang) {
  const article = await service.call(`articles/${encodeURI(id)}`, { lang });
  return { ...article, nodes: nodes(article.html, new URL(article.url, service.base)) };
}

// The one place that takes HTML: the server has sanitised it, and it becomes nodes of a document that runs nothing.
function nodes(html, url) {
  const own = { createHTML: (text) => text };
  policy ??= window.trustedTypes?.createPolicy("help-widget", own) ?? own;
  const { body } = new DOMParser().parseFromString(policy.createHTML(html), "text/html");
  for (const node of body.querySelectorAll("[src]")) node.src = new URL(node.getAttribute("src"), url);
  for (const node of body.querySelectorAll("a[href]:not([href^='#'])")) {
    Object.assign(node, { href: new URL(node.getAttribute("href"), url), target: "_blank", rel: "noopener" });
  }
  return [...body.childNodes];
}

/** Scroll a panel's body to a heading of its article, or to the top if there is no such heading. */
export function scrollToHeading(body, anchor) {
  const heading = anchor && body.querySelector(`#${CSS.escape(anchor)}`);
  const gap = heading && heading.getBoundingClientRect().top - body.getBoundingClientRect().top;
  body.scrollTop = heading ? body.scrollTop + gap - 12 : 0;
}

/** Follow a link within the article by scrolling: the page keeps its address. */
export function followWithin(event, body) {
  const link = event.target.closest("a[href^='#']");
  if (!link) return;
  event.preventDefault();
  scrollToHeading(body, decodeURIComponent(link.hash.slice(1)));
}

/** Return true if at least half of a scrolling body was on screen. */
export function isHalfSeen(body) {
  return body.scrollTop + body.clientHeight >= body.scrollHeight / 2;
}

/**
 * Call `done` when an article was read: after 20 s in view, or when the visitor (not a link) scrolled to half of it.
 * Returns a function that stops watching.
 */
export function watchReading(isHalf, scroller, done) {
  const watch = new AbortController();
  const { signal } = watch;
  let [seconds, acted] = [0, false];
  const stop = () => {
    clearInterval(timer);
    watch.abort();
  };
  const finish = () => {
    stop();
    done();
  };
  const timer = setInterval(() => document.hidden || ++seconds < READ || finish(), 1000);
  for (const act of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    scroller.addEventListener(act, () => (acted = true), { passive: true, signal });
  }
  scroller.addEventListener("scroll", () => acted && isHalf() && finish(), { passive: true, signal });
  return stop;
}
