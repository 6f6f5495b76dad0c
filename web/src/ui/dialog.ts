import { append, h, iconButton } from './dom';
import { messageOf } from './toast';

/** A modal dialog; the browser keeps the focus inside and gives it back on close. */
export function dialog(title: string, testid: string, ...content: (Node | string | false | null)[]): HTMLDialogElement {
  const id = `dialog-${testid}`;
  const element = h('dialog', { class: 'dialog', testid, attrs: { 'aria-labelledby': id } });
  append(element, [
    h('header', {}, h('h2', { id }, title), iconButton('close', 'Close', () => element.close())),
    ...content,
  ]);
  element.addEventListener('close', () => element.remove());
  // A press that starts and ends on the backdrop closes; one that drags out of a text field doesn't.
  let pressed = false;
  element.addEventListener('pointerdown', (event) => (pressed = event.target === element));
  element.addEventListener('click', (event) => {
    if (pressed && event.target === element) element.close();
  });
  document.body.appendChild(element);
  element.showModal();
  return element;
}

/** Asks before something that can't be taken back. */
export function confirm(title: string, text: string, action: string): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    const box = dialog(
      title,
      'confirm',
      h('p', {}, text),
      h(
        'div',
        { class: 'actions' },
        h('button', { type: 'button', class: 'button', on: { click: () => box.close() } }, 'Cancel'),
        h('button', {
          type: 'button', class: 'button danger', testid: 'confirm-yes',
          on: { click: () => { answer = true; box.close(); } },
        }, action),
      ),
    );
    box.addEventListener('close', () => resolve(answer));
  });
}

interface Field {
  label: string;
  control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
  hint?: string;
}

let fields = 0;

/** A labelled control with an optional hint below it. */
export function field({ label, control, hint }: Field): HTMLElement {
  control.id ||= `field-${++fields}`;
  const hintId = `${control.id}-hint`;
  if (hint) control.setAttribute('aria-describedby', hintId);
  return h('div', { class: 'field' },
    h('label', { htmlFor: control.id }, label),
    control,
    hint ? h('p', { class: 'hint', id: hintId }, hint) : null);
}

/** A form that does one thing: disabled while it's done, and the failure is shown and announced where it happened. */
export function form(options: {
  submit: HTMLButtonElement;
  action: () => Promise<void>;
  children: (Node | null)[];
  class?: string;
}): HTMLFormElement {
  const error = h('p', { class: 'form-error', hidden: true, testid: 'form-error', attrs: { role: 'alert' } });
  const element = h('form', { class: options.class ?? 'form', noValidate: false });
  append(element, [...options.children, error]);
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    if (options.submit.disabled) return;
    options.submit.disabled = true;
    error.hidden = true;
    options.action().catch((failure: unknown) => {
      error.textContent = messageOf(failure);
      error.hidden = false;
    }).finally(() => (options.submit.disabled = false));
  });
  return element;
}
