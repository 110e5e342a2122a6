/* Keeps the list of waiting conversations up to date without reloading: the server draws it, this puts it in place. */
import { showTimes } from './times.js';

const EVERY = 5000;
let drawn = '';

async function look() {
  if (document.hidden) return;
  let response;
  try {
    response = await fetch(location.href, { headers: { Accept: 'text/html' } });
  } catch {
    return; // the service is away; the next look may find it
  }
  if (response.redirected) {
    location.assign(response.url);
    return;
  }
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  const list = fresh.getElementById('list');
  if (!list || list.innerHTML === drawn) return;
  drawn = list.innerHTML;
  const focused = document.activeElement?.closest('#list a')?.getAttribute('href');
  document.getElementById('list').replaceWith(document.adoptNode(list));
  document.title = fresh.title;
  showTimes(list);
  if (focused) [...list.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
}

setInterval(look, EVERY);
document.addEventListener('visibilitychange', look);
