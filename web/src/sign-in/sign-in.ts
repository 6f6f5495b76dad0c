// Signing in: as a guest (one field), with an account of this server, or through the organisation's identity provider -
// whatever the server offers.

import type { Api } from '../api';
import type { SessionStore } from '../session';
import { field, form } from '../ui/dialog';
import { h, replace } from '../ui/dom';
import { messageOf } from '../ui/toast';
import type { SignInConfig, SignInResult } from '../wire';
import { startProviderSignIn } from './provider';

const NAME_KEY = 'codechill.guest-name';

export function signIn(options: { api: Api; session: SessionStore; message?: string; onDone?: () => void }): HTMLElement {
  const { api, session } = options;
  const element = h('div', { class: 'sign-in' });

  const done = (result: SignInResult): void => {
    session.signedIn(result);
    options.onDone?.();
  };

  const load = async (): Promise<void> => {
    replace(element, h('p', { class: 'empty', attrs: { role: 'status' } }, 'One moment…'));
    try {
      show(await api.config());
    } catch (error) {
      replace(element,
        h('p', { class: 'form-error', attrs: { role: 'alert' } }, messageOf(error)),
        h('button', { type: 'button', class: 'button', on: { click: () => void load() } }, 'Try again'));
    }
  };

  const show = (config: SignInConfig): void => {
    const parts: (Node | null)[] = [
      options.message ? h('p', { class: 'notice', attrs: { role: 'status' }, testid: 'sign-in-message' }, options.message) : null,
    ];
    if (config.guest) parts.push(guestForm(api, done));
    const other: Node[] = [];
    if (config.oidc) {
      const { oidc } = config;
      other.push(h('button', {
        type: 'button', class: 'button wide', testid: 'provider-sign-in',
        on: {
          click: (event) => {
            const button = event.currentTarget as HTMLButtonElement;
            button.disabled = true;
            startProviderSignIn(oidc).catch((error: unknown) => {
              button.disabled = false;
              button.insertAdjacentElement('afterend', h('p', { class: 'form-error', attrs: { role: 'alert' } }, messageOf(error)));
            });
          },
        },
      }, 'Continue with your organisation'));
    }
    if (config.local) other.push(accountForms(api, done));
    if (parts.length > 1 && other.length > 0) parts.push(h('div', { class: 'divider' }, 'or'));
    if (parts.length === 1 && other.length === 0) parts.push(h('p', {}, 'This server offers no way to sign in.'));
    replace(element, ...parts, ...other);
    element.querySelector('input')?.focus();
  };

  void load();
  return element;
}

function guestForm(api: Api, done: (result: SignInResult) => void): HTMLElement {
  const name = h('input', {
    type: 'text', required: true, minLength: 2, maxLength: 40, testid: 'guest-name', attrs: { autocomplete: 'nickname' },
    placeholder: 'How others see you', value: remembered(),
  });
  const submit = h('button', { type: 'submit', class: 'button primary wide', testid: 'guest-submit' }, 'Continue as guest');
  return form({
    submit,
    action: async () => {
      const chosen = name.value.trim();
      if (chosen.length < 2) throw new Error('Choose a name of at least two characters.');
      const result = await api.guest(chosen);
      try {
        localStorage.setItem(NAME_KEY, chosen);
      } catch {
        // Not remembered, then.
      }
      done(result);
    },
    children: [field({ label: 'Your name', control: name }), submit],
  });
}

function accountForms(api: Api, done: (result: SignInResult) => void): HTMLElement {
  const place = h('div', {});
  const showLogin = (): void => {
    const email = h('input', { type: 'email', required: true, autocomplete: 'username', testid: 'login-email' });
    const password = h('input', { type: 'password', required: true, autocomplete: 'current-password', testid: 'login-password' });
    const submit = h('button', { type: 'submit', class: 'button wide', testid: 'login-submit' }, 'Sign in');
    replace(place,
      form({
        submit,
        action: async () => done(await api.login(email.value.trim(), password.value)),
        children: [field({ label: 'E-mail', control: email }), field({ label: 'Password', control: password }), submit],
      }),
      h('p', { class: 'switch' }, 'New here? ',
        h('button', { type: 'button', class: 'text-button', testid: 'to-register', on: { click: showRegister } }, 'Create an account')));
  };
  const showRegister = (): void => {
    const name = h('input', { type: 'text', required: true, minLength: 2, maxLength: 40, autocomplete: 'name', testid: 'register-name' });
    const email = h('input', { type: 'email', required: true, autocomplete: 'username', testid: 'register-email' });
    const password = h('input', { type: 'password', required: true, minLength: 8, autocomplete: 'new-password', testid: 'register-password' });
    const submit = h('button', { type: 'submit', class: 'button wide', testid: 'register-submit' }, 'Create account');
    replace(place,
      form({
        submit,
        action: async () => done(await api.register(name.value.trim(), email.value.trim(), password.value)),
        children: [
          field({ label: 'Name', control: name }), field({ label: 'E-mail', control: email }),
          field({ label: 'Password', control: password, hint: 'At least 8 characters.' }), submit,
        ],
      }),
      h('p', { class: 'switch' }, 'Have an account? ', h('button', { type: 'button', class: 'text-button', on: { click: showLogin } }, 'Sign in')));
    name.focus();
  };
  showLogin();
  return place;
}

function remembered(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return '';
  }
}
