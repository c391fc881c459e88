/**
 * The product in a process of its own: attaches, and prints everything that its subscribers hear as JSON lines.
 * Started by `watcher.ts`; the one argument is a `WatchPlan` as JSON. It ends by itself when the last QEMU is
 * gone, or closes the driver at SIGTERM.
 */
import { pathToFileURL } from 'node:url';
import { domainEvents } from '../../src/events/domain-events.ts';
import { reports } from '../../src/events/reports.ts';
import {
  type AttachOptions,
  createNodeRuntime,
  type EventArgs,
  type EventId,
  type MonitorState,
  openDriver,
  type Runtime,
} from '../../src/index.ts';

export interface WatchPlan {
  readonly host?: 'off' | 'dry-run' | 'apply';
  readonly attach: readonly Omit<AttachOptions, 'signal' | 'trace'>[];
}

/** One line of output: what a subscriber heard, … */
export type WatchMessage =
  | {
      [I in EventId]: {
        readonly type: I;
        readonly args: EventArgs[I];
        readonly domain: string;
        readonly id: number | null;
        readonly incarnation: string | null;
        readonly reconstructed: boolean;
      };
    }[EventId]
  /** … a command on its way to QEMU, … */
  | { readonly type: 'send'; readonly command: string; readonly arguments?: object }
  /** … a process that is started on the host, … */
  | { readonly type: 'run'; readonly args: readonly string[] }
  /** … a change in how many handlers for NICs run and wait, or in whether the monitor is there, … */
  | {
      readonly type: 'handlers';
      readonly running: number;
      readonly waiting: number;
      readonly monitor: MonitorState;
    }
  /** … all are attached, … */
  | { readonly type: 'attached' }
  /** … and the end, after `close()`. */
  | { readonly type: 'closed'; readonly drops: Record<string, Record<string, number>> };

const print = (message: WatchMessage): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

async function watch({ host = 'off', attach }: WatchPlan): Promise<void> {
  const runtime = createNodeRuntime();
  const run: Runtime['processes']['run'] = (file, args, options) => {
    print({ type: 'run', args: [file, ...args] });
    return runtime.processes.run(file, args, options);
  };
  const driver = await openDriver({
    host,
    runtime: { ...runtime, processes: { ...runtime.processes, run } },
  });
  for (const type of [...Object.keys(domainEvents), ...Object.keys(reports)] as EventId[]) {
    if (type === 'monitor-event') continue;
    driver.on(type, ({ args, domain: { name: domain }, id, incarnation, reconstructed }) =>
      print({ type, args, domain, id, incarnation, reconstructed } as WatchMessage),
    );
  }
  process.once('SIGTERM', () => {
    void driver.close().then(() => print({ type: 'closed', drops: driver.drops.toJSON() }));
  });
  for (const options of attach) {
    const vm = await driver.attach({
      ...options,
      trace: (direction, message) => {
        if (direction !== 'send' || !('execute' in message)) return;
        const { execute, arguments: args } = message as { execute: string; arguments?: object };
        print({ type: 'send', command: execute, ...(args === undefined ? {} : { arguments: args }) });
      },
    });
    let last = '0 0 ready';
    const report = (): void => {
      const { context } = vm.actor.getSnapshot();
      const running = context.work.running?.event.type === 'nicRxFilterChanged' ? 1 : 0;
      const waiting = context.work.waiting.filter(({ event }) => event.type === 'nicRxFilterChanged').length;
      const { monitor } = context;
      if (`${running} ${waiting} ${monitor}` === last) return;
      last = `${running} ${waiting} ${monitor}`;
      print({ type: 'handlers', running, waiting, monitor });
    };
    vm.actor.subscribe(report);
    report();
  }
  print({ type: 'attached' });
}

const [, script = '', plan = ''] = process.argv;
if (import.meta.url === pathToFileURL(script).href) await watch(JSON.parse(plan));
