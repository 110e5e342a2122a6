import { button, el, icon } from './dom.js';
import { say } from './words.js';

const SYSTEMS = { windows: 'Windows', macos: 'macOS', linux: 'Linux', ios: null, android: 'Android' };

/**
 * The line "Your device: ... · change" and, when asked for, what can be chosen: the person's devices, and any other
 * system, because the device that a question is about need not be one that the service knows.
 */
export class DeviceLine {
  #devices = [];
  #current = null;
  #chosen = null;
  #onChange;
  #open = false;

  /** @param {(device: object) => void} onChange called with the device that the person chose */
  constructor(onChange) {
    this.#onChange = onChange;
    /** @type {HTMLElement} */
    this.element = el('div', { class: 'device', hidden: true });
  }

  /** The device that the person chose, or null while the service's own assumption stands: then their words decide. */
  get chosen() {
    return this.#chosen;
  }

  /**
   * Show a person's devices.
   * @param {object[]} devices as in `welcome`
   * @param {string|null} chosen the id chosen before
   */
  show(devices, chosen) {
    this.#devices = devices;
    this.#chosen = this.#choices().find(({ id }) => id === chosen) ?? null;
    this.#current = this.#chosen ?? devices.find(({ primary }) => primary) ?? devices[0] ?? null;
    this.#draw();
  }

  /** Follow the service when it answered for another device or system. @param {object|null|undefined} assumed as in the reply envelope */
  follow(assumed) {
    const id = assumed?.id || (assumed?.platform ? systemId(assumed.platform) : '');
    const device = this.#choices().find((one) => one.id === id);
    if (!device || this.#open) return;
    this.#current = device;
    if (this.#chosen && this.#chosen.id !== device.id) this.#chosen = null;
    this.#draw();
  }

  /** Let the person choose. */
  open() {
    if (!this.#open) this.#toggle();
  }

  #choices() {
    const systems = Object.entries(SYSTEMS).filter(([platform]) => !this.#devices.some((device) => device.platform === platform));
    return [...this.#devices, ...systems.map(([platform]) => ({ id: systemId(platform), name: systemName(platform), os: '', platform }))];
  }

  #draw() {
    this.element.hidden = !this.#current && !this.#open;
    if (this.#open) {
      this.element.replaceChildren(this.#options());
      return;
    }
    if (!this.#current) return;
    const label = say('device', { name: describe(this.#current) });
    const change = button(say('change'), 'link', () => this.#toggle(), { 'aria-expanded': 'false', 'aria-label': `${label}, ${say('change')}` });
    this.element.replaceChildren(el('p', { class: 'device-line' }, icon('device'), el('span', { text: label }), ' · ', change));
  }

  #toggle() {
    this.#open = !this.#open;
    this.#draw();
    (this.element.querySelector(this.#open ? 'input:checked' : 'button') ?? this.element.querySelector('input, button'))?.focus();
  }

  #options() {
    const group = el('fieldset', { class: 'device-options' }, el('legend', { text: say('devices') }));
    for (const device of this.#choices()) {
      const radio = el('input', { type: 'radio', name: 'device', value: device.id, checked: device.id === this.#current?.id });
      const known = this.#devices.includes(device);
      group.append(el('label', {}, radio, el('span', { text: device.name }), el('span', { class: 'os', text: known || !this.#devices.length ? device.os : say('otherSystem') })));
    }
    const done = button(say('useDevice'), 'choice primary', () => this.#take(group.querySelector('input:checked')?.value));
    const keep = button(say('cancel'), 'choice', () => this.#toggle());
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
    const device = this.#choices().find((one) => one.id === id);
    const changed = Boolean(device) && device.id !== this.#current?.id;
    this.#current = device ?? this.#current;
    this.#chosen = device ?? this.#chosen;
    this.#toggle();
    if (changed) this.#onChange(device);
  }
}

/** The name of a system, '' for one that is not known. @param {string} platform @returns {string} */
export function systemName(platform) {
  return platform === 'ios' ? say('phoneOrTablet') : (SYSTEMS[platform] ?? '');
}

function systemId(platform) {
  return `platform:${platform}`;
}

/** A device in words. @param {{name: string, os: string}} device @returns {string} */
export function describe({ name, os }) {
  return os && os !== name ? `${name}, ${os}` : name;
}
