/*
 * What a page includes. As a classic script with data-* attributes it puts one <firstline-helpdesk> into the page; as a module, or without
 * them, it only defines the element for a page that writes it itself. Everything else is fetched from where this file lies.
 */
(() => {
  const script = document.currentScript;
  // A classic script from another origin has no address of its own to import from.
  import(script ? new URL('element.js', script.src).href : './element.js');
  if (!script || !Object.keys(script.dataset).length) return;
  const place = () => {
    if (document.querySelector('firstline-helpdesk')) return;
    const { target, ...attributes } = script.dataset;
    const element = document.createElement('firstline-helpdesk');
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), value);
    const within = target && document.querySelector(target);
    if (within) element.setAttribute('inline', '');
    (within || document.body).append(element);
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', place);
  else place();
})();
