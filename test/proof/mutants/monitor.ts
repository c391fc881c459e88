/** Guards of the monitor: whose events these are, commands and their replies, the end of a connection. */
import type { Mutant } from './mutant.ts';

const CONNECTION = 'test/unit/qmp/connection.test.ts';
const CONTACT = 'test/unit/driver.test.ts';
const HOLES = 'test/unit/holes.test.ts';
const PROCESS = 'test/simulation/process.test.ts';
const MONITOR = 'test/unit/machines/monitor-machine.test.ts';

export const monitorMutants: readonly Mutant[] = [
  {
    name: 'events that the run state tells count again',
    guards: 'promise 6: the state is read back; invariant 7',
    file: 'src/actors/monitor.ts',
    from: '++this.#replies === 2',
    to: '++this.#replies === 0',
    tests: [CONTACT, HOLES],
  },
  {
    name: 'early events lose their order',
    guards: 'promise 2: the order of the wire',
    file: 'src/actors/monitor.ts',
    from: 'for (const event of early) this.#receive(event);',
    to: 'for (const event of early.toReversed()) this.#receive(event);',
    tests: [CONTACT, HOLES],
  },
  {
    name: 'early events are lost',
    guards: 'promise 1',
    file: 'src/actors/monitor.ts',
    from: 'for (const event of early) this.#receive(event);',
    to: 'early.splice(0);',
    tests: [CONTACT, HOLES],
  },
  {
    name: 'a silent QEMU is not asked again',
    guards: 'promise 6; design §3a: `unresponsive` until it answers',
    file: 'src/actors/monitor.ts',
    from: 'if (asking || hasSpoken()) return;',
    to: 'if (asking || silent || hasSpoken()) return;',
    tests: ['test/simulation/found.test.ts'],
  },
  {
    name: 'a broken link speaks on',
    guards: 'promise 3: what an old connection says is nobody’s',
    file: 'src/actors/monitor.ts',
    from: `    if (this.#ended || connection.closed) return;
`,
    to: '',
    tests: [PROCESS],
  },
  {
    name: 'another process of the same pid is the same run',
    guards: 'promise 3; design §3a: pid + start time + boot',
    file: 'src/actors/contact.ts',
    from: 'one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId',
    to: 'one.pid === other.pid',
    tests: [PROCESS],
  },
  {
    name: 'another socket file is the same run',
    guards: 'promise 3; design §3a: device, inode, change time',
    file: 'src/actors/contact.ts',
    from: 'one.inode === other.inode && one.changedMs === other.changedMs',
    to: 'other.inode > 0',
    tests: [CONTACT, HOLES],
  },
  {
    name: 'who is there after the answers is who answered',
    guards: 'promise 3: a QEMU that is replaced in the middle of a contact was not met',
    file: 'src/actors/contact.ts',
    from: 'if (isReplaced(before, after)) throw',
    to: 'if (before === null) throw',
    tests: [PROCESS],
  },
  {
    name: 'a signal to a process that was not verified',
    guards: 'design §3a: a wrong kill is worse than a leak',
    file: 'src/actors/end-process.ts',
    from: 'if (now !== null && isSameProcess(process, now)) processes.kill',
    to: 'if (now !== null) processes.kill',
    tests: [PROCESS],
  },
  {
    name: 'EOF is death although the process lives',
    guards:
      'design §3a "EOF is not death"; differs from libvirt 9.0.0 `qemu_driver.c:processMonitorEOFEvent`',
    file: 'src/actors/handlers/monitor-eof.ts',
    from: 'const lives = now !== null && isSameProcess(lease.process, now);',
    to: 'const lives = now === null;',
    tests: [PROCESS],
  },
  {
    name: 'a protocol error ends the monitor for good',
    guards: 'design §8: the connection is made again; differs from libvirt (trap T7)',
    file: 'src/machines/monitor-machine.ts',
    from: `const lost = {
  target: '#monitor.waiting',`,
    to: `const lost = {
  target: '#monitor.closed',`,
    tests: [MONITOR, CONTACT],
  },
  {
    name: 'what is no QMP is passed over',
    guards:
      'design §8: `control-error`, a typed ProtocolError; libvirt 9.0.0 `qemu_monitor_json.c:qemuMonitorJSONIOProcessLine`',
    file: 'src/qmp/connection.ts',
    from: 'this.#end(this.#protocolFailure(error));',
    to: 'this.#protocolFailure(error);',
    tests: [CONNECTION],
  },
  {
    name: 'ids of replies are not looked at',
    guards: 'promise 7; QEMU’s QMP specification: a reply carries the id of its command',
    file: 'src/qmp/exchange.ts',
    from: `typeof reply.id === 'string' ? this.#sent.get(reply.id) : undefined;`,
    to: `this.#sent.get(String(reply.id)) ?? [...this.#sent.values()][0];`,
    tests: [CONNECTION],
  },
  {
    name: 'a reply to nobody is passed over',
    guards: 'design §8: reply to an unknown id is a typed error',
    file: 'src/qmp/exchange.ts',
    from: 'if (entry === undefined) throw unknownReply(reply);',
    to: 'if (entry === undefined) return;',
    tests: [CONNECTION],
  },
  {
    name: 'a late reply is nobody’s',
    guards: 'promise 7: a command that timed out keeps its place until its late reply',
    file: 'src/qmp/exchange.ts',
    from: `    this.#waiting.delete(entry);
    this.#waitingOob.delete(entry);
    tell();`,
    to: `    this.#waiting.delete(entry);
    this.#waitingOob.delete(entry);
    for (const [id, sent] of this.#sent) if (sent === entry) this.#sent.delete(id);
    tell();`,
    tests: [CONNECTION],
  },
  {
    name: 'commands are sent without a limit',
    guards: 'QEMU `monitor/qmp.c:QMP_REQ_QUEUE_LEN_MAX`: it stops reading at 8',
    file: 'src/qmp/exchange.ts',
    from: 'const full = this.#inBandSent >= this.#limit;',
    to: 'const full = this.#inBandSent < 0;',
    tests: [CONNECTION],
  },
  {
    name: 'the end of a connection leaves its commands open',
    guards: 'promise 7: the caller’s promise always settles',
    file: 'src/qmp/connection.ts',
    from: `    this.#exchange.interrupt(error);
`,
    to: '',
    tests: [CONNECTION],
  },
  {
    name: 'a revoked lease still asks QEMU',
    guards: 'promise 3; design §3 "Lease": refused with ERR_DOMAIN_INACTIVE',
    file: 'src/actors/lease.ts',
    from: 'connection.execute<unknown>(command, args, { ...options, signal }),',
    to: 'connection.execute<unknown>(command, args, options),',
    tests: ['test/unit/actors/race-guard.test.ts', HOLES],
  },
  {
    name: 'a write to a peer that is gone ends reading',
    guards:
      'promise 1: what QEMU said before it closed is read; libvirt 9.0.0 `qemu_monitor.c:qemuMonitorIO` reads first',
    file: 'src/loop/monitor-socket.ts',
    from: 'super._write(chunk, encoding, (error) => done(peerIsGone(error) ? null : error));',
    to: 'super._write(chunk, encoding, done);',
    tests: ['test/unit/loop/monitor-socket.test.ts'],
  },
];
