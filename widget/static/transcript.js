import { FileRow } from './attachments.js';
import { Card, isOnCard } from './cards.js';
import { describe } from './device.js';
import { button, el, icon } from './dom.js';
import { Feedback } from './feedback.js';
import { renderHtml } from './render.js';
import { Sources } from './sources.js';
import { current, direction, has, say } from './words.js';

const ENDED = new Set(['resolved', 'filed', 'handed_off', 'abandoned']);
const PASSING = new Set(['smalltalk', 'status', 'action', 'approval', 'answer']);
const PRIMARY = new Set(['file', 'retry']);

/* Every reply offers a person, and so does the header: where that is all that a reply in passing offers, it needs no button of its own. */
function waysOn(reply) {
  const choices = (reply.choices ?? []).filter(({ id }) => !isOnCard(id, reply.action?.id));
  return PASSING.has(reply.kind) && choices.every(({ id }) => id === 'person') ? [] : choices;
}

/**
 * What stands in the conversation log, drawn from events. It knows nothing of the network.
 */
export class Transcript {
  #log;
  #on;
  #articleUrl;
  #messages = new Map();
  #choices = null;
  #asked = new Map();
  #cards = new Map();
  #files = [];
  #rated = new Map();

  /**
   * @param {HTMLElement} log the element with role log
   * @param {{choose: (choice: string) => string, retry: (frame: object) => void, restart: () => void, changeDevice: () => void, settled: () => void,
   *   enterCode: (action: string, code: string) => boolean, rate: (message: string, ...given: string[]) => Promise<void>,
   *   download: (id: string, name: string) => Promise<void>, remove: (id: string) => Promise<void>}} on what its buttons do;
   *   `choose` returns the id under which the choice was sent, `settled` follows when a button that had the focus is gone
   * @param {string} articleUrl
   */
  constructor(log, on, articleUrl) {
    this.#log = log;
    this.#on = on;
    this.#articleUrl = articleUrl;
  }

  /** Whether nothing has been said yet. */
  get empty() {
    return !this.#log.querySelector('.mine, .theirs, .reply');
  }

  /** Take everything away. */
  clear() {
    this.#log.replaceChildren();
    this.#messages.clear();
    this.#asked.clear();
    this.#cards.clear();
    this.#rated.clear();
    this.#files = [];
    this.#choices = null;
  }

