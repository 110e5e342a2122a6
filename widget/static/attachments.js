import { button, el, freshId, icon } from './dom.js';
import { current, locale, say, sizeOf } from './words.js';

const MOST = 5;
const USUAL = 10_000_000;
const TYPES = /^(image\/(png|jpeg|gif|webp)|application\/pdf|text\/(?!html)[\w.+-]+|application\/(json|xml))$/;
const ENDINGS = /\.(png|jpe?g|gif|webp|pdf|txt|log|csv|json|xml|ya?ml|ini|conf|cfg|md)$/i;
const ACCEPT = 'image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,.log,.txt,.csv,.json,.xml,.yaml,.yml,.ini,.conf,.cfg,.md';
const FIRST_DELAY = 1000;
const LONGEST_DELAY = 60_000;

const pictureOf = (kind) => (/^image/.test(kind) ? 'image' : 'article');

const cross = (name, press) => el('button', { type: 'button', class: 'quiet-icon small', 'aria-label': say('removeFile', { name }), title: say('remove'), on: { click: press } }, icon('close'));

/** The files that are chosen and not yet sent: chips with a way to take them back. Nothing leaves the browser before `take`. */
export class Tray {
  #files = [];
  #chips = el('ul', { class: 'tray', 'aria-label': say('attached') });
  #refusal = el('p', { class: 'tray-fault', role: 'alert' });
  #hint = el('p', { class: 'facts', id: 'tray-hint' });
  #limit = USUAL;
  #told = '';
  #input;
  #onChange;

