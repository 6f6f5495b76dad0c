import { colorOf, initials } from '../colors';
import { h } from './dom';

export function avatar(user: { id: string; name: string }): HTMLElement {
  const element = h('span', { class: 'avatar', title: user.name, attrs: { 'aria-hidden': true } }, initials(user.name));
  element.style.setProperty('--person', colorOf(user.id));
  return element;
}
