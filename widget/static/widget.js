import { Composer, describe, DeviceLine } from './composer.js';
import { ChatConnection } from './connection.js';
import { button, el, icon } from './dom.js';
import { buildPanel, drawBanner, drawPerson, drawGrowing, drawStart, drawTyping } from './panel.js';
import { Session, TokenSource } from './session.js';
import { Transcript } from './transcript.js';
import { WORDS } from './words.js';

const SERVER = new URL(import.meta.url).origin;
const SHEETS = ['tokens.css', 'widget.css'].map((name) => new URL(name, import.meta.url).href);
const QUIET_FOR = 1500;
const WRITING_FOR = 6000;

/**
 * The help desk as one element.
 *
 * Attributes: `token-url`, `person`, `open`, `inline`, `heading`, `suggestions` (JSON list of questions),
 * `article-url` (default `/articles/{id}`; `{revision}` may stand in it too).
 * Properties: `open`, `suggestions`, `token` (write only). Methods: `show()`, `hide()`, `ask(text)`, `restart()`.
 * Events, all bubbling and crossing the shadow: `firstline-open`, `firstline-close`, `firstline-reply` (detail: reply envelope),
 * `firstline-expired` (the page should set a new `token`, or have the person sign in).
 */
export class HelpdeskElement extends HTMLElement {
  static observedAttributes = ['person', 'token-url', 'open', 'suggestions', 'inline', 'heading'];

