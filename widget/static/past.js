import { ageOf, button, el, icon } from './dom.js';
import { say } from './words.js';

const PAGE = 50;
const STATES = {
  resolved: 'resolved',
  filed: 'filed',
  handed_off: 'handed_off',
  with_person: 'with_person',
  abandoned: 'abandoned',
  acting: 'acting',
  clarifying: 'asking',
  confirming_action: 'asking',
  awaiting_confirmation: 'asking',
  offering_ticket: 'asking',
};

/** The list of what this person asked before, in place of the conversation: read again, gone on with, or left for a new one. */
export class Past {
  #on;
  #list = el('div', { class: 'past-list' });
  #title = el('h3', { tabindex: '-1', text: say('past') });

  /**
   * @param {{load: (before?: string) => Promise<object[]>, open: (conversation: string) => void, begin: () => void, close: () => void, current: () => string|null}} on
   *   `load` gives a page of `GET /v1/conversations`, the last changed first
   */
  constructor(on) {
    this.#on = on;
    const back = el('button', { type: 'button', class: 'quiet-icon mirrored', 'aria-label': say('back'), title: say('back'), on: { click: () => on.close() } }, icon('back'));
    const fresh = button(say('restart'), 'choice', () => on.begin());
    /** @type {HTMLElement} */
    this.element = el('section', { class: 'past', 'aria-label': say('past'), hidden: true }, el('div', { class: 'past-head' }, back, this.#title), this.#list, el('div', { class: 'past-foot' }, fresh));
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      on.close();
    });
  }

  /** Load the list and put the focus on its heading. */
  async show() {
    this.#list.setAttribute('aria-busy', 'true');
    this.#list.replaceChildren(el('p', { class: 'past-words', role: 'status', text: say('pastLoading') }));
    this.#title.focus();
    try {
      this.#draw([], await this.#on.load());
    } catch (refused) {
      const again = button(say('retry'), 'choice', () => this.show());
      const words = [el('p', { text: say('pastFailed') }), refused.detail ? el('p', { class: 'facts', text: refused.detail }) : null];
      this.#list.replaceChildren(el('div', { class: 'past-words', role: 'alert' }, ...words, el('div', { class: 'choices' }, again)));
    }
    this.#list.removeAttribute('aria-busy');
  }

  #draw(before, page) {
    const known = new Set(before.map(({ conversation }) => conversation));
    const more = page.filter(({ conversation }) => !known.has(conversation));
    const rows = [...before, ...more];
    if (!rows.length) {
      this.#list.replaceChildren(el('p', { class: 'past-words', text: say('pastEmpty') }));
      return;
    }
    const list = el('ul', {}, ...rows.map((row) => this.#entry(row)));
    const earlier = more.length < PAGE ? [] : [button(say('pastMore'), 'choice more', ({ target }) => this.#earlier(rows, target))];
    this.#list.replaceChildren(list, ...earlier);
    if (before.length) list.children[Math.min(before.length, rows.length - 1)].firstChild.focus();
  }

  async #earlier(rows, pressed) {
    pressed.disabled = true;
    try {
      this.#draw(rows, await this.#on.load(rows.at(-1).changed_at));
    } catch {
      pressed.disabled = false;
      pressed.before(el('p', { class: 'past-words', role: 'alert', text: say('pastFailed') }));
    }
  }

  #entry(row) {
    const here = row.conversation === this.#on.current();
    const state = STATES[row.state] ?? 'open';
    const facts = el('span', { class: 'facts past-facts' }, el('span', { class: `pill state-${state}`, text: say(`state.${state}`) }), ageOf(row.changed_at));
    const told = [row.ticket, row.channel === 'slack' || row.channel === 'mail' ? say(`channel.${row.channel}`) : '', here ? say('pastCurrent') : ''];
    for (const words of told.filter(Boolean)) facts.append('· ', el('span', { dir: 'auto', text: words }));
    const open = el(
      'button',
      { type: 'button', class: 'past-entry', 'aria-current': here ? 'true' : null, on: { click: () => this.#on.open(row.conversation) } },
      el('span', { class: 'past-issue', dir: 'auto', text: row.issue || say('pastUntitled') }),
      facts,
    );
    return el('li', {}, open);
  }
}
