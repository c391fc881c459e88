/** `demo`: the main job in half a minute, on a real QEMU if there is one. */
import { type Command, Option } from 'commander';
import type { Domain } from '../../domain.ts';
import { type Driver, openDriver } from '../../driver.ts';
import { messageOf } from '../../errors.ts';
import { FakeQemu } from '../../testing/fake-qemu.ts';
import { Cleanup } from '../cleanup.ts';
import { PRETEND_INTERFACE, PretendNetwork } from '../demo/pretend-network.ts';
import { RealQemu, realQemuVersion } from '../demo/real-qemu.ts';
import { Story } from '../demo/story.ts';
import type { ExitCode } from '../errors.ts';
import { examples, formatOption } from '../options.ts';
import type { Format } from '../output.ts';
import type { Run, Session } from '../run.ts';

interface Options {
  readonly fake?: true;
  readonly real?: true;
  readonly dashboard?: true;
  readonly format: Format;
}

/** Between two chapters, for somebody who follows the page. */
const SLOW_MS = 5000;

const MAC = '52:54:00:12:34:56';
const GUESTS_MAC = '52:54:00:ab:cd:ef';
const GROUPS = ['01:00:5e:00:00:fb', '33:33:00:00:00:fb'];

export function addDemo(program: Command, run: Run): void {
  program
    .command('demo')
    .description('show in half a minute what this is about, on a QEMU of its own')
    .addOption(new Option('--fake', 'on the embedded fake QEMU').conflicts('real'))
    .addOption(new Option('--real', 'on a real QEMU, or not at all'))
    .option('--dashboard', 'show it in a browser too, slowly, until Ctrl-C')
    .addOption(formatOption())
    .addHelpText('after', examples('demo', 'demo --dashboard', 'demo --fake', 'demo --real --format jsonl'))
    .action((options: Options) => run(options.format, (session) => demo(options, session)));
}

/** The QEMU of the story, real or not. */
interface Stage {
  readonly path: string;
  readonly pid?: number;
  readonly fake: FakeQemu | null;
  /** The title of the story. */
  readonly title: string;
}

async function demo(options: Options, session: Session): Promise<ExitCode> {
  const story = new Story(session, options.dashboard === true ? SLOW_MS : undefined);
  await play(options, session, story);
  await story.chapter(
    'That was all',
    'Nothing of it is left: QEMU has ended, its socket is removed, the host was not touched. ' +
      'Next: start a QEMU of yours with -qmp unix:/tmp/qmp,server=on,wait=off and run qemu-actors watch --qmp /tmp/qmp',
  );
  return 0;
}

/** All that it starts is stopped again, however it ends. */
async function play(options: Options, session: Session, story: Story): Promise<void> {
  await using cleanup = new Cleanup();
  const { runtime } = session.io;
  cleanup.defer(runtime.hold());
  const stage = await openStage(options, session, cleanup);
  session.signal.throwIfAborted();
  const network = new PretendNetwork(MAC);
  const driver = await openDriver({ runtime, host: network });
  cleanup.defer(() => driver.close());
  story.follow(driver);
  story.title(stage.title);
  if (options.dashboard === true) {
    const { url } = await driver.dashboard();
    story.tell(`All of it is shown live at ${url}`);
    await story.pause();
  }
  const vm = await boot(story, driver, stage, session);
  await pause(story, vm, session);
  await filter(story, driver, stage, vm, session, cleanup);
  await destroy(story, stage, vm, network, session);
  if (options.dashboard !== true) return;
  story.tell('The page can be looked at, and back in time, until Ctrl-C.');
  await aborted(session.signal);
}

/** @throws the signal's reason */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

async function openStage(
  { fake, real }: Options,
  { io, signal, say }: Session,
  cleanup: Cleanup,
): Promise<Stage> {
  const version = fake === true ? null : await realQemuVersion(io.runtime, signal);
  if (real === true && version === null)
    throw new Error('no qemu-system-x86_64 that can be run; --fake shows it without one');
  if (version !== null) {
    try {
      const qemu = cleanup.use(await RealQemu.start('demo', MAC, io.runtime, signal));
      const title = `qemu-actors on QEMU ${version}, started for this demo: no acceleration, no disk, no network`;
      const { path, pid } = qemu;
      return { path, fake: null, title, ...(pid === undefined ? {} : { pid }) };
    } catch (error) {
      signal.throwIfAborted();
      if (real === true) throw error;
      say(`${messageOf(error)}; going on with the fake one`);
    }
  }
  const qemu = cleanup.use(await startFake('demo', io.runtime));
  const why = fake === true ? '' : ' (no qemu-system-x86_64 can be used here)';
  return {
    path: qemu.path,
    fake: qemu,
    title: `qemu-actors on the embedded fake QEMU${why}: it speaks QMP, but no guest runs in it`,
  };
}

