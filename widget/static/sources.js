import { ageOf, button, el, icon, longDate } from './dom.js';
import { systemName } from './device.js';
import { renderQuote } from './render.js';
import { locale, say } from './words.js';

const overdue = (day) => (day ? say('overdueSince', { day }) : say('overdue'));

/** Numbers as people write them: 1-3, 5. */
function runs(numbers) {
  const parts = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}\u2013${last}`)).join(', ');
}

/**
 * The citations of one reply: the small numbered buttons in its text, the list of sources under it, and the one
 * quotation that is open at a time.
 */
export class Sources {
  #citations;
  #articleUrl;
  #device;
  #shown = new Set();
  #open = null;

  /**
   * @param {object[]} citations as in the reply envelope
   * @param {{articleUrl: string, device: object|null}} options `articleUrl` contains `{id}` and may contain `{revision}`
   */
  constructor(citations, { articleUrl, device }) {
    this.#citations = citations;
    this.#articleUrl = articleUrl;
    this.#device = device;
  }

  /**
   * The button that stands for `[n]`; only the first mention of a source carries weight.
   * @param {number} number from 1
   * @returns {HTMLButtonElement|null} null when there is no such citation
   */
  marker(number) {
    const citation = this.#citations[number - 1];
    if (!citation || citation.withdrawn) return null;
    const repeated = this.#shown.has(number);
    this.#shown.add(number);
    const label = say('source', { number: String(number), title: citation.title });
    const mark = button(String(number), repeated ? 'cite again' : 'cite', () => this.#toggle(mark, [citation], mark.closest('li, p, h3, h4, blockquote') ?? mark), {
      'aria-expanded': 'false',
      'aria-label': label,
      title: citation.title,
    });
    return mark;
  }

  /** The list under the answer, one entry for each article. @returns {HTMLElement} */
  list() {
    const entries = [...this.#byArticle().values()].map((numbers) => this.#entry(numbers));
    return el('section', { class: 'sources' }, el('h3', { class: 'label', text: say('sources') }), el('ul', {}, ...entries));
  }

  #byArticle() {
    const groups = new Map();
    this.#citations.forEach((citation, index) => {
      const key = `${citation.article}@${citation.revision}`;
      groups.set(key, [...(groups.get(key) ?? []), index + 1]);
    });
    return groups;
  }

  #entry(numbers) {
    const cited = numbers.map((number) => this.#citations[number - 1]);
    const [first] = cited;
    if (first.withdrawn) return this.#withdrawn(first, numbers);
    const entry = el('li', { class: 'source' });
    const title = button(first.title, 'source-title', () => this.#toggle(title, cited, entry), { 'aria-expanded': 'false', dir: 'auto' });
    const about = [ageOf(first.updated ?? '', (age) => say('updated', { age })), this.#platforms(first)].filter(Boolean);
    const facts = el('p', { class: 'facts' });
    about.forEach((part, index) => facts.append(...(index ? [' · ', part] : [part])));
    entry.append(el('span', { class: 'numbers', 'aria-hidden': 'true', text: runs(numbers) }), title, facts);
    if (first.overdue) entry.append(el('p', { class: 'overdue' }, icon('warning'), el('span', { text: overdue(longDate(first.review_by ?? '')) })));
    return entry;
  }

  /* Nothing of the old text is left to quote: only the way to what is true now, where there is one. */
  #withdrawn(citation, numbers) {
    const entry = el('li', { class: 'source withdrawn' }, el('span', { class: 'numbers', 'aria-hidden': 'true', text: runs(numbers) }));
    if (citation.withdrawn !== 'changed') {
      entry.append(el('p', { class: 'facts', text: say('sourceGone') }));
      return entry;
    }
    const link = el('a', { class: 'whole', href: this.#address(citation), target: '_blank', rel: 'noopener noreferrer', title: say('newTab'), text: say('openCurrent') });
    entry.append(el('span', { class: 'source-title', dir: 'auto', text: citation.title }), el('p', { class: 'facts' }, `${say('sourceChanged')} `, link));
    return entry;
  }

  #platforms(citation) {
    const platforms = citation.platforms ?? [];
    if (!platforms.length) return null;
    if (this.#device && platforms.includes(this.#device.platform)) return say('platforms', { names: this.#device.os });
    return say('platforms', { names: new Intl.ListFormat(locale(), { type: 'conjunction' }).format(platforms.map((name) => systemName(name) || name)) });
  }

  #toggle(trigger, citations, place) {
    const same = this.#open?.trigger === trigger;
    this.#close();
    if (same) return;
    const close = () => {
      this.#close();
      trigger.focus();
    };
    const quote = this.#quote(citations, close);
    if (place.localName === 'li') place.append(quote);
    else place.after(quote);
    trigger.setAttribute('aria-expanded', 'true');
    this.#open = { trigger, quote };
    quote.scrollIntoView({ block: 'nearest' });
    quote.focus({ preventScroll: true });
  }

  #close() {
    this.#open?.trigger.setAttribute('aria-expanded', 'false');
    this.#open?.quote.remove();
    this.#open = null;
  }

  #quote(citations, close) {
    const [first] = citations;
    const quote = el('div', { class: 'quote', role: 'group', tabindex: '-1', 'aria-label': say('quote', { title: first.title }) });
    const cross = el('button', { type: 'button', class: 'quiet-icon', 'aria-label': say('closeQuote'), on: { click: close } }, icon('close'));
    quote.append(el('div', { class: 'quote-head', dir: 'auto' }, icon('article'), el('span', { text: first.title }), cross));
    for (const { heading, title, quote: text } of citations) {
      if (heading && heading !== title) quote.append(el('p', { class: 'quote-heading', dir: 'auto', text: heading }));
      quote.append(el('blockquote', { dir: 'auto' }, renderQuote(text)));
    }
    quote.append(el('a', { class: 'whole', href: this.#address(first), target: '_blank', rel: 'noopener noreferrer', title: say('newTab'), text: say('openArticle') }));
    quote.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      event.preventDefault();
      close();
    });
    return quote;
  }

  #address({ article, revision }) {
    return this.#articleUrl.replace('{id}', encodeURIComponent(article)).replace('{revision}', encodeURIComponent(revision));
  }
}
