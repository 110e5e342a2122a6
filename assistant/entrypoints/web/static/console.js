/* What every page of the console does beside htmx: times of swapped parts, errors in words, and the focus where it was. */
import { showTimes } from './times.js';

const line = document.getElementById('not-done');

/** Say in one line that something did not happen, or nothing. @param {string} words */
function tell(words) {
  line.textContent = words;
  line.hidden = !words;
}

function reason(request) {
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return `The service answered ${request.status}.`;
  }
}

document.addEventListener('htmx:afterRequest', (event) => {
  if (event.detail.successful) tell('');
});
document.addEventListener('htmx:responseError', (event) => tell(`That did not work. ${reason(event.detail.xhr)}`));
document.addEventListener('htmx:sendError', () => tell('The service cannot be reached. Nothing was changed. Try again in a moment.'));

document.addEventListener('htmx:afterSwap', (event) => showTimes(event.detail.elt));

/* A swap throws the focus away when what had it went; htmx keeps it where the same id comes back. Otherwise it goes to what took the place. */
document.addEventListener('htmx:afterSettle', (event) => {
  const fresh = event.detail.elt;
  if (document.activeElement !== document.body || !event.detail.requestConfig?.triggeringEvent?.isTrusted) return;
  if (!fresh.hasAttribute('tabindex')) fresh.setAttribute('tabindex', '-1');
  fresh.focus({ preventScroll: true });
});
