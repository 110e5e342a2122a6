/* Every <time datetime> on the page: local time, the zone on hover; `data-age` asks for "5 hours ago" or, as `span`, for "5 hours". */

const UNITS = [
  ['year', 31557600],
  ['month', 2629800],
  ['week', 604800],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];
const told = document.querySelector('meta[name="played-now"]')?.content;
// In a demo with a clock of its own ages are by that one.
const ahead = told ? new Date(told).getTime() - Date.now() : 0;
const ages = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

function age(moment, form) {
  const seconds = (moment.getTime() - Date.now() - ahead) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['minute', 60];
  const count = Math.trunc(seconds / size);
  if (form === 'span' && !count) return 'under a minute';
  if (form === 'span') return new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.abs(count));
  return ages.format(count, unit);
}

function show(element) {
  const stamp = element.getAttribute('datetime');
  const dayOnly = stamp.length === 10;
  const moment = new Date(dayOnly ? `${stamp}T12:00:00` : stamp);
  if (Number.isNaN(moment.getTime())) return;
  const day = { day: 'numeric', month: 'long', year: 'numeric' };
  const local = dayOnly ? moment.toLocaleDateString(undefined, day) : moment.toLocaleString(undefined, { ...day, hour: '2-digit', minute: '2-digit' });
  const zone = dayOnly ? '' : ` (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
  element.title = local + zone;
  element.textContent = element.dataset.age === undefined ? local : age(moment, element.dataset.age);
}

/** Show all moments below a node, the node included. @param {ParentNode & Node} root */
export function showTimes(root) {
  root.querySelectorAll('time[datetime]').forEach(show);
}

showTimes(document);
