import { button, el, icon } from './dom.js';
import { renderHtml } from './render.js';
import { say } from './words.js';

/**
 * Build the parts of the panel that are always there.
 * @param {{inline: boolean, heading: string, composer: HTMLElement, device: HTMLElement, past: HTMLElement,
 *   on: {close: () => void, person: () => void, past: () => void, drop: (files: File[]) => void}}} options
 * @returns {{panel: HTMLElement, view: HTMLElement, log: HTMLElement, start: HTMLElement, banner: HTMLElement, offer: HTMLElement, growing: HTMLElement, typing: HTMLElement,
 *   person: HTMLElement, pastButton: HTMLElement, footer: HTMLElement}}
 */
export function buildPanel({ inline, heading, composer, device, past, on }) {
  const title = el('h2', { id: 'title', dir: 'auto', text: heading });
  const pastButton = signed('clock', say('past'), on.past, { 'aria-expanded': 'false' });
  const person = el('button', { type: 'button', class: 'person', on: { click: on.person } }, icon('person'), el('span', { text: say('person') }));
  const close = inline ? null : signed('close', say('close'), on.close);
  const banner = el('div', { class: 'banner', role: 'status', hidden: true });
  const offer = el('div', { class: 'banner offer', role: 'status', hidden: true });
  const start = el('div', { class: 'start' });
  const log = el('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', 'aria-label': say('messages') });
  const typing = el('div', { class: 'typing', role: 'status' });
  const growing = el('div', { class: 'growing body', dir: 'auto', 'aria-hidden': 'true', hidden: true });
  const view = el('div', { class: 'view', tabindex: '0', role: 'region', 'aria-label': say('log') }, start, log, growing, typing);
  const footer = el('div', { class: 'foot' }, device, composer);
  const drop = el('div', { class: 'drop', 'aria-hidden': 'true', text: say('attachDrop') });
  const panel = el(inline ? 'section' : 'dialog', { class: 'panel', 'aria-labelledby': 'title' }, el('div', { class: 'head' }, title, person, pastButton, close), banner, offer, past, view, footer, drop);
  takeDrops(panel, on.drop);
  return { panel, view, log, start, banner, offer, growing, typing, person, pastButton, footer };
}

function signed(sign, label, press, attributes = {}) {
  return el('button', { type: 'button', class: 'quiet-icon', 'aria-label': label, title: label, on: { click: press }, ...attributes }, icon(sign));
}

function takeDrops(panel, drop) {
  const holds = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
  panel.addEventListener('dragover', (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    panel.classList.add('dropping');
  });
  panel.addEventListener('dragleave', ({ relatedTarget }) => panel.contains(relatedTarget) || panel.classList.remove('dropping'));
  panel.addEventListener('drop', (event) => {
    panel.classList.remove('dropping');
    if (!holds(event)) return;
    event.preventDefault();
    drop([...event.dataTransfer.files]);
  });
}

/**
 * Draw what stands there before the first message.
 * @param {HTMLElement} start
 * @param {{name: string, suggestions: string[], ask: (text: string) => void}} options
 */
export function drawStart(start, { name, suggestions, ask }) {
  start.replaceChildren(
    el('p', { class: 'greeting', dir: 'auto', text: name ? say('greetingName', { name: name.split(' ')[0] }) : say('greeting') }),
    el('p', { class: 'invitation', text: say('invitation') }),
  );
  if (!suggestions.length) return;
  const chips = suggestions.map((text) => el('li', {}, button(text, 'chip', () => ask(text), { dir: 'auto' })));
  start.append(el('h3', { class: 'label', text: say('suggestions') }), el('ul', { class: 'chips' }, ...chips));
}

/** Say with whom the person writes, or offer somebody. @param {HTMLElement} button @param {string} name '' when it is nobody */
export function drawPerson(button, name) {
  button.disabled = Boolean(name);
  button.title = name ? say('withPerson', { name }) : say('person');
  button.querySelector('span').textContent = button.title;
}

/** Show that an answer is on its way, or that none is. @param {HTMLElement} typing @param {boolean} on @param {string} [name] of a person who writes */
export function drawTyping(typing, on, name = '') {
  const words = name ? say('writing', { name }) : say('typing');
  if (on === typing.hasChildNodes() && (!on || typing.lastChild.textContent === words)) return;
  typing.replaceChildren(...(on ? [el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), el('span', { class: 'typing-words', dir: 'auto', text: words })] : []));
}

/** Show an answer as far as it is written, or none; it is read out once it is whole. @param {HTMLElement} growing @param {string} html */
export function drawGrowing(growing, html) {
  growing.hidden = !html;
  growing.replaceChildren(...(html ? [renderHtml(html, (number) => el('sup', { text: String(number) }))] : []));
}

/**
 * Show one quiet line under the header, or none.
 * @param {HTMLElement} banner
 * @param {{sign?: string, title?: string, text?: string, actions?: HTMLElement[], tone?: string}|null} content
 */
export function drawBanner(banner, content) {
  banner.hidden = !content;
  banner.classList.remove('good', 'warn');
  if (content?.tone) banner.classList.add(content.tone);
  if (!content) {
    banner.replaceChildren();
    return;
  }
  const words = el('p', {}, content.title ? el('strong', { text: `${content.title} ` }) : null, content.text ?? '');
  banner.replaceChildren(...(content.sign ? [icon(content.sign)] : []), words, ...(content.actions ?? []));
}
