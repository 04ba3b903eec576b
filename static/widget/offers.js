// Articles offered while a visitor writes: when to ask, which cards to keep, and when a card counts as shown.

const PAUSE = 300; // ms without a key
const PATIENCE = 400; // ms; a later answer would pop up after the visitor has moved on
const AGAIN = 1000; // ms until a late or failed question is asked once more
const ON_SCREEN = 800; // ms until a card counts as shown
const CLEARLY = 0.1; // of a probability: how much better a new card must be to replace another

const find = (cards, { article }) => cards.find((card) => card.article === article);
const urls = (cards) => cards.map(({ url }) => url).join();

/** Return the cards to show next: cards keep their place unless they are missing twice or clearly beaten. */
export function settle(shown, fresh) {
  const slots = shown.map((card) => {
    const again = find(fresh, card);
    return { ...card, score: again ? again.score : card.score - CLEARLY, missed: again ? 0 : (card.missed ?? 0) + 1 };
  }).filter(({ missed }) => missed < 2);
  for (const card of fresh) {
    if (find(slots, card)) continue;
    const weakest = slots.reduce((a, b) => (b.score < a.score ? b : a), card);
    if (slots.length < 3) slots.push(card);
    else if (card.score > weakest.score + CLEARLY) slots[slots.indexOf(weakest)] = card;
  }
  return slots;
}

/**
 * `view` is the form. read() returns the question or null. started(episode) is called with the episode's id.
 * prepare() makes the place for cards. held() is true while a card is under the pointer or has the focus.
 * choose(shown, fresh) returns the next cards, and draw(cards, ...note) shows them and returns their elements,
 * each with its `card`.
 */
export class Offers {
  cards = [];
  rejected = []; // ids of articles that the visitor said are not the answer
  #items = [];
  #asked = "";
  #seen = new Set();

  constructor(service, view) {
    Object.assign(this, { service, view });
    const look = (entries) => entries.forEach((entry) => this.#look(entry));
    this.eye = new IntersectionObserver(look, { threshold: 0.5 });
  }

  /** Ask when the visitor pauses. */
  soon(wait = PAUSE, again = false) {
    clearTimeout(this.clock);
    this.clock = setTimeout(() => this.#ask(again), wait);
  }

  /** Forget the question in progress. */
  stop() {
    clearTimeout(this.clock);
    this.running?.abort();
    this.waiting = null;
    this.#asked = "";
  }

  async #ask(again) {
    const question = this.view.read();
    const text = JSON.stringify(question);
    this.running?.abort();
    if (text === this.#asked) return;
    if (!question) {
      this.#asked = "";
      return this.show([]);
    }
    const { signal } = (this.running = new AbortController());
    try {
      const body = { ...this.service.context, ...question };
      const { episode, cards } = await this.service.call("offers", { body, signal, patience: PATIENCE });
      if (signal.aborted) return;
      this.#asked = text;
      this.view.started(episode);
      if (cards.length) this.view.prepare();
      this.show(cards);
    } catch {
      if (!signal.aborted && !again) this.soon(AGAIN, true);
    }
  }

  /** Show an answer. A card under the pointer or with the focus never moves or changes: the answer waits. */
  show(fresh) {
    this.waiting = this.view.held() && fresh;
    if (this.waiting) return;
    this.put(this.view.choose(this.cards, fresh.filter(({ article }) => !this.rejected.includes(article))));
  }

  /** Show the answer that waited while a card was held. */
  release() {
    setTimeout(() => this.waiting && this.show(this.waiting));
  }

  put(cards, ...note) {
    const same = !note.length && !this.noted && urls(cards) === urls(this.cards);
    Object.assign(this, { cards, noted: note.length > 0 });
    if (same) return;
    this.eye.disconnect();
    for (const item of this.#items) clearTimeout(item.clock);
    this.#items = this.view.draw(cards, ...note);
    for (const item of this.#items) this.eye.observe(item);
  }

  /** Return the fields of an event about a card. */
  about({ article, revision }) {
    const rank = this.cards.findIndex((card) => card.article === article) + 1 || undefined;
    return { article, revision, source: "offer", rank };
  }

  #look({ target, isIntersecting }) {
    clearTimeout(target.clock);
    if (isIntersecting) target.clock = setTimeout(() => this.#shown(target.card), ON_SCREEN);
  }

  #shown(card) {
    const key = `${this.service.episode} ${card.article}`;
    if (document.hidden || this.#seen.has(key)) return;
    this.#seen.add(key);
    this.service.log("shown", this.about(card));
  }
}
