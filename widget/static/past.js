import { ageOf, button, el, icon } from './dom.js';
import { say } from './words.js';

const AT_ONCE = 20;
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
   * @param {{load: () => Promise<object[]>, open: (conversation: string) => void, begin: () => void, close: () => void, current: () => string|null}} on
   *   `load` gives the rows of `GET /v1/conversations`, newest first
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
      this.#draw(await this.#on.load(), AT_ONCE);
    } catch (refused) {
      const again = button(say('retry'), 'choice', () => this.show());
      const words = [el('p', { text: say('pastFailed') }), refused.detail ? el('p', { class: 'facts', text: refused.detail }) : null];
      this.#list.replaceChildren(el('div', { class: 'past-words', role: 'alert' }, ...words, el('div', { class: 'choices' }, again)));
    }
    this.#list.removeAttribute('aria-busy');
  }

  #draw(rows, shown) {
    if (!rows.length) {
      this.#list.replaceChildren(el('p', { class: 'past-words', text: say('pastEmpty') }));
      return;
    }
    const entries = rows.slice(0, shown).map((row) => this.#entry(row));
    this.#list.replaceChildren(el('ul', {}, ...entries));
    if (rows.length <= shown) return;
    const more = button(say('pastMore'), 'choice more', () => {
      this.#draw(rows, shown + AT_ONCE);
      this.#list.querySelectorAll('li > button')[shown].focus();
    });
    this.#list.append(more);
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
