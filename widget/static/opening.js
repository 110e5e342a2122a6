import { el, icon } from './dom.js';
import { say } from './words.js';

/** How the panel comes and goes: beside the page, over the whole of a phone, or inline; where the focus goes; and the button that opens it. */
export class Opening {
  #host;
  #narrow = matchMedia('(max-width: 480px)');
  #panel = null;
  #on = null;
  #opener = null;
  #fit = () => this.#fitToKeyboard();
  #relayout = () => this.show(false);

  /** @param {HTMLElement & {open: boolean, inline: boolean}} host the element */
  constructor(host) {
    this.#host = host;
    /** @type {HTMLElement} */
    this.launcher = el('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', on: { click: () => host.show() } });
  }

  /** Whether the panel covers the screen. */
  get modal() {
    return this.#narrow.matches && !this.#host.inline;
  }

  /** Follow the window from now on. */
  start() {
    this.#narrow.addEventListener('change', this.#relayout);
    visualViewport?.addEventListener('resize', this.#fit);
  }

  /** Follow it no more. */
  stop() {
    this.#narrow.removeEventListener('change', this.#relayout);
    visualViewport?.removeEventListener('resize', this.#fit);
  }

  /** A new panel. @param {HTMLElement} panel @param {{opened: (byPerson: boolean) => void, closed: () => void}} on */
  take(panel, on) {
    this.#panel = panel;
    this.#on = on;
    panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !this.#host.inline) this.#host.hide();
    });
    panel.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.#host.hide();
    });
  }

  /** Show or hide the panel as the element says. @param {boolean} byPerson whether somebody asked for it, so that the focus follows */
  show(byPerson) {
    const { open, inline } = this.#host;
    const panel = this.#panel;
    if (inline || !panel) return;
    const shown = panel.open;
    if (open && !(shown && byPerson)) {
      if (!shown) this.#opener = byPerson ? deepActive() : null;
      if (shown) panel.close();
      if (this.modal) panel.showModal();
      else panel.setAttribute('open', '');
      if (!shown) this.#on.opened(byPerson);
    } else if (!open && shown) {
      panel.close();
      panel.removeAttribute('style');
    }
    this.launcher.hidden = open;
    if (open || !shown) return;
    (this.#opener?.isConnected && this.#opener !== document.body ? this.#opener : this.launcher).focus();
    this.#on.closed();
  }

  /** Draw the button that opens the panel. @param {number} unread replies since it was closed */
  drawLauncher(unread) {
    const count = unread ? [el('span', { class: 'unread', text: say('unread', { count: unread }) })] : [];
    this.launcher.replaceChildren(icon('chat'), el('span', { text: say('launcher') }), ...count);
  }

  #fitToKeyboard() {
    if (this.#host.open && this.modal) this.#panel.style.height = `${visualViewport.height}px`;
  }
}

function deepActive() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}
