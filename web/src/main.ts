import './styles/base.css';
import './styles/pages.css';
import './styles/room.css';
import './styles/bench.css';
import './styles/history.css';
import './styles/profile.css';
import { App } from './app';

const app = new App(document.getElementById('app')!);
app.show();

declare global {
  interface Window {
    /** Read-only view for the browser tests. */
    __codechill: { text(): string };
  }
}
window.__codechill = Object.freeze({ text: () => app.text() });
