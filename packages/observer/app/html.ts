/** Markup as tagged templates: all that is put into it is text, or made by it. */
export { html } from 'htm/preact';