const startFake = (name: string, runtime: Session['io']['runtime']): Promise<FakeQemu> =>
  FakeQemu.start({
    name,
    runtime,
    status: 'prelaunch',
    nics: [{ name: 'net0', filter: { 'main-mac': MAC } }],
  });

/** The NIC follows its guest: what the guest sets is what the interface on the host shall receive. */
const devices = [
  {
    type: 'net',
    alias: 'net0',
    mac: MAC,
    trustGuestRxFilters: true,
    host: { interface: PRETEND_INTERFACE, kind: 'macvtap' },
  },
];

async function boot(story: Story, driver: Driver, stage: Stage, { signal }: Session): Promise<Domain> {
  await story.chapter(
    'Boot',
    'QEMU was started with -S: it is there, its CPU stands still. We attach to its monitor with control: true. ' +
      `As its NIC net0 is trusted, a handler asks QEMU at once for the NIC's receive filter and compares it with ` +
      `the host's ${PRETEND_INTERFACE}. That interface is pretended by the demo, and it is a dry run: nothing is changed.`,
  );
  const pid = stage.pid === undefined ? {} : { pid: stage.pid };
  const vm = await driver.attach({ monitor: stage.path, control: true, wait: true, devices, signal, ...pid });
  await story.until(vm, 'outcome');
  story.tell('Now it may run: vm.resume().');
  await vm.resume({ signal });
  await story.until(vm, 'state', ({ state }) => state === 'running');
  return vm;
}

async function pause(story: Story, vm: Domain, { signal }: Session): Promise<void> {
  await story.chapter(
    'Suspend and resume',
    "vm.suspend() sends QMP stop. QEMU's event STOP becomes libvirt's event suspended (paused) and the state paused " +
      'with the reason user, since it was us. Then vm.resume().',
  );
  await vm.suspend({ signal });
  await story.until(vm, 'state', ({ state }) => state === 'paused');
  await vm.resume({ signal });
  await story.until(vm, 'state', ({ state }) => state === 'running');
}

async function filter(
  story: Story,
  driver: Driver,
  stage: Stage,
  vm: Domain,
  session: Session,
  cleanup: Cleanup,
): Promise<void> {
  const elsewhere =
    stage.fake === null
      ? ' Only a guest with a network driver does that, and none runs here; so a second domain plays this part, on the embedded fake QEMU.'
      : '';
  await story.chapter(
    'The guest changes its receive filter',
    'It takes another MAC, joins two multicast groups and no longer wants everything. QEMU only says ' +
      'NIC_RX_FILTER_CHANGED, and is silent from then on until it is asked: the handler does that by ' +
      `query-rx-filter, and reports what is due on ${PRETEND_INTERFACE} (pretended, dry run).${elsewhere}`,
  );
  let qemu = stage.fake;
  let domain = vm;
  if (qemu === null) {
    qemu = cleanup.use(await startFake('fake-guest', session.io.runtime));
    domain = await driver.attach({ monitor: qemu.path, control: true, devices });
    await domain.resume();
    await story.until(domain, 'state', ({ state }) => state === 'running');
  }
  qemu.setRxFilter('net0', {
    'main-mac': GUESTS_MAC,
    promiscuous: false,
    'multicast-table': GROUPS,
  });
  await story.until(domain, 'nic-rx-filter-change');
  await story.until(domain, 'outcome');
  if (domain !== vm) {
    await domain.destroy();
    await story.until(domain, 'state', ({ active }) => !active);
  }
}

async function destroy(
  story: Story,
  stage: Stage,
  vm: Domain,
  network: PretendNetwork,
  { signal }: Session,
): Promise<void> {
  await story.chapter(
    'Destroyed in the middle of a handler',
    `The handler runs again (${stage.fake === null ? 'after a reset the NIC is asked once more' : 'the guest joins one more group'}), ` +
      `and this time the host takes long to tell how ${PRETEND_INTERFACE} is. Meanwhile the domain is destroyed: ` +
      'the handler ends as ignored, nothing is changed on the host any more, and there is exactly one stopped.',
  );
  const held = network.hold();
  try {
    if (stage.fake === null) await vm.execute('system_reset', {}, { signal });
    else stage.fake.setRxFilter('net0', { 'multicast-table': [...GROUPS, '01:00:5e:7f:ff:fa'] });
    await story.bounded('the handler', (resolve) => {
      void held.reached.then(resolve);
      return () => {};
    });
    story.tell('The handler waits for the host; now vm.destroy().');
    await vm.destroy({ signal });
    await story.until(vm, 'state', ({ active }) => !active);
  } finally {
    held.release();
  }
}
