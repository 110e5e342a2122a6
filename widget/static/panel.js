import { button, el, icon } from './dom.js';
import { renderHtml } from './render.js';
import { WORDS } from './words.js';

/**
 * Build the parts of the panel that are always there.
 * @param {{inline: boolean, heading: string, composer: HTMLElement, device: HTMLElement, onClose: () => void, onPerson: () => void}} options
 * @returns {{panel: HTMLElement, view: HTMLElement, log: HTMLElement, start: HTMLElement, banner: HTMLElement, growing: HTMLElement, typing: HTMLElement, person: HTMLElement}}
 */
export function buildPanel({ inline, heading, composer, device, onClose, onPerson }) {
  const title = el('h2', { id: 'title', text: heading });
  const person = el('button', { type: 'button', class: 'person', on: { click: onPerson } }, icon('person'), el('span', { text: WORDS.person }));
  const close = inline ? null : el('button', { type: 'button', class: 'quiet-icon', 'aria-label': WORDS.close, title: WORDS.close, on: { click: onClose } }, icon('close'));
  const banner = el('div', { class: 'banner', role: 'status', hidden: true });
  const start = el('div', { class: 'start' });
  const log = el('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', 'aria-label': WORDS.messages });
  const typing = el('div', { class: 'typing', role: 'status' });
  const growing = el('div', { class: 'growing body', dir: 'auto', 'aria-hidden': 'true', hidden: true });
  const view = el('div', { class: 'view', tabindex: '0', role: 'region', 'aria-label': WORDS.log }, start, log, growing, typing);
  const panel = el(
    inline ? 'section' : 'dialog',
    { class: 'panel', 'aria-labelledby': 'title' },
    el('header', {}, title, person, close),
    banner,
    view,
    el('footer', {}, device, composer),
  );
  return { panel, view, log, start, banner, growing, typing, person };
}

/**
 * Draw what stands there before the first message.
 * @param {HTMLElement} start
 * @param {{name: string, suggestions: string[], ask: (text: string) => void}} options
 */
export function drawStart(start, { name, suggestions, ask }) {
  start.replaceChildren(
    el('p', { class: 'greeting', dir: 'auto', text: WORDS.greeting(name.split(' ')[0]) }),
    el('p', { class: 'invitation', text: WORDS.invitation }),
  );
  if (!suggestions.length) return;
  const chips = suggestions.map((text) => el('li', {}, button(text, 'chip', () => ask(text), { dir: 'auto' })));
  start.append(el('h3', { class: 'label', text: WORDS.suggestions }), el('ul', { class: 'chips' }, ...chips));
}

/** Say with whom the person writes, or offer somebody. @param {HTMLElement} button @param {string} name '' when it is nobody */
export function drawPerson(button, name) {
  button.disabled = Boolean(name);
  button.querySelector('span').textContent = name ? WORDS.withPerson(name) : WORDS.person;
}

/** Show that an answer is on its way, or that none is. @param {HTMLElement} typing @param {boolean} on @param {string} [name] of a person who writes */
export function drawTyping(typing, on, name = '') {
  const words = name ? WORDS.writing(name) : WORDS.typing;
  if (on === typing.hasChildNodes() && (!on || typing.lastChild.textContent === words)) return;
  typing.replaceChildren(...(on ? [el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), el('span', { class: 'typing-words', text: words })] : []));
}

/** Show an answer as far as it is written, or none; it is read out once it is whole. @param {HTMLElement} growing @param {string} html */
export function drawGrowing(growing, html) {
  growing.hidden = !html;
  growing.replaceChildren(...(html ? [renderHtml(html, (number) => el('sup', { text: String(number) }))] : []));
}

/**
 * Show one quiet line under the header, or none.
 * @param {HTMLElement} banner
 * @param {{sign?: string, title?: string, text?: string, action?: HTMLElement, tone?: string}|null} content
 */
export function drawBanner(banner, content) {
  banner.hidden = !content;
  banner.className = `banner ${content?.tone ?? ''}`;
  if (!content) {
    banner.replaceChildren();
    return;
  }
  const words = el('p', {}, content.title ? el('strong', { text: `${content.title} ` }) : null, content.text ?? '');
  banner.replaceChildren(...(content.sign ? [icon(content.sign)] : []), words, ...(content.action ? [content.action] : []));
}
