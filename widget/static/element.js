import { Activity } from './activity.js';
import { Api } from './api.js';
import { Uploads } from './attachments.js';
import { Composer } from './composer.js';
import { ChatConnection } from './connection.js';
import { describe, DeviceLine } from './device.js';
import { button, el } from './dom.js';
import { Line } from './line.js';
import { Opening } from './opening.js';
import { buildPanel, drawBanner, drawStart } from './panel.js';
import { Past } from './past.js';
import { Session, TokenSource } from './session.js';
import { Tabs } from './tabs.js';
import { Transcript } from './transcript.js';
import { current, direction, say, speak, spoken } from './words.js';

const SERVER = new URL(import.meta.url).origin;
const SHEETS = ['tokens.css', 'widget.css'].map((name) => new URL(name, import.meta.url).href);

/**
 * The help desk as one element.
 *
 * Attributes: `token-url`, `person`, `open`, `inline`, `heading`, `suggestions` (JSON list of questions),
 * `article-url` (default `/articles/{id}` of the service; `{revision}` may stand in it too), `lang` (else the page's, else the browser's).
 * Properties: `open`, `suggestions`, `token` (write only). Methods: `show()`, `hide()`, `ask(text)`, `restart()`.
 * Events, all bubbling and crossing the shadow: `firstline-open`, `firstline-close`, `firstline-reply` (detail: reply envelope),
 * `firstline-expired` (the page should set a new `token`, or have the person sign in).
 */
export class HelpdeskElement extends HTMLElement {
  static observedAttributes = ['person', 'token-url', 'open', 'suggestions', 'inline', 'heading', 'lang'];

