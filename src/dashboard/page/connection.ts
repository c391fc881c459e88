/**
 * The stream of the server. A lost connection is made again by the browser, which says up to where it knows; one that
 * the server refuses, and which the browser gives up, is tried again after `RETRY_MS`, from the beginning.
 */
import type { Base, Update } from '../protocol.ts';
import type { Page } from './page.ts';

const RETRY_MS = 1000;

export function connect(page: Page): void {
  const source = new EventSource('/stream');
  const lost = (): void => {
    if (page.link.state !== 'reconnecting') page.link = { state: 'reconnecting', since: Date.now() };
    if (source.readyState === EventSource.CLOSED) setTimeout(() => connect(page), RETRY_MS);
    page.changed();
  };
  const reader = (take: (data: string) => void) => (message: MessageEvent<string>) => {
    try {
      take(message.data);
    } catch (error) {
      console.error(error);
      page.unreadable += 1;
    }
    page.changed();
  };
  source.addEventListener('open', () => {
    page.link = { state: 'connected' };
    page.changed();
  });
  source.addEventListener('error', lost);
  source.addEventListener(
    'base',
    reader((data) => {
      const base: Base = JSON.parse(data);
      if (page.model.begin(base)) page.restarted();
    }),
  );
  source.addEventListener(
    'update',
    reader((data) => {
      const update: Update = JSON.parse(data);
      page.model.apply(update);
    }),
  );
}
