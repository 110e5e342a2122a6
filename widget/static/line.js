import { button } from './dom.js';
import { drawBanner } from './panel.js';
import { say } from './words.js';

const QUIET_FOR = 1500;

/** Says how the line to the service is, quietly: a short break is not worth a word. */
export class Line {
  #banner;
  #retry;
  #timer = 0;
  #status = 'connecting';

  /** @param {HTMLElement} banner @param {() => void} retry after a sign-in that expired */
  constructor(banner, retry) {
    this.#banner = banner;
    this.#retry = retry;
  }

  /** Whether messages go out at once. */
  get online() {
    return this.#status === 'online';
  }

  /** Show a status of the connection. @param {string} status as in `ChatConnection` @returns {boolean} whether it is news */
  show(status) {
    if (status === 'connecting') return false;
    clearTimeout(this.#timer);
    const was = this.#status;
    this.#status = status;
    if (status === 'online') this.#back(was === 'offline' && !this.#banner.hidden);
    else if (status === 'offline') this.#timer = setTimeout(() => this.#draw('offline', 'offline'), this.#banner.hidden ? QUIET_FOR : 0);
    else if (status === 'throttled') this.#draw('warning', 'throttled', { tone: 'warn' });
    else this.#draw('warning', 'expiredDetail', { title: say('expiredTitle'), tone: 'warn', actions: [button(say('retry'), 'choice', this.#retry)] });
    return true;
  }

  #back(said) {
    if (said) this.#draw('check', 'online', { tone: 'good' });
    else drawBanner(this.#banner, null);
    if (said) this.#timer = setTimeout(() => drawBanner(this.#banner, null), QUIET_FOR * 3);
  }

  #draw(sign, words, more = {}) {
    drawBanner(this.#banner, { sign, text: say(words), ...more });
  }
}
