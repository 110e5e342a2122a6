import { button, el, icon } from './dom.js';
import { has, say } from './words.js';

const OVER = new Set(['done', 'failed', 'unknown', 'refused', 'cancelled', 'expired', 'reverted']);
const ANSWER_WITHIN = 15_000;
let made = 0;

/** Whether a choice belongs on an action's card and not under the reply. @param {string} id of the choice @param {string} action */
export function isOnCard(id, action) {
  return ['do:', 'drop:', 'undo:'].some((way) => id === way + action);
}

/**
 * One action: what it will do, where it stands, and what the person can do about it now. It is drawn once and changed in place;
 * what changes is said by the reply that brings it, so nothing here is announced a second time.
 */
export class Card {
  #on;
  #now = el('div', { class: 'card-now', 'aria-live': 'off' });
  #badge = el('span', { class: 'pill', 'aria-live': 'off' });
  #status = '';
  #code = null;
  #undo = null;

  /**
   * @param {object} action as in the reply envelope
   * @param {{answer: (choice: string, label: string) => void, press: (choice: string) => void, send: (action: string, code: string) => boolean}} on
   *   what its buttons do: `answer` what the reply asked, `press` something beside that; `send` says whether the code could be sent
   */
  constructor(action, on) {
    this.action = action;
    this.#on = on;
    const facts = el('dl', { class: 'card-facts' });
    for (const [term, text] of [[say('touches'), action.blast_radius], [say('undoing'), action.undo]]) {
      if (text) facts.append(el('dt', { text: term }), el('dd', { dir: 'auto', text }));
    }
    const lines = (action.lines ?? []).map((text) => el('li', { text }));
    /** @type {HTMLElement} */
    this.element = el(
      'section',
      { class: 'card', 'aria-label': action.title },
      el('p', { class: 'card-head' }, icon('action'), el('strong', { dir: 'auto', text: action.title }), this.#badge),
      lines.length ? el('ul', { class: 'card-lines', dir: 'auto' }, ...lines) : null,
      facts.childElementCount ? facts : null,
      this.#now,
    );
  }

  /**
   * Show where the action stands now.
   * @param {object} action as in the reply envelope
   * @param {{id: string, label: string}[]} choices what the reply offers over it
   * @returns {HTMLElement|null} the buttons of a card that waits for a press
   */
  update(action, choices) {
    this.action = action;
    this.#show(action.status);
    this.#code = null;
    const offered = (way) => choices.find(({ id }) => id === way + action.id);
    const cancel = offered('drop:');
    if (action.needs === 'press' && offered('do:')) return this.#press(offered('do:'), cancel);
    const leave = cancel ? this.#once(cancel, 'choice') : null;
    if (action.needs === 'code') this.#askCode(leave);
    else this.#now.replaceChildren(...(leave ? [el('div', { class: 'choices' }, leave)] : []));
    return null;
  }

  /** The person went on without pressing anything. */
  leave() {
    if (this.#status !== 'proposed') return;
    this.#show('left');
    this.#now.replaceChildren();
  }

  /** The action was taken back by another one. */
  takenBack() {
    this.#show('reverted');
    this.#undo?.remove();
  }

  /**
   * The way back, to stand under the reply that says that the action is done.
   * @param {{id: string, label: string}} choice
   * @returns {HTMLElement}
   */
  wayBack(choice) {
    this.#undo?.remove();
    const label = `${choice.label}: ${this.action.title}`;
    this.#undo = el('p', { class: 'way-back' }, this.#once(choice, 'choice', { 'aria-label': label }), el('span', { class: 'facts', dir: 'auto', text: this.action.undo }));
    return this.#undo;
  }

  /** Put the cursor where the code goes, if one is asked for. */
  focusCode() {
    this.#code?.field.focus({ preventScroll: true });
    this.#code?.field.form.scrollIntoView({ block: 'nearest' });
  }

  /** What came back for a code that was sent from here. @param {{reply?: object, problem?: object}} answer */
  answered({ reply, problem }) {
    if (reply && reply.action?.status !== 'challenged') return; // the event that follows shows it
    this.#refuse(problem ? `${problem.detail} ${problem.reference ?? ''}`.trim() : reply.text);
  }

  /** The line was lost before an answer came. */
  lost() {
    if (this.#code?.button.disabled) this.#refuse(say('codeLost'));
  }

  #show(status) {
    this.#status = status;
    this.#badge.textContent = has(`action.${status}`) ? say(`action.${status}`) : status;
    this.#badge.className = `pill action-${status}`;
    this.element.classList.toggle('ended', OVER.has(status) || status === 'left');
  }

  #press(go, cancel) {
    const group = el('div', { class: 'choices', role: 'group', 'aria-label': say('choices') });
    group.append(button(go.label, 'choice primary', () => this.#on.answer(go.id, go.label), { dir: 'auto' }));
    if (cancel) group.append(button(cancel.label, 'choice', () => this.#on.answer(cancel.id, cancel.label), { dir: 'auto' }));
    this.#now.replaceChildren(group);
    return group;
  }

  #once(choice, className, attributes = {}) {
    const made = button(choice.label, className, () => {
      made.disabled = true;
      this.#on.press(choice.id);
    }, attributes);
    return made;
  }

  #askCode(leave) {
    made += 1;
    const [field, hint, error] = ['code', 'code-hint', 'code-error'].map((name) => `${name}-${made}`);
    const input = el('input', {
      id: field,
      type: 'text',
      inputmode: 'numeric',
      autocomplete: 'one-time-code',
      maxlength: '12',
      dir: 'ltr',
      spellcheck: 'false',
      'aria-describedby': `${hint} ${error}`,
      on: { input: () => this.#fault('') },
    });
    const send = el('button', { type: 'submit', class: 'choice primary', text: say('codeSend') });
    const fault = el('p', { id: error, class: 'code-error', role: 'alert' });
    const form = el(
      'form',
      { class: 'code', novalidate: true, on: { submit: (event) => this.#submit(event) } },
      el('label', { for: field, text: say('code') }),
      el('p', { id: hint, class: 'facts', text: this.action.channel === 'totp' ? say('codeFromApp') : say('codeSent') }),
      el('div', { class: 'choices' }, input, send, leave),
      fault,
    );
    this.#code = { field: input, button: send, fault, timer: 0 };
    this.#now.replaceChildren(form);
  }

  #submit(event) {
    event.preventDefault();
    const { field, button: send } = this.#code;
    const code = field.value.replace(/[\s-]/g, '');
    if (send.disabled) return;
    if (!/^\d{6}$/.test(code)) {
      this.#refuse(say('codeForm'));
      return;
    }
    if (!this.#on.send(this.action.id, code)) {
      this.#refuse(say('codeOffline'));
      return;
    }
    send.disabled = true;
    field.readOnly = true;
    this.#code.timer = setTimeout(() => this.lost(), ANSWER_WITHIN);
  }

  #refuse(words) {
    if (!this.#code) return;
    const { field, button: send, timer } = this.#code;
    clearTimeout(timer);
    send.disabled = false;
    field.readOnly = false;
    this.#fault(words);
    field.focus();
    field.select();
  }

  #fault(words) {
    this.#code.fault.replaceChildren(...(words ? [icon('warning'), el('span', { text: words })] : []));
    this.#code.field.setAttribute('aria-invalid', String(Boolean(words)));
  }
}
