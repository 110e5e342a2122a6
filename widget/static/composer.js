import { button, el, icon } from './dom.js';
import { WORDS } from './words.js';

const LIMIT = 4000;
const WARN_BELOW = 400;

/** The field in which the person writes: grows with the text, counts near the limit, sends on Enter. */
export class Composer {
  #field;
  #counter;
  #send;
  #onSend;

  /** @param {(text: string) => void} onSend */
  constructor(onSend) {
    this.#onSend = onSend;
    this.#counter = el('p', { class: 'counter', id: 'counter', role: 'status' });
    this.#field = el('textarea', {
      rows: '1',
      dir: 'auto',
      'aria-label': WORDS.composer,
      'aria-describedby': 'composer-hint counter',
      placeholder: WORDS.placeholder,
      enterkeyhint: 'send',
      on: { input: () => this.#changed(), keydown: (event) => this.#key(event) },
    });
    this.#send = el('button', { type: 'button', class: 'send', 'aria-label': WORDS.send, title: WORDS.send, disabled: true, on: { click: () => this.#submit() } }, icon('send'));
    const row = el('div', { class: 'field' }, this.#field, this.#send);
    /** @type {HTMLElement} */
    this.element = el('div', { class: 'composer' }, row, this.#counter, el('span', { class: 'unseen', id: 'composer-hint', text: WORDS.composerHint }));
  }

  /** Put the cursor into the field. */
  focus() {
    this.#field.focus();
  }

  #key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const text = this.#field.value.trim();
    if (!text || length(this.#field.value) > LIMIT) return;
    this.#field.value = '';
    this.#changed();
    this.#onSend(text);
  }

  #changed() {
    const left = LIMIT - length(this.#field.value);
    this.#counter.textContent = left < 0 ? WORDS.over(-left) : left < WARN_BELOW ? WORDS.left(left) : '';
    this.#counter.classList.toggle('over', left < 0);
    this.#field.setAttribute('aria-invalid', String(left < 0));
    this.#send.disabled = left < 0 || !this.#field.value.trim();
    this.#field.style.height = 'auto';
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}

function length(text) {
  return [...text].length;
}

/** The line "Your device: ... · change" and, when asked for, the person's devices to choose from. */
export class DeviceLine {
  #devices = [];
  #current = null;
  #onChange;
  #open = false;

  /** @param {(device: object) => void} onChange called with the device that the person chose */
  constructor(onChange) {
    this.#onChange = onChange;
    /** @type {HTMLElement} */
    this.element = el('div', { class: 'device', hidden: true });
  }

  /** The device that messages are about, or null. */
  get current() {
    return this.#current;
  }

  /**
   * Show a person's devices.
   * @param {object[]} devices as in `welcome`
   * @param {string|null} chosen the id chosen before
   */
  show(devices, chosen) {
    this.#devices = devices;
    this.#current = devices.find(({ id }) => id === chosen) ?? devices.find(({ primary }) => primary) ?? devices[0] ?? null;
    this.#draw();
  }

  /** Follow the service when it answered for another of these devices. @param {string|undefined} id */
  follow(id) {
    const device = this.#devices.find((one) => one.id === id);
    if (!device || this.#open) return;
    this.#current = device;
    this.#draw();
  }

  #draw() {
    this.element.hidden = !this.#current;
    if (!this.#current) return;
    const several = this.#devices.length > 1;
    const change = several
      ? button(WORDS.change, 'link', () => this.#toggle(), { 'aria-expanded': String(this.#open), 'aria-label': `${WORDS.device} ${describe(this.#current)}, ${WORDS.change}` })
      : null;
    const line = el('p', { class: 'device-line' }, icon('device'), el('span', { text: `${WORDS.device} ${describe(this.#current)}` }));
    if (change) line.append(' · ', change);
    this.element.replaceChildren(...(this.#open ? [this.#options()] : [line]));
  }

  #toggle() {
    this.#open = !this.#open;
    this.#draw();
    this.element.querySelector(this.#open ? 'input:checked' : 'button')?.focus();
  }

  #options() {
    const group = el('fieldset', { class: 'device-options' }, el('legend', { text: WORDS.devices }));
    for (const device of this.#devices) {
      const radio = el('input', { type: 'radio', name: 'device', value: device.id, checked: device.id === this.#current.id });
      group.append(el('label', {}, radio, el('span', { text: device.name }), el('span', { class: 'os', text: device.os })));
    }
    const done = button(WORDS.useDevice, 'choice primary', () => this.#take(group.querySelector('input:checked').value));
    const keep = button(WORDS.keep, 'choice', () => this.#toggle());
    group.append(el('div', { class: 'choices' }, done, keep));
    group.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      event.preventDefault();
      this.#toggle();
    });
    return group;
  }

  #take(id) {
    const device = this.#devices.find((one) => one.id === id);
    const changed = device.id !== this.#current.id;
    this.#current = device;
    this.#toggle();
    if (changed) this.#onChange(device);
  }
}

function describe({ name, os }) {
  return os ? `${name}, ${os}` : name;
}
