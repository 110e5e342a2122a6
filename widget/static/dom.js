import { locale } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';

const ICONS = {
  chat: 'M4 5h16v11H9l-5 4z',
  close: 'M6 6l12 12M18 6L6 18',
  send: 'M4 12l16-8-5 16-3-7z',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.5-6 8-6s8 2 8 6',
  device: 'M5 5h14v10H5zM2 19h20',
  ticket: 'M3 8V6h18v2a4 4 0 0 0 0 8v2H3v-2a4 4 0 0 0 0-8zM14 6v12',
  warning: 'M12 4L2.5 20h19zM12 10v4M12 17v.5',
  check: 'M5 13l4 4L19 7',
  offline: 'M3 3l18 18M5 12a11 11 0 0 1 4-2.3M12 19v.5M8.5 15.5a5 5 0 0 1 6 0M14 9.3a11 11 0 0 1 5 2.7',
  action: 'M13 3L5 14h6l-1 7 8-11h-6z',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2',
  back: 'M15 5l-7 7 7 7',
  clip: 'M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4L13 4.2a3 3 0 0 1 4.3 4.3l-7.8 7.7a1.5 1.5 0 0 1-2.1-2.1L14.5 7',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.5 9v.5',
  up: 'M7 11v9H4v-9zM7 11l4-7c1.7 0 2.4 1 2 2.6L12.4 10H19c1 0 1.6.8 1.4 1.8l-1.4 6.6c-.2 1-.9 1.6-1.8 1.6H7',
  down: 'M17 13V4h3v9zM17 13l-4 7c-1.7 0-2.4-1-2-2.6l.6-3.4H5c-1 0-1.6-.8-1.4-1.8L5 5.6c.2-1 .9-1.6 1.8-1.6H17',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  article: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h7',
};

/**
 * Make an element. Text is always set as text, never parsed.
 * @param {string} tag
 * @param {{class?: string, text?: string, on?: Object<string, EventListener>} & Object<string, *>} [options]
 *   `class`, `text`, `on` (listeners); every other key is an attribute, `true` meaning present, `false`/`null` absent.
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(tag, options = {}, ...children) {
  const { class: className, text, on, ...attributes } = options;
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [type, listener] of Object.entries(on ?? {})) element.addEventListener(type, listener);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * A button that never submits anything.
 * @param {string} label its text
 * @param {string} className
 * @param {EventListener} onClick
 * @param {Object<string, *>} [attributes]
 */
export function button(label, className, onClick, attributes = {}) {
  return el('button', { type: 'button', class: className, text: label, on: { click: onClick }, ...attributes });
}

/**
 * A drawn sign beside words; hidden from screen readers.
 * @param {keyof ICONS} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

const UNITS = [
  ['year', 31557600],
  ['month', 2629800],
  ['week', 604800],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];

/**
 * A `<time>` that reads "3 months ago" and shows the local date on hover.
 * @param {string} stamp ISO date or date-time
 * @param {(age: string) => string} [wrap] puts the age into a sentence
 * @returns {HTMLElement|null} null when the stamp is no date
 */
export function ageOf(stamp, wrap = (age) => age) {
  const then = new Date(stamp);
  if (!stamp || Number.isNaN(then.getTime())) return null;
  if (stamp.length === 10) {
    // A day without a time: today, yesterday, 3 days ago; never hours.
    const days = Math.round((new Date(`${stamp}T12:00:00`) - new Date().setHours(12, 0, 0, 0)) / 86400000);
    if (Math.abs(days) < 7) return el('time', { datetime: stamp, title: longDate(stamp), text: wrap(new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(days, 'day')) });
  }
  const seconds = (then.getTime() - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['minute', 60];
  const age = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
  return el('time', { datetime: stamp, title: longDate(stamp), text: wrap(age) });
}

/**
 * The date in the reader's way of writing, with the month in words.
 * @param {string} stamp ISO date or date-time
 * @returns {string} empty when the stamp is no date
 */
export function longDate(stamp) {
  const day = new Date(stamp.length === 10 ? `${stamp}T12:00:00` : stamp);
  return Number.isNaN(day.getTime()) ? '' : day.toLocaleDateString(locale(), { day: 'numeric', month: 'long', year: 'numeric' });
}

/** An id that nobody else makes. @returns {string} 32 characters */
export function freshId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
