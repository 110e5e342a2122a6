/* The editor: what is not saved is not left by accident. Everything else works without a script. */
for (const form of document.querySelectorAll('form[data-editor]')) {
  const standing = form.querySelector('[data-standing]');
  let unsaved = form.dataset.unsaved === 'true';
  let leaving = false;
  form.addEventListener('input', () => {
    if (!unsaved) standing.textContent = 'Not saved yet';
    unsaved = true;
  });
  form.addEventListener('submit', () => {
    leaving = true;
  });
  window.addEventListener('pageshow', () => {
    leaving = false;
  });
  window.addEventListener('beforeunload', (event) => {
    if (unsaved && !leaving) event.preventDefault();
  });
}
