/** Begins: colours first, then who it is, then the page. */
import { render } from 'preact';
import { App } from './app.tsx';
import { watchNetwork } from './state/live.ts';
import { watchAddress } from './state/router.ts';
import { runClock } from './state/session.ts';
import { startTheme } from './state/theme.ts';

startTheme();
watchAddress();
watchNetwork();
runClock();
const root = document.getElementById('app');
if (root) render(<App />, root);
