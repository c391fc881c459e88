/** Begins: connects, and renders the whole page into its place, once per frame at most. */
import { html, render } from '/assets/lit-html/lit-html.js';
import { announceTransitions } from './announcer.ts';
import { connect } from './connection.ts';
import { domainList } from './domain-list.ts';
import { domainPanel } from './domain-panel.ts';
import { header } from './header.ts';
import { Page } from './page.ts';
import { reports } from './reports.ts';
import { keepPlace, streamPanel } from './stream-panel.ts';
import { timeBar } from './time-bar.ts';

const TICK_MS = 1000;

const place = document.querySelector<HTMLElement>('#page');
const announcements = document.querySelector<HTMLElement>('#announcements');
if (place === null || announcements === null)
  throw new Error('index.html is another one than this script needs');

const announce = announceTransitions(announcements);
const page = new Page(() => {
  render(
    html`${header(page)}${timeBar(page)}
      <main>${domainList(page)}${domainPanel(page)}${streamPanel(page)}${reports(page)}</main>`,
    place,
  );
  keepPlace(page);
  announce(page);
});

place.replaceChildren();
page.renderNow();
connect(page);
// What is said to be so since a while is so for a second more.
setInterval(() => page.changed(), TICK_MS);
