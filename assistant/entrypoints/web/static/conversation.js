/* One live conversation: what happens in it is pushed and drawn by the server; this puts it in place, sends forms, and keeps what is being written. */
import { showTimes } from './times.js';

const page = document.querySelector('[data-conversation]');
const log = document.getElementById('log');
const turns = document.getElementById('turns');
const line = document.getElementById('line');
const ADDRESS = `${location.origin.replace(/^http/, 'ws')}/console/conversations/${page.dataset.conversation}/live`;
const NO_SESSION = 4401;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 15000;
const TELL_EVERY = 2500;
let last = Number(page.dataset.last);
let attempt = 0;
let socket = null;
let told = 0;

function follow() {
  socket = new WebSocket(`${ADDRESS}?after=${last}`);
  socket.onopen = () => say('');
  socket.onmessage = ({ data }) => show(JSON.parse(data));
  socket.onclose = ({ code }) => {
    if (code === NO_SESSION) {
      signedOut();
      return;
    }
    attempt += 1;
    if (attempt > 1) say('The line to Firstline is lost. It is tried again by itself; what you write stays here.');
    setTimeout(follow, Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt));
  };
}

function show(frame) {
  attempt = 0;
  if (frame.id <= last) return;
  last = frame.id;
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  turns.append(...drawn(frame.turn));
  if (near) toEnd();
  for (const part of ['head', 'controls', 'beside']) if (part in frame) replace(document.getElementById(part), frame[part]);
}

function drawn(html) {
  const made = [...new DOMParser().parseFromString(html, 'text/html').body.children].map((node) => document.adoptNode(node));
  made.forEach(showTimes);
  return made;
}

/* The controls change only when who has the conversation changes; what is being written is carried over. */
function replace(place, html) {
  const fresh = drawn(html);
  if (place.id === 'controls') {
    const kind = (nodes) => nodes.map((node) => `${node.localName}${node.dataset?.form ?? node.textContent}`).join();
    if (kind(fresh) === kind([...place.children])) return;
  }
  const text = place.querySelector('textarea')?.value ?? '';
  const focused = place.contains(document.activeElement);
  place.replaceChildren(...fresh);
  const field = place.querySelector('textarea');
  if (field && text) field.value = text;
  if (focused) (field ?? place.querySelector('button, a'))?.focus();
}

function say(text, link) {
  line.hidden = !text;
  line.replaceChildren(text, ...(link ? [' ', link] : []));
}

function signedOut() {
  const link = document.createElement('a');
  link.href = '/console/sign-in';
  link.target = '_blank';
  link.rel = 'noopener';
  link.textContent = 'Sign in again in a new tab';
  const again = document.createElement('button');
  again.type = 'button';
  again.className = 'button quiet';
  again.textContent = 'I am signed in again';
  again.addEventListener('click', () => {
    say('');
    follow();
  });
  say('Your session has ended. What you wrote stays here.', link);
  line.append(' ', again);
}

async function send(form) {
  if (form.dataset.sending) return;
  form.dataset.sending = 'yes'; // a disabled button would lose the focus
  try {
    const response = await fetch(form.action, { method: 'POST', headers: { Accept: 'application/json' }, body: new URLSearchParams(new FormData(form)) });
    if (response.ok) done(form);
    else if (response.status === 401) signedOut();
    else say((await response.json()).detail || 'That did not work. Nothing was sent.');
  } catch {
    say('Firstline cannot be reached now. Nothing was sent; what you wrote stays here.');
  } finally {
    delete form.dataset.sending;
  }
}

function done(form) {
  say('');
  if (form.dataset.form !== 'say') return;
  form.elements.text.value = '';
  form.elements.message.value = freshId();
  form.elements.text.focus();
}

function freshId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

document.getElementById('controls').addEventListener('submit', (event) => {
  event.preventDefault();
  send(event.target);
});
document.getElementById('controls').addEventListener('keydown', (event) => {
  if (event.target.localName !== 'textarea' || event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.target.value.trim()) send(event.target.form);
});
document.getElementById('controls').addEventListener('input', ({ target }) => {
  if (target.localName !== 'textarea' || !target.value || Date.now() - told < TELL_EVERY || socket.readyState !== WebSocket.OPEN) return;
  told = Date.now();
  socket.send('writing');
});
toEnd();
follow();