  #narrow = matchMedia('(max-width: 480px)');
  #parts = null;
  #tokens = null;
  #session = null;
  #connection = null;
  #transcript = null;
  #composer = null;
  #device = null;
  #launcher = null;
  #person = { name: '' };
  #given = null;
  #suggestions = null;
  #status = 'connecting';
  #quiet = 0;
  #unread = 0;
  #lastQuestion = '';
  #opener = null;
  #resuming = false;
  #live = false;
  #with = '';
  #pause = 0;
  #fit = () => this.#fitToKeyboard();
  #relayout = () => this.#layout(false);

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: 'open' });
    if (this.#narrow.matches && !this.inline) this.removeAttribute('open');
    this.#build();
    this.#narrow.addEventListener('change', this.#relayout);
    visualViewport?.addEventListener('resize', this.#fit);
  }

  disconnectedCallback() {
    this.#connection?.stop();
    this.#narrow.removeEventListener('change', this.#relayout);
    visualViewport?.removeEventListener('resize', this.#fit);
    this.#parts = null;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#parts || before === after) return;
    if (name === 'open') this.#layout(true);
    else if (name === 'suggestions') this.#drawStart();
    else this.#build();
  }

  /** Whether the panel is shown; always true for `inline`. */
  get open() {
    return this.inline || this.hasAttribute('open');
  }

  set open(value) {
    this.toggleAttribute('open', Boolean(value));
  }

  /** Whether the panel stands in the page instead of floating. */
  get inline() {
    return this.hasAttribute('inline');
  }

  /** The example questions of the first screen. @type {string[]} */
  get suggestions() {
    if (this.#suggestions) return this.#suggestions;
    try {
      return JSON.parse(this.getAttribute('suggestions') ?? '[]');
    } catch {
      return [];
    }
  }

  set suggestions(list) {
    this.#suggestions = [...list];
    this.#drawStart();
  }

  /** A token that the page obtained itself; setting it connects again. */
  set token(token) {
    this.#given = token;
    this.#tokens?.set(token);
    this.#connection?.retry();
  }

  /** Open the panel and put the cursor into it. */
  show() {
    this.open = true;
  }

  /** Close the panel; the conversation stays. */
  hide() {
    this.open = false;
  }

  /** Open the panel and send a question. @param {string} text */
  ask(text) {
    this.show();
    if (text.trim()) this.#send(text.trim());
    this.#focus();
  }

  /** Begin a new conversation; the old one stays on record. */
  restart() {
    this.#session.forget();
    this.#reconnect();
    this.#focus();
  }

  #build() {
    this.#connection?.stop();
    this.#session = new Session(this.getAttribute('person') ?? '');
    this.#tokens = new TokenSource({ url: this.getAttribute('token-url'), person: this.getAttribute('person') });
    if (this.#given) this.#tokens.set(this.#given);
    this.#composer = new Composer((text) => this.#send(text));
    this.#device = new DeviceLine((device) => this.#deviceChanged(device));
    this.#parts = buildPanel({
      inline: this.inline,
      heading: this.getAttribute('heading') ?? WORDS.heading,
      composer: this.#composer.element,
      device: this.#device.element,
      onClose: () => this.hide(),
      onPerson: () => this.#talkToPerson(),
    });
    const { panel, log } = this.#parts;
    panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !this.inline) this.hide();
    });
    panel.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.hide();
    });
    this.#transcript = new Transcript(
      log,
      {
        choose: (choice) => this.#connection.send({ choice }),
        retry: (frame) => this.#connection.resend(frame),
        restart: () => this.restart(),
        changeDevice: () => this.#device.open(),
        settled: () => this.#focus(),
        enterCode: (action, code) => this.#connection.enterCode(action, code),
      },
      this.getAttribute('article-url') ?? '/articles/{id}',
    );
    this.#launcher = el('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', on: { click: () => this.show() } });
    const frame = el('div', { class: this.inline ? 'frame inline' : 'frame', hidden: true }, ...(this.inline ? [] : [this.#launcher]), panel);
    this.shadowRoot.replaceChildren(...SHEETS.map((href) => el('link', { rel: 'stylesheet', href })), frame);
    this.#whenStyled().then(() => {
      frame.hidden = false;
      this.#toEnd();
    });
    this.#person = { name: '' };
    this.#reconnect();
    this.#layout(false);
  }

  #whenStyled() {
    const links = [...this.shadowRoot.querySelectorAll('link')];
    return Promise.all(links.map((link) => link.sheet ?? new Promise((done) => ['load', 'error'].forEach((type) => link.addEventListener(type, done)))));
  }

  #reconnect() {
    this.#connection?.stop();
    this.#transcript.clear();
    this.#withPerson('');
    this.#lastQuestion = '';
    this.#resuming = Boolean(this.#session.conversation);
    drawTyping(this.#parts.typing, false);
    drawGrowing(this.#parts.growing, '');
    this.#showStatus('connecting');
    this.#drawStart();
    this.#connection = this.#listen(new ChatConnection({ url: `${SERVER.replace(/^http/, 'ws')}/v1/chat`, tokens: this.#tokens, session: this.#session }));
    if (this.open || this.#resuming) this.#connection.start();
  }

  #listen(connection) {
    const on = (type, listener) => connection.addEventListener(type, ({ detail }) => connection === this.#connection && listener(detail));
    on('status', (status) => this.#showStatus(status));
    on('welcome', (frame) => this.#welcome(frame));
    on('typing', (name) => (name ? this.#writing(name) : this.#typing(!this.#with)));
    on('growing', ({ html }) => this.#growing(html));
    on('entry', (frame) => this.#entry(frame));
    on('caughtup', () => this.#caughtUp());
    on('accepted', (id) => this.#transcript.accept(id));
    on('refused', ({ frame, problem }) => {
      this.#typing(false);
      this.#transcript.refuse(frame, problem);
    });
    on('code', (frame) => this.#transcript.answerCode(frame));
    on('gone', () => {
      this.#transcript.clear();
      this.#transcript.addNote(WORDS.gone);
      this.#resuming = false;
    });
    return connection;
  }

  #welcome({ person, devices }) {
    this.#live = false;
    this.#person = person;
    this.#device.show(devices ?? [], this.#session.device);
    this.#drawStart();
    this.#parts.log.setAttribute('aria-live', 'off');
  }

  #caughtUp() {
    if (this.#resuming && !this.#transcript.empty) this.#transcript.addNote(WORDS.resumed);
    this.#resuming = false;
    this.#live = true;
    for (const { id, text, type } of this.#session.outbox) {
      if (type === 'message' && !this.#transcript.has(id)) this.#transcript.addMessage(id, text, 'pending');
    }
    this.#drawStart();
    requestAnimationFrame(() => this.#parts?.log.setAttribute('aria-live', 'polite'));
  }

  #entry({ event, missed }) {
    if (this.#resuming && missed && !this.#transcript.empty) {
      this.#resuming = false;
      this.#transcript.addNote(WORDS.newSince);
    }
    if (event.type === 'message') {
      this.#transcript.addMessage(event.message, event.text, 'sent');
      this.#lastQuestion = event.text;
    } else if (event.type === 'choice') {
      this.#transcript.addChoice(event.message, event.choice, event.label);
    } else if (event.type === 'reply') {
      this.#typing(false);
      this.#transcript.addReply(event.reply);
      if (this.#live && this.open && this.#composer.empty) this.#transcript.focusCode(event.reply.action);
      this.#device.follow(event.reply.device);
      this.#announce(event.reply);
    } else if (event.type === 'holding') {
      this.#withPerson(event.holds ? event.person.name : '');
      this.#transcript.addHolding(event);
    } else if (event.type === 'person') {
      this.#typing(false);
      this.#transcript.addPerson(event);
      this.#noticed();
    }
    this.#drawStart();
  }

  #announce(reply) {
    if (this.#resuming) return;
    this.#noticed();
    this.#tell('firstline-reply', reply);
  }

  #noticed() {
    if (!this.open && !this.#resuming) this.#unread += 1;
    this.#drawLauncher();
  }

  /* While somebody of the desk has the conversation nothing is being looked up, and nobody has to be asked for. */
  #withPerson(name) {
    this.#with = name;
    this.#typing(false);
    drawPerson(this.#parts.person, name);
    this.#composer.address(name);
  }

  #send(text) {
    this.#connection.start();
    const id = this.#connection.send(this.#device.chosen ? { text, device: this.#device.chosen.id } : { text });
    this.#lastQuestion = text;
    this.#transcript.addMessage(id, text, 'pending');
    this.#transcript.connection(this.#status === 'online');
    this.#drawStart();
  }

  #talkToPerson() {
    if (this.#session.conversation) {
      const id = this.#connection.send({ choice: 'person' });
      this.#transcript.addChoice(id, 'person', WORDS.person);
    } else this.#send(WORDS.personMessage);
  }

  #deviceChanged(device) {
    this.#session.keep({ device: device.id });
    if (this.#transcript.empty) return;
    const question = this.#lastQuestion;
    const again = question ? button(WORDS.askAgain, 'link', () => this.#send(question)) : undefined;
    this.#transcript.addNote(WORDS.deviceChanged(describe(device)), again);
  }

  #writing(name) {
    if (!this.#with) return;
    this.#typing(true, name);
    this.#pause = setTimeout(() => this.#typing(false), WRITING_FOR);
  }

  #growing(html) {
    if (this.#with) return;
    drawGrowing(this.#parts.growing, html);
    this.#toEnd();
  }

  #typing(on, name) {
    clearTimeout(this.#pause);
    if (!on) drawGrowing(this.#parts.growing, '');
    drawTyping(this.#parts.typing, on, name);
    if (on) this.#toEnd();
  }

  #toEnd() {
    if (this.#parts && !this.#transcript.empty) this.#parts.view.scrollTop = this.#parts.view.scrollHeight;
  }

  #drawStart() {
    if (!this.#parts) return;
    this.#parts.start.hidden = !this.#transcript.empty || this.#resuming;
    drawStart(this.#parts.start, { name: this.#person.name, suggestions: this.suggestions.slice(0, 3), ask: (text) => this.ask(text) });
  }

  #showStatus(status) {
    const was = this.#status;
    clearTimeout(this.#quiet);
    if (status === 'connecting') return;
    this.#status = status;
    this.#transcript.connection(status === 'online');
    if (status !== 'online') this.#typing(false);
    const { banner } = this.#parts;
    if (status === 'online') {
      const visible = !banner.hidden && was === 'offline';
      drawBanner(banner, visible ? { sign: 'check', text: WORDS.back, tone: 'good' } : null);
      if (visible) this.#quiet = setTimeout(() => drawBanner(banner, null), QUIET_FOR * 3);
    } else if (status === 'offline') {
      this.#quiet = setTimeout(() => drawBanner(banner, { sign: 'offline', text: WORDS.offline }), banner.hidden ? QUIET_FOR : 0);
    } else if (status === 'throttled') {
      drawBanner(banner, { sign: 'warning', text: WORDS.throttled, tone: 'warn' });
    } else {
      drawBanner(banner, { sign: 'warning', title: WORDS.expiredTitle, text: WORDS.expiredDetail, tone: 'warn', action: button(WORDS.retry, 'choice', () => this.#connection.retry()) });
      this.#tell('firstline-expired');
    }
  }

  #layout(byPerson) {
    const { panel } = this.#parts;
    if (this.inline) return;
    const modal = this.#narrow.matches;
    const shown = panel.open;
    if (this.open) {
      if (!shown) this.#opener = byPerson ? deepActive() : null;
      if (shown && byPerson) return;
      if (shown) panel.close();
      if (modal) panel.showModal();
      else panel.setAttribute('open', '');
      this.#unread = 0;
      this.#connection.start();
      if (byPerson) this.#focus();
      if (!shown) this.#toEnd();
      if (!shown) this.#tell('firstline-open');
    } else if (shown) {
      panel.close();
      panel.removeAttribute('style');
    }
    this.#launcher.hidden = this.open;
    this.#drawLauncher();
    if (!this.open && shown) {
      (this.#opener?.isConnected && this.#opener !== document.body ? this.#opener : this.#launcher).focus();
      this.#tell('firstline-close');
    }
  }

  /* On a touch screen the field would bring up the keyboard over what there is to read. */
  #focus() {
    this.#whenStyled().then(() => {
      if (matchMedia('(pointer: coarse)').matches) this.#parts.view.focus({ preventScroll: true });
      else this.#composer.focus();
    });
  }

  #drawLauncher() {
    const unread = this.#unread ? el('span', { class: 'unread', text: WORDS.unread(this.#unread) }) : null;
    this.#launcher.replaceChildren(icon('chat'), el('span', { text: WORDS.launcher }), ...(unread ? [unread] : []));
  }

  #fitToKeyboard() {
    if (this.inline || !this.open || !this.#narrow.matches) return;
    this.#parts.panel.style.height = `${visualViewport.height}px`;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

function deepActive() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

customElements.define('firstline-helpdesk', HelpdeskElement);
