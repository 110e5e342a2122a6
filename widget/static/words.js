import english from './words/en.js';

/** The languages that the widget speaks, by ISO 639-1 code. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'sv', 'ar'];
const RIGHT_TO_LEFT = new Set(['ar']);
const known = new Map([['en', english]]);
let language = 'en';

/**
 * The first of some language tags that the widget speaks.
 * @param {(string|null|undefined)[]} tags such as `pt-BR`, the most wanted first
 * @returns {string} `en` when there is none
 */
export function spoken(tags) {
  return tags.map((tag) => (tag ?? '').toLowerCase().split('-')[0]).find((code) => LANGUAGES.includes(code)) ?? 'en';
}

/** Speak a language from now on; it is fetched the first time. Where that fails the language stays as it was. @param {string} code one of `LANGUAGES` */
export async function speak(code) {
  try {
    if (!known.has(code)) known.set(code, (await import(`./words/${code}.js`)).default);
    language = code;
  } catch {
    // Offline while the page changes its language: the words that are there go on.
  }
}

/** The language that is spoken. @returns {string} */
export const current = () => language;

/** `rtl` or `ltr`. @param {string} [code] */
export const direction = (code = language) => (RIGHT_TO_LEFT.has(code) ? 'rtl' : 'ltr');

/** The tag for numbers, dates and ages: the reader's own kind of the language, where the browser knows it. @returns {string} */
export const locale = () => navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

/** Whether there are words for a key. @param {string} key */
export const has = (key) => key in english;

/**
 * What the widget says.
 * @param {string} key as in `words/en.js`
 * @param {Object<string, string|number>} [values] for the places in braces; `count` chooses the plural form
 * @returns {string}
 */
export function say(key, values = {}) {
  const found = known.get(language)[key] ?? english[key];
  const text = typeof found === 'string' ? found : (found[new Intl.PluralRules(language).select(values.count)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === 'number' ? values[name].toLocaleString(locale()) : values[name]));
}

/** A number of bytes as people read it. @param {number} bytes @returns {string} */
export function sizeOf(bytes) {
  const [unit, size] = bytes >= 1e6 ? ['megabyte', 1e6] : bytes >= 1e3 ? ['kilobyte', 1e3] : ['byte', 1];
  const digits = bytes >= 1e6 && bytes < 1e7 ? 1 : 0;
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }).format(bytes / size);
}
