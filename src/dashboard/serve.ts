/** A dashboard: a feed, and the server of it. */
import type { DashboardServer } from './server.ts';

/**
 * It serves until it is closed.
 *
 * @public
 */
export interface Dashboard extends AsyncDisposable {
  /** Where the page is, as `http://127.0.0.1:40123/`; with `?token=…`, if there is one. */
  readonly url: string;
  /** Ends all streams, and calls that were asked for by the page. A second call waits for the first. */
  close(): Promise<void>;
}

/** @param release - lets go of what fills its feed */
export function dashboardOf(server: DashboardServer, release: () => void): Dashboard {
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    if (closed === null) {
      release();
      closed = server.close();
    }
    return closed;
  };
  return {
    get url() {
      return server.url;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