  /** @param {() => void} onChange something was added or taken away */
  constructor(onChange) {
    this.#onChange = onChange;
    this.#input = el('input', { type: 'file', multiple: true, accept: ACCEPT, hidden: true, tabindex: '-1', on: { change: () => this.add([...this.#input.files]) } });
    /** @type {HTMLElement} */
    this.button = el('button', { type: 'button', class: 'quiet-icon clip', 'aria-label': say('attach'), 'aria-describedby': 'tray-hint', title: say('attach'), on: { click: () => this.#input.click() } }, icon('clip'));
    /** @type {HTMLElement} */
    this.element = el('div', { class: 'tray-frame' }, this.#refusal, this.#chips, this.#hint, this.#input);
    this.limit(USUAL);
  }

  /** Say how large a file may be; where none are taken nothing offers it. @param {number} bytes */
  limit(bytes) {
    this.#limit = bytes;
    this.button.hidden = !bytes;
    this.#hint.textContent = say('attachHint', { size: sizeOf(bytes), count: MOST });
    this.#draw(this.#told);
  }

  /** @returns {number} how many files wait */
  get count() {
    return this.#files.length;
  }

  /** Add what was chosen, dropped or pasted; what cannot be taken is refused in words. @param {File[]} files */
  add(files) {
    if (!this.#limit) return;
    const faults = [];
    for (const file of files) {
      const fault = this.#fault(file);
      if (fault) faults.push(fault);
      else this.#files.push(file);
    }
    this.#input.value = '';
    this.#draw([...new Set(faults)].join(' '));
  }

  /** Add an image that was pasted, under a name that says when. @param {File} image */
  addPasted(image) {
    const time = new Date().toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit' });
    const ending = image.type.split('/')[1] ?? 'png';
    this.add([/^image\.\w+$/.test(image.name) ? new File([image], `${say('screenshot', { time }).replace(':', '.')}.${ending}`, { type: image.type }) : image]);
  }

  /** Take the files out, to send them. @returns {File[]} */
  take() {
    const files = this.#files;
    this.#files = [];
    this.#draw();
    return files;
  }

  #fault({ name, type, size }) {
    if (this.#files.length >= MOST) return say('refusedCount', { count: MOST });
    if (!(TYPES.test(type) || (!type && ENDINGS.test(name)) || (/^(text|application)\//.test(type) && /\.(log|txt|csv|ya?ml|ini|conf|cfg|md)$/i.test(name)))) return say('refusedType', { name });
    if (!size) return say('refusedEmpty', { name });
    return size > this.#limit ? say('refusedSize', { name, size: sizeOf(size), limit: sizeOf(this.#limit) }) : '';
  }

  #draw(fault = '') {
    this.#told = fault;
    this.#refusal.replaceChildren(...(fault ? [icon('warning'), el('span', { dir: 'auto', text: fault })] : []));
    this.#chips.replaceChildren(...this.#files.map((file) => this.#chip(file)));
    this.#chips.hidden = !this.#files.length;
    this.#hint.className = this.#files.length || fault ? 'facts' : 'unseen';
    this.#onChange();
  }

  #chip(file) {
    const away = () => {
      const at = this.#files.indexOf(file);
      this.#files.splice(at, 1);
      this.#draw();
      (this.#chips.querySelectorAll('button')[Math.min(at, this.#files.length - 1)] ?? this.button).focus();
    };
    return el('li', { class: 'file' }, icon(pictureOf(file.type)), el('span', { class: 'file-name', dir: 'auto', text: file.name }), el('span', { class: 'facts', text: sizeOf(file.size) }), cross(file.name, away));
  }
}

/* The service's words are English; where the widget speaks another language it says the commonest refusals itself. */
function wordsFor({ detail, code }, { name, size }) {
  const own = current() === 'en' ? '' : { kind: say('refusedType', { name }), empty: say('refusedEmpty', { name }), many_here: say('fileMany') }[code];
  return own || detail || (code === 'too_large' ? sizeOf(size) : '');
}

/** One file in the transcript: on its way, refused, or stored. */
export class FileRow {
  #on;
  #state = el('div', { class: 'file-state', 'aria-live': 'off' });
  #name;
  id = '';

  /**
   * @param {{name: string, kind: string, size: number}} file
   * @param {{mine: boolean, from: string}} whose
   * @param {{download: (id: string, name: string) => Promise<void>, remove: (id: string) => Promise<void>}} on
   */
  constructor(file, { mine, from }, on) {
    this.file = file;
    this.#on = on;
    this.mine = mine;
    this.#name = el('span', { class: 'file-name', dir: 'auto', text: file.name });
    /** @type {HTMLElement} */
    this.element = el(
      'div',
      { class: mine ? 'mine file-row' : 'theirs file-row' },
      el('span', { class: 'unseen', text: `${mine ? say('fileSent') : say('fileFrom', { name: from })}: ` }),
      el('div', { class: 'file' }, icon(pictureOf(file.kind)), this.#name, el('span', { class: 'facts', text: sizeOf(file.size) })),
      this.#state,
    );
  }

  /** It waits for the line. */
  wait() {
    this.element.dataset.state = 'waiting';
    this.#state.replaceChildren(el('p', { class: 'facts', text: say('fileWaiting') }));
  }

  /** It is going out. @param {number} part of it, in [0, 1] */
  progress(part) {
    this.element.dataset.state = 'sending';
    const bar = this.#state.querySelector('progress') ?? el('progress', { max: '1', 'aria-label': this.file.name });
    bar.value = part;
    const words = part < 1 ? say('fileSending', { percent: part.toLocaleString(locale(), { style: 'percent' }) }) : say('fileChecking');
    this.#state.replaceChildren(bar, el('p', { class: 'facts', text: words }));
  }

  /** It is not taken. @param {string} why in words @param {() => void} remove @param {(() => void)|null} retry where another try may end otherwise */
  refuse(why, remove, retry) {
    this.element.dataset.state = 'failed';
    const words = el('div', {}, el('p', { text: say('fileRefused') }), why ? el('p', { class: 'facts', dir: 'auto', text: why }) : null);
    words.append(el('div', { class: 'choices' }, retry && button(say('retry'), 'choice', retry), button(say('remove'), 'choice', remove, { 'aria-label': say('removeFile', { name: this.file.name }) })));
    this.#state.replaceChildren(el('div', { class: 'failure', role: 'alert' }, icon('warning'), words));
  }

  /** It is stored; its name and size are the service's. @param {{id: string, name: string, kind: string, size: number}} attachment */
  store(attachment) {
    this.file = attachment;
    const { id, name } = attachment;
    this.id = id;
    this.element.dataset.state = 'stored';
    const fetch = button(name, 'file-name link', () => this.#try(this.#on.download(id, name)), { dir: 'auto', 'aria-label': say('download', { name }) });
    this.element.querySelector('.file > .facts').textContent = sizeOf(attachment.size);
    this.#name.replaceWith(fetch);
    this.#name = fetch;
    this.#state.replaceChildren();
    if (this.mine) this.element.querySelector('.file').append(cross(name, () => this.#try(this.#on.remove(id))));
  }

  /** It was taken away. */
  removed() {
    this.element.dataset.state = 'removed';
    this.element.replaceChildren(el('p', { class: 'facts', dir: 'auto', text: say('fileRemoved', { name: this.file.name }) }));
  }

  /** It can no longer be taken away: people of the desk have it. */
  keep() {
    this.element.querySelector('.small')?.remove();
  }

  async #try(call) {
    this.element.querySelector('.file-fault')?.remove();
    try {
      await call;
    } catch (refused) {
      const words = refused.status === 404 ? say('fileGone', { name: this.file.name }) : wordsFor(refused, this.file) || say(refused.status ? 'errorTitle' : 'offline');
      this.element.append(el('p', { class: 'file-fault facts', role: 'alert', dir: 'auto', text: words }));
    }
  }
}

/**
 * The files on their way, one after the other and in their order, each to the conversation that it was given to. They are held in memory
 * alone: a lost connection costs nothing, a page that is left takes them away, and is asked about first.
 */
export class Uploads {
  #api;
  #onStored;
  #waiting = [];
  #now = null;
  #held = [];
  #timer = 0;
  #attempt = 0;
  #unload = (event) => event.preventDefault();

  /** @param {import('./api.js').Api} api @param {(row: FileRow, attachment: object) => void} onStored a row's file is stored as this */
  constructor(api, onStored) {
    this.#api = api;
    this.#onStored = onStored;
  }

  /** Send a file after those before it. @param {File} file @param {FileRow} row what shows it @param {string|null} conversation null while it has not begun */
  add(file, row, conversation) {
    this.#keep([...this.#waiting, { file, row, conversation, key: freshId() }]);
    row.wait();
    this.#next();
  }

  /** There is a line, and what waits for a conversation to begin belongs to this one. @param {string|null} conversation */
  go(conversation) {
    for (const one of this.#waiting) one.conversation ??= conversation;
    clearTimeout(this.#timer);
    this.#next();
  }

  /** Let go of what waits for a conversation that will not begin, or of everything. @param {boolean} all */
  forget(all) {
    this.#keep(all ? [] : this.#waiting.filter(({ conversation }) => conversation));
  }

  /** Do something once it is known what became of the file that is going out now: its answer may come later than the event. @param {() => void} then */
  settled(then) {
    if (this.#now) this.#held.push(then);
    else then();
  }

  async #next() {
    const one = this.#waiting.find(({ conversation }) => conversation);
    if (!one || this.#now) return;
    this.#now = one;
    const passed = await this.#send(one);
    this.#now = null;
    this.#held.splice(0).forEach((then) => then());
    if (passed) {
      this.#attempt = 0;
      this.#keep(this.#waiting.filter((other) => other !== one));
      this.#next();
    } else {
      one.row.wait();
      this.#attempt += 1;
      this.#timer = setTimeout(() => this.#next(), Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt) * (0.75 + Math.random() / 2));
    }
  }

  /* False when it is worth another try. */
  async #send({ file, row, key, conversation }) {
    try {
      row.progress(0);
      const stored = await this.#api.upload(`/conversations/${conversation}/attachments`, file, key, (part) => row.progress(part));
      this.#onStored(row, stored);
    } catch (refused) {
      const { status, code } = refused;
      if (!status || status === 401 || status === 429 || (status >= 500 && !code)) return false;
      row.refuse(wordsFor(refused, file), () => row.element.remove(), status >= 500 ? () => this.add(file, row, conversation) : null);
    }
    return true;
  }

  #keep(waiting) {
    this.#waiting = waiting;
    removeEventListener('beforeunload', this.#unload);
    if (waiting.length) addEventListener('beforeunload', this.#unload);
  }
}
