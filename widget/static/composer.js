import { Tray } from './attachments.js';
import { el, icon } from './dom.js';
import { say } from './words.js';

const LIMIT = 4000;
const WARN_BELOW = 400;

/** Where the person writes: grows with the text, counts near the limit, sends on Enter, and takes files along. */
export class Composer {
  #field;
  #counter;
  #send;
  #tray;
  #on;

  /** @param {{send: (text: string, files: File[]) => void, begun: () => boolean}} on `begun`: a conversation is there, so that files need no words */
  constructor(on) {
    this.#on = on;
    this.#counter = el('p', { class: 'counter', id: 'counter', role: 'status' });
    this.#field = el('textarea', {
      rows: '1',
      dir: 'auto',
      'aria-label': say('composer'),
      'aria-describedby': 'composer-hint counter',
      placeholder: say('placeholder'),
      enterkeyhint: 'send',
      on: { input: () => this.#changed(), keydown: (event) => this.#key(event), paste: (event) => this.#paste(event) },
    });
    this.#send = el('button', { type: 'button', class: 'send', 'aria-label': say('send'), title: say('send'), disabled: true, on: { click: () => this.#submit() } }, icon('send'));
    this.#tray = new Tray(() => this.#changed());
    const row = el('div', { class: 'field' }, this.#tray.button, this.#field, this.#send);
    /** @type {HTMLElement} */
    this.element = el('div', { class: 'composer' }, this.#tray.element, row, this.#counter, el('span', { class: 'unseen', id: 'composer-hint', text: say('composerHint') }));
  }

  /** Whether nothing is being written and no file waits to be sent. */
  get empty() {
    return !this.#field.value.trim() && !this.#tray.count;
  }

  /** What is being written. @type {string} */
  get text() {
    return this.#field.value;
  }

  set text(text) {
    this.#field.value = text;
    this.#changed();
  }

  /** Put the cursor into the field. */
  focus() {
    this.#field.focus();
  }

  /** Add files that were dropped somewhere on the panel. @param {File[]} files */
  take(files) {
    this.#tray.add(files);
    this.focus();
  }

  /** Say how large a file may be, 0 where none are taken. @param {number} bytes */
  limit(bytes) {
    this.#tray.limit(bytes);
  }

  /** Say to whom the person writes. @param {string} name '' when it is the assistant */
  address(name) {
    this.#field.placeholder = name ? say('writeTo', { name }) : say('placeholder');
  }

  #key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #paste(event) {
    const images = [...event.clipboardData.files];
    if (!images.length) return;
    event.preventDefault();
    images.forEach((image) => this.#tray.addPasted(image));
  }

  #submit() {
    const text = this.#field.value.trim();
    if (this.#send.disabled) return;
    const files = this.#tray.take();
    this.text = '';
    this.#on.send(text, files);
  }

  #changed() {
    if (!this.#tray) return;
    const left = LIMIT - length(this.#field.value);
    const words = Boolean(this.#field.value.trim());
    const mute = this.#tray.count > 0 && !words && !this.#on.begun();
    this.#counter.textContent = left < 0 ? say('over', { count: -left }) : left < WARN_BELOW ? say('left', { count: left }) : mute ? say('attachWords') : '';
    this.#counter.classList.toggle('over', left < 0);
    this.#field.setAttribute('aria-invalid', String(left < 0));
    this.#send.disabled = left < 0 || mute || !(words || this.#tray.count);
    this.#field.style.height = 'auto';
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}

function length(text) {
  return [...text].length;
}
