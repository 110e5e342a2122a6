const KEY = 'firstline:tabs';
const FRESH = 8 * 3600 * 1000;

/**
 * What the tabs of one browser tell one another: who went on in which conversation, and how far it was read. No words are in it.
 * It lives in localStorage, whose changes the browser tells the other tabs of; where that is blocked every tab is alone.
 *
 * Events (`CustomEvent`): `elsewhere` (detail: the conversation that another tab of this person went on to), `read` (detail: `{conversation, event}`).
 */
export class Tabs extends EventTarget {
  #person = '';
  #heard = ({ key, newValue }) => key === KEY && newValue && this.#hear(JSON.parse(newValue));

  /** Listen to the others from now on. */
  start() {
    addEventListener('storage', this.#heard);
  }

  /** Listen no more. */
  stop() {
    removeEventListener('storage', this.#heard);
  }

  /** Whether a tab has had a conversation lately, so that it is worth asking whose. */
  get lately() {
    return Date.now() - (this.#kept().at ?? 0) < FRESH;
  }

  /**
   * Say whose tab this is.
   * @param {string} person id
   * @returns {string|null} the conversation that they had in this browser within the last eight hours
   */
  belong(person) {
    this.#person = person;
    const { person: whose, conversation } = this.#kept();
    return this.lately && whose === person ? conversation : null;
  }

  /** The person goes on in a conversation here. @param {string} conversation */
  went(conversation) {
    this.#keep({ person: this.#person, conversation, event: 0 });
  }

  /** A conversation is read up to an event. @param {string} conversation @param {number} event its number */
  read(conversation, event) {
    const kept = this.#kept();
    if (kept.person !== this.#person || !kept.conversation) this.went(conversation);
    else if (kept.conversation === conversation && event > kept.event) this.#keep({ ...kept, event });
  }

  #hear({ person, conversation, event }) {
    if (person !== this.#person) return;
    if (!event) this.dispatchEvent(new CustomEvent('elsewhere', { detail: conversation }));
    else this.dispatchEvent(new CustomEvent('read', { detail: { conversation, event } }));
  }

  #keep(changes) {
    if (!this.#person) return;
    try {
      localStorage.setItem(KEY, JSON.stringify({ ...changes, at: Date.now() }));
    } catch {
      // Blocked or full: the tabs do not hear of one another.
    }
  }

  #kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY) ?? '{}');
    } catch {
      return {};
    }
  }
}
