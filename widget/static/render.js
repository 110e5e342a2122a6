import { el } from './dom.js';
import { say } from './words.js';

const ALLOWED = new Set(['p', 'ul', 'ol', 'li', 'strong', 'em', 'code', 'pre', 'blockquote', 'a', 'br', 'hr', 'h3', 'h4', 'table', 'thead', 'tbody', 'tr', 'th', 'td']);
/* Items follow their list: a list takes its direction from the first text in it that has none of its own. */
const BLOCKS = new Set(['p', 'ul', 'ol', 'blockquote', 'h3', 'h4', 'th', 'td']);
const DROPPED = new Set(['script', 'style', 'template', 'noscript', 'iframe', 'object', 'embed', 'textarea', 'title', 'select']);
const XHTML = 'http://www.w3.org/1999/xhtml';
const MARKER = /\[(\d{1,2})\]/g;

/**
 * Copy the service's closed HTML into new elements. Only the allow-listed elements and `href`/`start` survive;
 * other elements lose their tags and keep their text, active ones vanish. Nothing is ever parsed into the live page.
 * @param {string} html
 * @param {(number: number) => Node|null} marker makes what stands for `[n]`; null leaves the text as it is
 * @returns {DocumentFragment}
 */
export function renderHtml(html, marker = () => null) {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const fragment = document.createDocumentFragment();
  copyChildren(parsed.body, fragment, marker);
  return fragment;
}

function copyChildren(source, target, marker) {
  for (const node of source.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) target.append(...withMarkers(node.data, marker));
    else if (node.nodeType === Node.ELEMENT_NODE) copyElement(node, target, marker);
  }
}

function copyElement(source, target, marker) {
  const name = source.localName;
  if (source.namespaceURI !== XHTML || DROPPED.has(name)) return;
  if (!ALLOWED.has(name)) {
    copyChildren(source, target, marker);
    return;
  }
  if (name === 'a') {
    copyLink(source, target);
    return;
  }
  const copy = document.createElement(name);
  if (name === 'ol' && /^\d{1,4}$/.test(source.getAttribute('start') ?? '')) copy.start = Number(source.getAttribute('start'));
  if (name === 'pre') copy.tabIndex = 0;
  if (BLOCKS.has(name)) copy.dir = 'auto';
  copyChildren(source, copy, name === 'code' || name === 'pre' ? () => null : marker);
  target.append(copy);
}

function copyLink(source, target) {
  const label = source.textContent;
  const address = safeAddress(source.getAttribute('href'));
  if (!address) {
    target.append(label);
    return;
  }
  target.append(el('a', { href: address.href, rel: 'noopener noreferrer', target: '_blank', text: label, title: say('newTab') }));
}

function safeAddress(href) {
  try {
    const address = new URL(href ?? '');
    return address.protocol === 'https:' || address.protocol === 'mailto:' ? address : null;
  } catch {
    return null;
  }
}

/* A marker stays on the line of the word before it. */
function withMarkers(text, marker) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(MARKER)) {
    const node = marker(Number(match[1]));
    if (!node) continue;
    const before = text.slice(end, match.index);
    end = match.index + match[0].length;
    if (before.trim() || !parts.length) {
      const [, rest, word] = /^(.*?)(\S*\s*)$/s.exec(before);
      parts.push(rest, el('span', { class: 'cited', text: word.replace(/\s+$/, '\u00a0') }, node));
    } else parts.at(-1).append(node);
  }
  parts.push(text.slice(end));
  return parts.filter((part) => part !== '');
}

/**
 * Show a quoted passage of Markdown as readable lines: emphasis and code are kept, marks and link targets are not.
 * @param {string} quote
 * @returns {DocumentFragment}
 */
export function renderQuote(quote) {
  const fragment = document.createDocumentFragment();
  let fenced = false;
  for (const line of quote.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) {
      fenced = !fenced;
    } else if (line.trim()) {
      const [, lead, body] = /^(\s*(?:\d+[.)]|[-*+]|#{1,6}|>)\s+)?(.*)$/.exec(line);
      fragment.append(fenced ? el('code', { class: 'line', text: line }) : quoteLine((lead ?? '').trim(), body));
    }
  }
  return fragment;
}

function quoteLine(lead, body) {
  const sign = /^\d/.test(lead) ? lead : { '-': '•', '*': '•', '+': '•' }[lead];
  const line = el('span', { class: sign ? 'line item' : 'line' }, sign ? el('span', { class: 'sign', text: sign }) : null);
  const content = el('span');
  const plain = body.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/\\([*_`#[\]])/g, '$1');
  for (const part of plain.split(/(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|`[^`]+`)/)) {
    if (part.startsWith('**') && part.length > 4) content.append(el('strong', { text: part.slice(2, -2) }));
    else if (part.startsWith('*') && part.length > 2) content.append(el('em', { text: part.slice(1, -1) }));
    else if (part.startsWith('`') && part.length > 2) content.append(el('code', { text: part.slice(1, -1) }));
    else content.append(part);
  }
  if (lead.startsWith('#')) content.className = 'subhead';
  line.append(content);
  return line;
}
