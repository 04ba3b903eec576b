// Articles offered while a visitor writes: when to ask, which cards to keep, and when a card counts as shown.
//
// One question at a time is on its way, for as long as the connection usually needs; its answer is shown whenever it
// comes, unless a newer one was there first. The same words are not asked twice.

const PAUSE = 300; // ms without a key
const LONGEST_PAUSE = 1500; // ms
const SLOWER = 1.5; // ms of the pause for each character of the text: the longer it is, the less a word changes
const TRIPS = 4; // times the latest answer took, until the next question goes past the one on its way
const LIMIT = 60000; // ms until an answer counts as lost
const AGAIN = 1000; // ms until a failed question is asked once more
const MOST = 30; // answers that are remembered
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

// Return the words of a question that tell something: white space, punctuation and `little` words change no answer.
function gist({ subject, body, category }, little = "") {
  const skip = new Set(["", ...little.split(" ")]);
  const plain = (word) => word.replace(/^\p{P}+|\p{P}+$/gu, "");
  const isLittle = (word) => skip.has(/^\p{Lu}{2}/u.test(word) ? word : word.toLowerCase()); // IT is not it
  const telling = (text) => text.split(/\s+/).map(plain).filter((word) => !isLittle(word));
  const words = [...telling(subject), "|", ...telling(body)];
  return words.length > 1 ? [category, ...words].join(" ").toLowerCase() : "";
}

/**
 * `view` is the form. read() returns the question or null. started(episode) is called with the episode's id.
 * prepare() makes the place for cards. held() is true while a card is under the pointer or has the focus.
 * choose(shown, fresh) returns the next cards, and draw(cards, ...note) shows them and returns their elements,
 * each with its `card`. `words.little` may hold words that change no answer.
 */
export class Offers {
  cards = [];
  rejected = []; // ids of articles that the visitor said are not the answer
  #items = [];
  #asked = "";
  #length = 0; // of the text
  #had = new Map(); // answers by the gist of their question
  #seen = new Set();
  #turn = 0; // of the newest question
  #latest = 0; // turn of the newest answer
  #until = 0; // when the question on its way has had its time
  #queued = false; // the next question waits for it

  constructor(service, view) {
    Object.assign(this, { service, view });
    const look = (entries) => entries.forEach((entry) => this.#look(entry));
    this.eye = new IntersectionObserver(look, { threshold: 0.5 });
  }

  /** Ask when the visitor pauses. */
  soon(wait = Math.min(Math.max(PAUSE, SLOWER * this.#length), LONGEST_PAUSE), again = false) {
    clearTimeout(this.clock);
    this.#queued = false;
    this.clock = setTimeout(() => this.#ask(again), wait);
  }

  /** Forget the question in progress, and its answer if it still comes. */
  stop() {
    clearTimeout(this.clock);
    this.waiting = this.#queued = null;
    this.#asked = "";
    this.#latest = ++this.#turn;
    this.#until = 0;
  }

  #ask(again) {
    const question = this.view.read();
    const text = question ? gist(question, this.view.words?.little) : "";
    if (text === this.#asked) return;
    if (!text) {
      this.stop();
      return this.show([], () => []);
    }
    this.#length = question.subject.length + question.body.length;
    if (this.#had.has(text)) {
      this.#asked = text;
      this.#latest = ++this.#turn;
      return this.show(this.#had.get(text), (_shown, fresh) => fresh);
    }
    const wait = this.#until - performance.now();
    if (wait <= 0) return this.#send(question, text, again);
    this.soon(wait);
    this.#queued = true;
  }

  async #send(question, text, again) {
    const turn = ++this.#turn;
    const { service } = this;
    this.#until = performance.now() + TRIPS * service.trip;
    this.#asked = text;
    try {
      const answer = await service.call("offers", { body: { ...service.context, ...question }, patience: LIMIT });
      if (turn > this.#latest) this.#take(turn, text, answer);
    } catch (error) {
      if (this.#asked === text) this.#asked = "";
      if (turn === this.#turn && !again && error.status !== 429) this.soon(AGAIN, true);
    }
    if (turn < this.#turn) return;
    this.#until = 0;
    if (this.#queued) this.soon(0);
  }

  #take(turn, text, { episode, cards }) {
    this.#latest = turn;
    this.#had.set(text, cards);
    if (this.#had.size > MOST) this.#had.delete(this.#had.keys().next().value);
    this.view.started(episode);
    if (cards.length) this.view.prepare();
    this.show(cards);
  }

  /** Show an answer. A card under the pointer or with the focus never moves or changes: the answer waits. */
  show(fresh, choose = this.view.choose) {
    this.waiting = this.view.held() && fresh;
    if (this.waiting) return;
    this.put(choose(this.cards, fresh.filter(({ article }) => !this.rejected.includes(article))));
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