  #built;
  #turn = 0;
  #api = null;
  #uploads = null;
  #past = null;
  #tabs = new Tabs();
  #declined = '';
  #pageLanguage = new MutationObserver(() => this.#begin());
  #opening = new Opening(this);
  #line = null;
  #parts = null;
  #tokens = null;
  #session = null;
  #connection = null;
  #transcript = null;
  #composer = null;
  #device = null;
  #person = { name: '' };
  #given = null;
  #suggestions = null;
  #unread = 0;
  #lastQuestion = '';
  #resuming = false;
  #live = false;
  #wrote = false;
  #asked = false;
  #activity = null;

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: 'open' });
    if (this.#opening.modal) this.removeAttribute('open');
    this.#begin();
    this.#tabs.start();
    this.#pageLanguage.observe(document.documentElement, { attributeFilter: ['lang'] });
    this.#opening.start();
  }

  disconnectedCallback() {
    this.#connection?.stop();
    this.#uploads?.forget(true);
    this.#tabs.stop();
    this.#pageLanguage.disconnect();
    this.#opening.stop();
    this.#parts = null;
  }

  constructor() {
    super();
    this.#tabs.addEventListener('elsewhere', ({ detail }) => this.#elsewhere(detail));
    this.#tabs.addEventListener('read', ({ detail }) => {
      if (detail.conversation !== this.#session.conversation) return;
      this.#unread = 0;
      this.#opening.drawLauncher(this.#unread);
    });
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#parts || before === after) return;
    if (name === 'open') this.#opening.show(true);
    else if (name === 'suggestions') this.#drawStart();
    else if (name === 'lang') this.#begin();
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
  async ask(text) {
    this.show();
    await this.#built;
    if (text.trim()) this.#send(text.trim());
    this.#focus();
  }

  /** Begin a new conversation; the old one stays on record. */
  restart() {
    this.#takeBack();
    this.#session.forget();
    this.#reconnect();
    this.#focus();
  }

  /* What could not be sent is not lost with the conversation that it was meant for: it is in the field again. */
  #takeBack() {
    if (this.#line.online) return;
    const unsent = this.#session.outbox.filter(({ type }) => type === 'message').map(({ text }) => text);
    this.#composer.text = [...unsent, this.#composer.text].filter(Boolean).join('\n');
  }

  /* Words first: an element that has none yet shows nothing. */
  #begin() {
    const turn = ++this.#turn;
    const language = spoken([this.closest('[lang]')?.lang, ...navigator.languages]);
    if (this.#parts && language === current()) return;
    this.#built = speak(language).then(() => turn === this.#turn && this.isConnected && this.#build());
  }

  #build() {
    const draft = this.#composer?.text ?? '';
    this.#connection?.stop();
    this.#uploads?.forget(true);
    this.#session = new Session(this.getAttribute('person') ?? '');
    this.#tokens = new TokenSource({ url: this.getAttribute('token-url'), person: this.getAttribute('person') });
    if (this.#given) this.#tokens.set(this.#given);
    this.#api = new Api(SERVER, this.#tokens);
    this.#uploads = new Uploads(this.#api, (row, attachment) => this.#transcript.settleFile(row, attachment));
    this.#composer = new Composer({ send: (text, files) => this.#sendAll(text, files), begun: () => Boolean(this.#session.conversation) });
    this.#device = new DeviceLine((device) => this.#deviceChanged(device));
    this.#past = new Past({
      load: (before) => this.#api.call(`/conversations${before ? `?before=${encodeURIComponent(before)}` : ''}`),
      open: (conversation) => this.#go(conversation),
      begin: () => this.#showPast(false) ?? this.restart(),
      close: () => this.#showPast(false) ?? this.#parts.pastButton.focus(),
      current: () => this.#session.conversation,
    });
    this.#parts = buildPanel({
      inline: this.inline,
      heading: this.getAttribute('heading') ?? say('heading'),
      composer: this.#composer.element,
      device: this.#device.element,
      past: this.#past.element,
      on: {
        close: () => this.hide(),
        person: () => this.#talkToPerson(),
        past: () => this.#showPast(this.#past.element.hidden),
        drop: (files) => this.#showPast(false) ?? this.#composer.take(files),
      },
    });
    if (draft) this.#composer.text = draft;
    const { panel, log } = this.#parts;
    this.#opening.take(panel, { opened: (byPerson) => this.#opened(byPerson), closed: () => this.#tell('firstline-close') });
    this.#activity = new Activity(this.#parts, () => this.#toEnd());
    this.#line = new Line(this.#parts.banner, () => this.#connection.retry());
    this.#transcript = new Transcript(
      log,
      {
        choose: (choice) => this.#connection.send({ choice }),
        retry: (frame) => this.#connection.resend(frame),
        restart: () => this.restart(),
        changeDevice: () => this.#device.open(),
        settled: () => this.#focus(),
        enterCode: (action, code) => this.#connection.enterCode(action, code),
        rate: (message, verdict, reason, note) => this.#api.call(`${this.#path()}/feedback`, { method: 'POST', body: { message, verdict, reason, note } }),
        download: (id, name) => this.#download(id, name),
        remove: (id) => this.#api.call(`${this.#path()}/attachments/${id}`, { method: 'DELETE' }),
      },
      this.getAttribute('article-url') ?? `${SERVER}/articles/{id}`,
    );
    const frame = el('div', { class: this.inline ? 'frame inline' : 'frame', hidden: true, lang: current(), dir: direction() }, ...(this.inline ? [] : [this.#opening.launcher]), panel);
    this.shadowRoot.replaceChildren(...SHEETS.map((href) => el('link', { rel: 'stylesheet', href })), frame);
    this.#whenStyled().then(() => {
      frame.hidden = false;
      this.#toEnd();
    });
    this.#asked = false;
    this.#person = { name: '' };
    this.#tabs.belong('');
    this.#reconnect();
    this.#opening.drawLauncher(this.#unread);
    this.#opening.show(false);
  }

  #whenStyled() {
    const links = [...this.shadowRoot.querySelectorAll('link')];
    return Promise.all(links.map((link) => link.sheet ?? new Promise((done) => ['load', 'error'].forEach((type) => link.addEventListener(type, done)))));
  }

  #reconnect() {
    this.#connection?.stop();
    this.#transcript.clear();
    this.#withPerson('');
    this.#uploads.forget(false);
    this.#lastQuestion = '';
    this.#declined = '';
    drawBanner(this.#parts.offer, null);
    this.#resuming = Boolean(this.#session.conversation);
    this.#showStatus('connecting');
    this.#drawStart();
    this.#connection = this.#listen(new ChatConnection({ url: `${SERVER.replace(/^http/, 'ws')}/v1/chat`, tokens: this.#tokens, session: this.#session }));
    if (this.open || this.#resuming || this.#tabs.lately) this.#connection.start();
  }

  #listen(connection) {
    const on = (type, listener) => connection.addEventListener(type, ({ detail }) => connection === this.#connection && listener(detail));
    on('owner', (person) => this.#belong(person));
    on('status', (status) => this.#showStatus(status));
    on('welcome', (frame) => this.#welcome(frame));
    on('typing', (name) => this.#activity.writes(name));
    on('growing', ({ html }) => this.#activity.grows(html));
    on('entry', (frame) => this.#entry(frame));
    on('caughtup', () => this.#caughtUp());
    on('accepted', (id) => this.#transcript.accept(id));
    on('refused', ({ frame, problem }) => {
      this.#activity.rest();
      this.#transcript.refuse(frame, problem);
    });
    on('code', (frame) => this.#transcript.answerCode(frame));
    on('gone', () => {
      this.#transcript.clear();
      this.#transcript.addNote(say('gone'));
      this.#resuming = false;
    });
    return connection;
  }

  /* Whose session it is decides what of it may be shown here, and which conversation of another tab is theirs. */
  #belong(person) {
    if (!person) return;
    if (this.#session.belong(person)) this.#transcript.clear();
    const conversation = this.#tabs.belong(person);
    if (this.#session.conversation || this.#session.fresh || !conversation || !this.#transcript.empty) return;
    this.#session.keep({ conversation, lastEvent: 0 });
    this.#resuming = true;
    this.#drawStart();
  }

  #welcome({ person, devices }) {
    this.#live = false;
    this.#person = person;
    this.#device.show(devices ?? [], this.#session.device);
    this.#drawStart();
    this.#parts.log.setAttribute('aria-live', 'off');
    this.#limits();
  }

  /* Once for a panel; where it cannot be learnt now the usual limits stand, and the service has the last word. */
  async #limits() {
    if (this.#asked) return;
    this.#asked = true;
    const { attachments } = await this.#api.call('/me').catch(() => ({}));
    if (attachments) this.#composer.limit(attachments.max_bytes);
    else this.#asked = false;
  }

  #caughtUp() {
    if (this.#resuming && !this.#transcript.empty) this.#transcript.addNote(say('resumed'));
    this.#resuming = false;
    this.#live = true;
    for (const { id, text, type } of this.#session.outbox) {
      if (type === 'message' && !this.#transcript.has(id)) this.#transcript.addMessage(id, text, 'pending');
    }
    this.#drawStart();
    this.#uploads.go(this.#session.conversation);
    requestAnimationFrame(() => this.#parts?.log.setAttribute('aria-live', 'polite'));
  }

  #entry({ id, conversation, event, missed }) {
    if (this.#resuming && missed && !this.#transcript.empty) {
      this.#resuming = false;
      this.#transcript.addNote(say('newSince'));
    }
    if (event.type === 'message' && event.choice) {
      this.#transcript.addChoice(event.message, event.choice, event.text, 'sent');
    } else if (event.type === 'message') {
      this.#transcript.addMessage(event.message, event.text, 'sent');
      this.#lastQuestion = event.text;
    } else if (event.type === 'reply') {
      this.#activity.rest();
      this.#transcript.addReply(event.reply);
      if (this.#live && this.open && this.#composer.empty) this.#transcript.focusCode(event.reply.action);
      this.#device.follow(event.reply.device);
      this.#announce(event.reply);
    } else if (event.type === 'holding') {
      this.#withPerson(event.holds ? event.person.name : '');
      this.#transcript.addHolding(event);
    } else if (event.type === 'person') {
      this.#activity.rest();
      this.#transcript.addPerson(event);
      this.#noticed();
    } else if (event.type === 'attachment') {
      this.#uploads.settled(() => conversation === this.#session.conversation && this.#transcript.addAttachment(event, event.person?.id === this.#person.id));
    } else if (event.type === 'attachment_removed') {
      this.#transcript.removeAttachment(event.attachment.id);
    } else if (event.type === 'feedback') {
      this.#transcript.rate(event);
    }
    if (this.#live) this.#uploads.go(conversation);
    if (this.#wrote) this.#tabs.went(conversation);
    this.#wrote = false;
    if (this.open && !document.hidden) this.#tabs.read(conversation, id);
    this.#drawStart();
  }

  #announce(reply) {
    if (this.#resuming) return;
    this.#noticed();
    this.#tell('firstline-reply', reply);
  }

  #noticed() {
    if (!this.open && !this.#resuming) this.#unread += 1;
    this.#opening.drawLauncher(this.#unread);
  }

  #withPerson(name) {
    this.#activity.with(name);
    this.#composer.address(name);
  }

  /* Words go first: they begin the conversation that the files belong to. */
  #sendAll(text, files) {
    if (text) this.#send(text);
    this.#connection.start();
    for (const file of files) this.#uploads.add(file, this.#transcript.addUpload(file), this.#session.conversation);
  }

  #path() {
    return `/conversations/${this.#session.conversation}`;
  }

  async #download(id, name) {
    const address = URL.createObjectURL(await this.#api.file(`${this.#path()}/attachments/${id}`));
    el('a', { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  /* In place of the conversation: one thing at a time, also on a phone. */
  #showPast(shown) {
    const { view, footer, pastButton } = this.#parts;
    this.#past.element.hidden = !shown;
    view.hidden = footer.hidden = shown;
    pastButton.setAttribute('aria-expanded', String(shown));
    if (shown) this.#past.show();
    else this.#toEnd();
  }

  /* Go on with another conversation of this person. */
  #go(conversation) {
    this.#showPast(false);
    if (conversation !== this.#session.conversation) {
      this.#takeBack();
      this.#session.forget();
      this.#session.keep({ conversation });
      this.#reconnect();
      this.#tabs.went(conversation);
    }
    this.#focus();
  }

  /* Another tab went on in another conversation: followed where nothing is given up for it, else offered. */
  #elsewhere(conversation) {
    if (conversation === this.#session.conversation || conversation === this.#declined) return;
    if (!this.#session.conversation && !this.#session.fresh && this.#transcript.empty && this.#composer.empty) {
      this.#session.keep({ conversation, lastEvent: 0 });
      this.#reconnect();
      return;
    }
    const { offer } = this.#parts;
    const decline = () => {
      this.#declined = conversation;
      drawBanner(offer, null);
      this.#focus();
    };
    drawBanner(offer, { sign: 'chat', text: say('elsewhere'), actions: [button(say('showHere'), 'choice', () => this.#go(conversation)), button(say('dismiss'), 'choice', decline)] });
  }

  #send(text) {
    this.#connection.start();
    const id = this.#connection.send(this.#device.chosen ? { text, device: this.#device.chosen.id } : { text });
    this.#lastQuestion = text;
    this.#wrote = true;
    this.#transcript.addMessage(id, text, 'pending');
    this.#transcript.connection(this.#line.online);
    this.#drawStart();
  }

  #talkToPerson() {
    if (this.#session.conversation) {
      const id = this.#connection.send({ choice: 'person' });
      this.#transcript.addChoice(id, 'person', say('person'), 'pending');
    } else this.#send(say('personMessage'));
  }

  #deviceChanged(device) {
    this.#session.keep({ device: device.id });
    if (this.#transcript.empty) return;
    const question = this.#lastQuestion;
    const again = question ? button(say('askAgain'), 'link', () => this.#send(question)) : undefined;
    this.#transcript.addNote(say('deviceChanged', { name: describe(device) }), again);
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
    if (!this.#line.show(status)) return;
    this.#transcript.connection(this.#line.online);
    if (!this.#line.online) this.#activity.rest();
    if (status === 'expired') this.#tell('firstline-expired');
  }

  #opened(byPerson) {
    this.#unread = 0;
    this.#opening.drawLauncher(0);
    this.#connection.start();
    if (byPerson) this.#focus();
    this.#toEnd();
    this.#tell('firstline-open');
  }

  /* On a touch screen the field would bring up the keyboard over what there is to read. */
  #focus() {
    this.#whenStyled().then(() => {
      if (matchMedia('(pointer: coarse)').matches) this.#parts.view.focus({ preventScroll: true });
      else this.#composer.focus();
    });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

customElements.define('firstline-helpdesk', HelpdeskElement);
