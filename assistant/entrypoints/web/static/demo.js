/* The demo help centre: who you are, and the search field that opens the assistant. */

const KEPT = 'firstline-demo:person';
const widget = document.querySelector('firstline-helpdesk');
const choices = [...document.querySelectorAll('input[name="person"]')];

function become(choice) {
  choice.checked = true;
  sessionStorage.setItem(KEPT, choice.value);
  if (widget.getAttribute('person') !== choice.value) widget.setAttribute('person', choice.value);
  for (const name of document.querySelectorAll('[data-first-name]')) name.textContent = choice.dataset.name.split(' ')[0];
  for (const story of document.querySelectorAll('[data-story]')) story.hidden = story.dataset.story !== choice.value;
}

for (const choice of choices) choice.addEventListener('change', () => become(choice));
const kept = choices.find(({ value }) => value === sessionStorage.getItem(KEPT)) ?? choices[0];
if (kept) become(kept);

document.querySelector('[data-ask]').addEventListener('submit', async (event) => {
  event.preventDefault();
  const field = event.target.elements.question;
  await customElements.whenDefined('firstline-helpdesk');
  widget.ask(field.value);
  field.value = '';
});

widget.addEventListener('firstline-open', () => document.body.classList.add('with-panel'));
widget.addEventListener('firstline-close', () => document.body.classList.remove('with-panel'));