  /** What the person wrote. @param {string} id @param {string} text @param {'pending'|'sent'} state */
  addMessage(id, text, state) {
    if (this.#asked.has(id)) return;
    if (this.#messages.has(id)) {
      this.accept(id);
      return;
    }
    this.#settleChoices();
    const row = el('div', { class: 'mine', 'data-state': state }, el('span', { class: 'unseen', text: `${say('you')}: ` }));
    row.append(el('p', { class: 'bubble', dir: 'auto', text }), el('p', { class: 'delivery', text: say('pending') }));
    this.#messages.set(id, row);
    this.#append(row, 'end');
  }

  /** Whether a message is already shown. @param {string} id */
  has(id) {
    return this.#messages.has(id) || this.#asked.has(id);
  }

  /** The service has stored this message. @param {string} id */
  accept(id) {
    const row = this.#messages.get(id);
    if (!row) return;
    row.dataset.state = 'sent';
    row.querySelector('.failure')?.remove();
  }

  /** Say of unsent messages whether the line is up. @param {boolean} online */
  connection(online) {
    for (const row of this.#messages.values()) {
      if (row.dataset.state !== 'failed') row.querySelector('.delivery').textContent = online ? say('pending') : say('waiting');
    }
    if (!online) this.#cards.forEach((card) => card.lost());
  }

  /** What came back for a code. @param {object} frame as in the protocol */
  answerCode(frame) {
    this.#cards.get(frame.action)?.answered(frame);
  }

  /** Put the cursor into the field for the code of an action, if one is asked for. @param {object|null|undefined} action as in the reply envelope */
  focusCode(action) {
    this.#cards.get(action?.id)?.focusCode();
  }

  /** The service did not take a message. @param {object|null} frame what was sent @param {object} problem as in the protocol */
  refuse(frame, problem) {
    const row = frame && this.#messages.get(frame.id);
    const again = frame ? button(say('retry'), 'choice', () => this.#retry(frame, row), {}) : null;
    const failure = el('div', { class: 'failure', role: 'group' }, icon('warning'));
    const words = el('div', {}, el('p', { text: problem.title || say('errorTitle') }), problem.detail ? el('p', { class: 'facts', text: problem.detail }) : null);
    words.append(...(problem.reference ? [this.#reference(problem.reference)] : []), ...(again ? [el('div', { class: 'choices' }, again)] : []));
    failure.append(words);
    if (!row) {
      this.#append(failure, 'end');
      return;
    }
    row.dataset.state = 'failed';
    row.querySelector('.delivery').textContent = say('failed');
    row.querySelector('.failure')?.remove();
    row.append(failure);
    row.scrollIntoView({ block: 'nearest' });
  }

  #retry(frame, row) {
    row?.querySelector('.failure')?.remove();
    if (row) row.dataset.state = 'pending';
    this.#on.retry(frame);
    this.#on.settled();
  }

  /** What was pressed, here beside the choices or in another tab. @param {string} id @param {string} choice @param {string} label @param {'pending'|'sent'} state */
  addChoice(id, choice, label, state) {
    if (this.has(id)) this.accept(id);
    else if (this.#choices?.labels.has(choice)) {
      this.#settleChoices(label);
      this.#asked.set(id, choice);
    } else this.addMessage(id, label, state);
  }

  /** A reply envelope. @param {object} reply */
  addReply(reply) {
    this.#settleChoices();
    const block = el('article', { class: `reply kind-${reply.kind}` });
    const sources = new Sources(reply.citations ?? [], { articleUrl: this.#articleUrl, device: reply.device });
    if (reply.kind === 'error') block.append(el('p', { class: 'mark bad' }, icon('warning'), say('errorTitle')));
    if (reply.kind === 'handoff') block.append(el('p', { class: 'mark' }, icon('person'), say('handoff')));
    const body = el('div', { class: 'body', dir: 'auto' });
    // What a card asks to be pressed for stands on the card.
    if (reply.action?.needs !== 'press') body.append(renderHtml(reply.html ?? '', (number) => sources.marker(number)));
    // The question belongs to its buttons, under the sources.
    const question = this.#question(reply, body);
    if (body.hasChildNodes()) block.append(body);
    if (reply.action) block.append(...this.#card(reply));
    if (reply.citations?.length) block.append(...this.#device(reply.device), sources.list());
    if (reply.kind === 'answer' && reply.message && reply.citations?.length) block.append(this.#feedback(reply.message));
    if (reply.ticket) block.append(this.#ticket(reply.ticket));
    if (reply.reference) block.append(this.#reference(reply.reference));
    if (reply.state === 'resolved') block.append(el('p', { class: 'mark good' }, icon('check'), say('resolved')));
    const ways = waysOn(reply);
    if (ways.length) block.append(this.#choiceGroup({ ...reply, choices: ways }, question));
    else if (ENDED.has(reply.state)) block.append(button(say('restart'), 'link restart', () => this.#on.restart()));
    this.#log.querySelectorAll('.restart').forEach((earlier) => earlier.remove());
    this.#append(block, 'start');
  }

  /* A card is drawn where the action was proposed; later replies about it change it there, and carry the way back. */
  #card(reply) {
    const { action } = reply;
    const known = action.needs === 'press' ? null : this.#cards.get(action.id);
    const card = known ?? new Card(action, { answer: (id, label) => this.#choose(id, label), press: (id) => this.#choose(id), send: (...code) => this.#on.enterCode(...code) });
    this.#cards.set(action.id, card);
    const buttons = card.update(action, reply.choices ?? []);
    if (buttons) this.#choices = { holder: buttons, labels: new Map(reply.choices.map(({ id, label }) => [id, label])), card };
    if (action.reverts && action.status === 'done') this.#cards.get(action.reverts)?.takenBack();
    const undo = (reply.choices ?? []).find(({ id }) => id === `undo:${action.id}`);
    return [...(known ? [] : [card.element]), ...(undo ? [card.wayBack(undo)] : [])];
  }

  /** What a person of the service desk wrote: their words as they stand, under their name. @param {object} event as in the protocol */
  addPerson(event) {
    this.#settleChoices();
    const block = el('article', { class: 'reply from-person' }, el('p', { class: 'mark' }, icon('person'), el('span', { dir: 'auto', text: event.person.name }), el('span', { class: 'facts', text: say('fromDesk') })));
    block.append(el('p', { class: 'words', dir: 'auto', text: event.text }));
    this.#append(block, 'start');
  }

  /** A file that is to be sent. @param {File} file @returns {FileRow} */
  addUpload(file) {
    return this.#fileRow({ name: file.name, kind: file.type, size: file.size }, { mine: true, from: '' });
  }

  /** A row's file is stored; where an event has shown it already, one row is enough. @param {FileRow} row @param {object} attachment */
  settleFile(row, attachment) {
    if (this.#files.some(({ id }) => id === attachment.id)) row.element.remove();
    else row.store(attachment);
  }

  /**
   * A file that the service holds.
   * @param {object} event as in the protocol
   * @param {boolean} mine whether this person sent it
   */
  addAttachment({ attachment, person }, mine) {
    if (this.#files.some(({ id }) => id === attachment.id)) return;
    this.#fileRow(attachment, { mine, from: person?.name ?? '' }).store(attachment);
  }

  /** A file was taken away. @param {string} id */
  removeAttachment(id) {
    this.#files.find((row) => row.id === id)?.removed();
  }

  #fileRow(file, whose) {
    const row = new FileRow(file, whose, { download: (id, name) => this.#on.download(id, name), remove: (id) => this.#on.remove(id) });
    this.#files.push(row);
    this.#append(row.element, 'end');
    return row;
  }

  /** What the person said of an answer. @param {{message: string, verdict: string, reason: string}} event */
  rate({ message, verdict, reason }) {
    this.#rated.get(message)?.show(verdict, reason);
  }

  #feedback(message) {
    const feedback = new Feedback((...given) => this.#on.rate(message, ...given));
    this.#rated.set(message, feedback);
    return feedback.element;
  }

  /** A person joined or left. @param {object} event as in the protocol */
  addHolding(event) {
    this.#settleChoices();
    if (event.holds) this.#files.forEach((row) => row.keep());
    this.#log.querySelectorAll('.restart').forEach((earlier) => earlier.remove());
    this.#append(el('p', { class: 'note holding' }, icon('person'), el('span', { dir: 'auto', text: event.text })), 'end');
  }

  /** A quiet line between messages. @param {string} text @param {HTMLElement} [action] */
  addNote(text, action) {
    const note = el('p', { class: 'note' }, el('span', { text }));
    if (action) note.append(' ', action);
    this.#append(note, 'end');
  }

  /* The fact that chose between the guides, and the way to correct it. */
  #device(device) {
    if (!device) return [];
    const name = describe(device);
    const words = device.id ? say('forDevice', { name }) : say('forSystem', { name });
    const change = button(say('change'), 'link', () => this.#on.changeDevice(), { 'aria-label': say('changeDevice', { name: words }) });
    return [el('p', { class: 'facts answer-device' }, icon('device'), el('span', { dir: 'auto', text: words }), ' · ', change)];
  }

  /* Whether it helped is asked in the reply's own language, by its last line. That line moves to the buttons, unless it is all that was said. */
  #question(reply, body) {
    const confirming = reply.state === 'awaiting_confirmation' && waysOn(reply).some(({ id }) => id === 'yes');
    if (!confirming) return null;
    const last = body.lastElementChild;
    const asks = last?.localName === 'p' && last.previousElementSibling && /[?\u061f]$/.test(last.textContent.trim());
    if (asks) last.remove();
    if (asks) return last.textContent;
    return current() === (reply.language ?? 'en') ? say('solved') : '';
  }

  #choiceGroup(reply, question) {
    const labels = new Map(reply.choices.map(({ id, label }) => [id, label]));
    const stacked = reply.choices.length > 3 || reply.choices.some(({ id }) => id.startsWith('topic:'));
    const group = el('div', { class: stacked ? 'choices stacked' : 'choices', role: 'group', 'aria-label': question || say('choices') });
    for (const { id, label } of reply.choices) {
      group.append(button(label, PRIMARY.has(id) ? 'choice primary' : 'choice', () => this.#choose(id, label), { dir: 'auto' }));
    }
    const holder = el('div', { class: 'asking', lang: reply.language ?? 'en', dir: direction(reply.language ?? 'en') });
    if (question) holder.append(el('p', { class: 'question', dir: 'auto', text: question }));
    holder.append(group);
    this.#choices = { holder, labels };
    return holder;
  }

  #choose(choice, label) {
    this.#settleChoices(label);
    this.#asked.set(this.#on.choose(choice), choice);
    this.#on.settled();
  }

  #settleChoices(label) {
    if (!this.#choices) return;
    const { holder, card } = this.#choices;
    this.#choices = null;
    if (card && !label) card.leave();
    if (label) holder.replaceWith(el('p', { class: 'chosen' }, icon('check'), el('span', { dir: 'auto', text: say('chosen', { label }) })));
    else holder.remove();
  }

  #ticket(ticket) {
    const status = has(`ticket.${ticket.status}`) ? say(`ticket.${ticket.status}`) : ticket.status;
    const facts = el('dl', {}, el('dt', { text: say('ticketState') }), el('dd', {}, el('span', { class: `pill ${ticket.status}`, text: status })));
    if (ticket.queue) facts.append(el('dt', { text: say('ticketQueue') }), el('dd', { text: ticket.queue }));
    const closed = ticket.status === 'closed' || ticket.status === 'resolved';
    const title = closed ? say('ticketClosed') : ticket.attached ? say('ticketAttached') : ticket.queue ? say('ticketFiled') : say('ticketOpen');
    return el(
      'section',
      { class: 'ticket', 'aria-label': `${title}: ${ticket.id}` },
      el('p', { class: 'ticket-head' }, icon('ticket'), el('span', { text: title }), el('strong', { text: ticket.id })),
      el('p', { class: 'subject', dir: 'auto', text: ticket.subject }),
      facts,
    );
  }

  #reference(reference) {
    return el('p', { class: 'facts' }, `${say('reference')} `, el('code', { text: reference }));
  }

  #append(block, align) {
    const before = this.#log.lastElementChild;
    this.#log.append(block);
    const view = this.#log.parentElement;
    const first = before?.offsetHeight < 90 ? before : block;
    const tall = block.offsetHeight > view.clientHeight * 0.7;
    view.scrollTop = align === 'start' && tall ? first.offsetTop - view.offsetTop - 12 : view.scrollHeight;
  }
}
