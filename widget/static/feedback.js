import { button, el, icon } from './dom.js';
import { has, say } from './words.js';

const REASONS = ['wrong', 'outdated', 'not_my_device', 'unclear', 'incomplete', 'not_asked', 'other'];
const NOTE_LIMIT = 1000;

/** What the person thinks of one answer: two quiet buttons, then a reason if they like, and what they said, which they may change. */
export class Feedback {
  #send;
  #given = null;

  /** @param {(verdict: string, reason: string, note: string) => Promise<void>} send rejects when it could not be kept */
  constructor(send) {
    this.#send = send;
    /** @type {HTMLElement} */
    this.element = el('div', { class: 'feedback', role: 'group', 'aria-label': say('rate'), 'aria-live': 'off' });
    this.#ask();
  }

  /** Show what was said, here or in another tab. @param {string} verdict @param {string} reason */
  show(verdict, reason) {
    this.#given = { verdict, reason };
    const words = { verdict: say(verdict).toLocaleLowerCase(), reason: has(`reason.${reason}`) ? say(`reason.${reason}`).toLocaleLowerCase() : '' };
    const change = button(say('change'), 'link', () => this.#ask(true), { 'aria-label': `${say('rate')} ${say('change')}` });
    this.element.replaceChildren(icon(verdict === 'helpful' ? 'up' : 'down'), el('span', { text: say(words.reason ? 'ratedWhy' : 'rated', words) }), ' · ', change);
  }

  #ask(focus = false) {
    const thumb = (verdict, sign, press) => el('button', { type: 'button', class: 'quiet-icon thumb', 'aria-label': say(verdict), title: say(verdict), 'aria-pressed': String(this.#given?.verdict === verdict), on: { click: press } }, icon(sign));
    const yes = thumb('helpful', 'up', () => this.#give('helpful', '', ''));
    const no = thumb('unhelpful', 'down', () => this.#why());
    this.element.replaceChildren(el('span', { text: say('rate') }), yes, no);
    if (focus) yes.focus();
  }

  #why() {
    const options = REASONS.map((reason) => el('label', { class: 'reason' }, el('input', { type: 'radio', name: 'reason', value: reason, checked: this.#given?.reason === reason }), el('span', { text: say(`reason.${reason}`) })));
    const note = el('textarea', { class: 'note-field', rows: '2', dir: 'auto', maxlength: NOTE_LIMIT, 'aria-label': say('note'), placeholder: say('note') });
    const send = button(say('sendFeedback'), 'choice primary', () => this.#give('unhelpful', form.querySelector('input:checked')?.value ?? '', note.value.trim()));
    const leave = () => (this.#given ? this.show(this.#given.verdict, this.#given.reason) : this.#ask()) ?? this.element.querySelector('.thumb:last-child, .link')?.focus();
    const form = el('fieldset', { class: 'why' }, el('legend', { text: say('why') }), el('div', { class: 'reasons' }, ...options), note, el('div', { class: 'choices' }, send, button(say('cancel'), 'choice', leave)));
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      leave();
    });
    this.element.replaceChildren(form);
    form.querySelector('input:checked, input').focus();
    form.scrollIntoView({ block: 'nearest' });
  }

  async #give(verdict, reason, note) {
    const before = this.#given;
    this.show(verdict, reason);
    this.element.querySelector('.link').focus();
    try {
      await this.#send(verdict, reason, note);
    } catch (refused) {
      this.#given = before;
      this.#ask();
      this.element.append(el('p', { class: 'feedback-fault', role: 'alert', dir: 'auto', text: refused.detail || say('feedbackFailed') }));
    }
  }
}
