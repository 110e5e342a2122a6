import { drawGrowing, drawPerson, drawTyping } from './panel.js';

const WRITING_FOR = 6000;

/** Who is there and what is being written: a person of the desk or the assistant. Nobody is said to write for longer than six seconds without a sign. */
export class Activity {
  #parts;
  #onMore;
  #with = '';
  #timer = 0;

  /** @param {object} parts as from `buildPanel` @param {() => void} onMore something was added at the end of the log */
  constructor(parts, onMore) {
    this.#parts = parts;
    this.#onMore = onMore;
  }

  /** While somebody of the desk has the conversation nothing is being looked up, and nobody has to be asked for. @param {string} name '' for nobody */
  with(name) {
    this.#with = name;
    this.rest();
    drawPerson(this.#parts.person, name);
  }

  /** Somebody writes. @param {string} name '' for the assistant */
  writes(name) {
    if (Boolean(name) !== Boolean(this.#with)) return;
    clearTimeout(this.#timer);
    drawTyping(this.#parts.typing, true, name);
    if (name) this.#timer = setTimeout(() => this.rest(), WRITING_FOR);
    this.#onMore();
  }

  /** An answer as far as it is written. @param {string} html */
  grows(html) {
    if (this.#with) return;
    drawGrowing(this.#parts.growing, html);
    this.#onMore();
  }

  /** Nothing is being written any more. */
  rest() {
    clearTimeout(this.#timer);
    drawGrowing(this.#parts.growing, '');
    drawTyping(this.#parts.typing, false);
  }
}
