/* Every <time datetime> on the page: local time, the zone on hover, and an age where `data-age` asks for one. */

const UNITS = [
  ['year', 31557600],
  ['month', 2629800],
  ['week', 604800],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];
const ages = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

function age(moment) {
  const seconds = (moment.getTime() - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['minute', 60];
  return ages.format(Math.trunc(seconds / size), unit);
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
  element.textContent = element.hasAttribute('data-age') ? age(moment) : local;
}

document.querySelectorAll('time[datetime]').forEach(show);
