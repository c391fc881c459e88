/** libvirt's own calls: what stands before the event state. */
import { describe, expect, test } from 'vitest';
import type { DomainHandle } from '../../../src/doors/domain-handle.ts';
import { nameFilter } from '../../../src/doors/name-filter.ts';
import { Registrations } from '../../../src/doors/registrations.ts';
import { StateError } from '../../../src/errors.ts';
import type { Domain, DomainEventArgs } from '../../../src/index.ts';
import { newDoors, paused, pretendDomain, resumed } from './doors.ts';

const UUID = '77a6fc12-07b5-9415-8abb-a803613f2a40';
const nothing = (): void => {};

function newRegistrations() {
  const doors = newDoors();
  return { ...doors, registrations: new Registrations(doors.events, () => {}) };
}

describe('domainEventRegisterAny (libvirt-domain.c:virConnectDomainEventRegisterAny)', () => {
  test('a domain with a uuid is meant by it: all domains of that uuid are heard, also later ones (R10)', () => {
    const { loop, queue, registrations } = newRegistrations();
    const heard: string[] = [];
    const [source, destination] = [pretendDomain('source', UUID), pretendDomain('destination', UUID)];
    registrations.registerAny(source, 'lifecycle', ({ name }) => heard.push(name), {});
    queue('lifecycle', paused, source);
    queue('lifecycle', paused, destination);
    queue('lifecycle', paused, pretendDomain('another', UUID.replace('7', '8')));
    queue('lifecycle', paused, pretendDomain('without'));
    queue('lifecycle', paused, pretendDomain('recreated', UUID));
    loop.turn();
    expect(heard).toEqual(['source', 'destination', 'recreated']);
  });

  test('a domain without uuid is meant by itself', () => {
    const { loop, queue, registrations } = newRegistrations();
    const heard: string[] = [];
    const [one, two] = [pretendDomain('one'), pretendDomain('two')];
    registrations.registerAny(one, 'lifecycle', ({ name }) => heard.push(name), {});
    for (const domain of [one, two]) queue('lifecycle', paused, domain);
    loop.turn();
    expect(heard).toEqual(['one']);
  });

  test('the same function for all, for A and for B are three; a second one for A is refused (R3, R4)', () => {
    const { registrations } = newRegistrations();
    const [a, b] = [pretendDomain('a', UUID), pretendDomain('b')];
    const register = (domain: Domain | null): number =>
      registrations.registerAny(domain, 'lifecycle', nothing, {});
    expect([null, a, b].map(register)).toEqual([0, 1, 2]);
    for (const domain of [null, a, b]) expect(() => register(domain)).toThrow(StateError);
    expect(() => register(pretendDomain('of the same uuid', UUID))).toThrow(StateError);
  });

  test('another opaque does not make it another registration (R3)', () => {
    const { registrations } = newRegistrations();
    registrations.registerAny(null, 'lifecycle', nothing, { opaque: 1 });
    expect(() => registrations.registerAny(null, 'lifecycle', nothing, { opaque: 2 })).toThrow(/already/);
  });

  test('block-job and block-job-2 are two ids: the same function is accepted for both (R4)', () => {
    const { registrations } = newRegistrations();
    registrations.registerAny(null, 'block-job', nothing, {});
    expect(registrations.registerAny(null, 'block-job-2', nothing, {})).toBe(1);
  });

  test('opaque is given to each call and to free', () => {
    const { loop, queue, registrations } = newRegistrations();
    const log: unknown[] = [];
    const opaque = { mine: true };
    const free = (given: unknown): void => void log.push(['free', given]);
    const id = registrations.registerAny(null, 'reboot', (_, given) => log.push(given), { opaque, free });
    queue('reboot', {});
    loop.turn();
    registrations.deregister(id);
    expect(log).toEqual([opaque, ['free', opaque]]);
  });

  test.each([
    ['an id that is not in the table (id ≥ LAST)', null, 'nonsense', nothing, {}],
    ['a report, which libvirt has none of', null, 'state', nothing, {}],
    ['no function', null, 'lifecycle', null, {}],
    ['a free that is no function', null, 'lifecycle', nothing, { free: 5 }],
    ['options that are none', null, 'lifecycle', nothing, null],
    ['an option that there is not', null, 'lifecycle', nothing, { fre: nothing }],
  ])('%s is a TypeError, and nothing is registered', (_, domain, type, callback, options) => {
    const { registrations, events } = newRegistrations();
    expect(() =>
      registrations.registerAny(domain, type as 'lifecycle', callback as () => void, options as object),
    ).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(/expected .*received/) }),
    );
    expect(events.isWanted).toBe(false);
  });
});

describe('domainEventDeregisterAny (libvirt-domain.c:virConnectDomainEventDeregisterAny)', () => {
  test('says nothing of how many are left (R12), and refuses the id from then on (R8, R9)', () => {
    const { registrations } = newRegistrations();
    const id = registrations.registerAny(null, 'lifecycle', nothing, {});
    expect(registrations.deregister(id)).toBeUndefined();
    expect(() => registrations.deregister(id)).toThrow(StateError);
    expect(() => registrations.deregister(7)).toThrow(/7/);
  });

  test.each([-1, 1.5, Number.NaN, '0', null])('%j is no id: a TypeError', (id) => {
    const { registrations } = newRegistrations();
    expect(() => registrations.deregister(id as number)).toThrow(TypeError);
  });
});

describe('the legacy pair (libvirt-domain.c:virConnectDomainEventRegister)', () => {
  test('hears lifecycle of all domains, and goes by its function', () => {
    const { loop, queue, registrations } = newRegistrations();
    const heard: string[] = [];
    const callback = ({ args }: { args: DomainEventArgs['lifecycle'] }): void => void heard.push(args.event);
    registrations.registerLegacy(callback, {});
    queue('lifecycle', paused);
    queue('lifecycle', resumed, pretendDomain('other', UUID));
    queue('reboot', {});
    loop.turn();
    registrations.deregisterLegacy(callback);
    queue('lifecycle', paused);
    loop.turn();
    expect(heard).toEqual(['suspended', 'resumed']);
  });

  test('the same function twice is refused; once here and once by the new call is not (R4)', () => {
    const { registrations } = newRegistrations();
    registrations.registerLegacy(nothing, {});
    expect(() => registrations.registerLegacy(nothing, {})).toThrow(StateError);
    expect(registrations.registerAny(null, 'lifecycle', nothing, {})).toBe(1);
  });

  test('deregisters nothing of the new call, though it is the same function (R7)', () => {
    const { registrations } = newRegistrations();
    const id = registrations.registerAny(null, 'lifecycle', nothing, {});
    expect(() => registrations.deregisterLegacy(nothing)).toThrow(StateError);
    expect(() => registrations.deregisterLegacy('nothing' as never)).toThrow(TypeError);
    registrations.deregister(id);
  });
});

describe('monitorEventRegister (libvirt-qemu.c:virConnectDomainQemuMonitorEventRegister)', () => {
  test.each([
    [{}, ['STOP', 'stop', 'NONSTOP', 'RESUME']],
    [{ name: 'STOP' }, ['STOP']],
    [{ name: 'STOP', ignoreCase: true }, ['STOP', 'stop']],
    [{ name: 'STOP', regex: true }, ['STOP', 'NONSTOP']],
    [{ name: '^S|^r', regex: true, ignoreCase: true }, ['STOP', 'stop', 'RESUME']],
    [{ name: 'S.OP' }, []],
  ])('%j hears %j: exact name, or a pattern that is found anywhere', (filter, expected) => {
    const { loop, queue, registrations } = newRegistrations();
    const heard: string[] = [];
    registrations.registerMonitor(null, filter, ({ args }) => heard.push(args.event), {});
    for (const event of ['STOP', 'stop', 'NONSTOP', 'RESUME'])
      queue('monitor-event', { event, timestamp: null, data: null });
    loop.turn();
    expect(heard).toEqual(expected);
  });

  test('without a name the same function twice is refused; with one it never is (domain_event.c)', () => {
    const { registrations } = newRegistrations();
    registrations.registerMonitor(null, {}, nothing, {});
    expect(() => registrations.registerMonitor(null, {}, nothing, {})).toThrow(StateError);
    registrations.registerMonitor(null, { name: 'STOP' }, nothing, {});
    expect(registrations.registerMonitor(null, { name: 'STOP' }, nothing, {})).toBe(2);
  });

  test('its ids are of the same list as those of domain events: either call deregisters either (R1)', () => {
    const { registrations } = newRegistrations();
    const ids = [
      registrations.registerMonitor(null, {}, nothing, {}),
      registrations.registerAny(null, 'lifecycle', nothing, {}),
    ];
    expect(ids).toEqual([0, 1]);
    for (const id of ids) registrations.deregister(id);
  });

  test.each([
    [5, /object/],
    [{ name: 5 }, /name/],
    [{ regex: 'yes' }, /regex/],
    [{ nocase: true }, /nocase/],
    [{ name: '(', regex: true }, /regular expression/],
  ])('filter %j is a TypeError that names what is wrong', (filter, message) => {
    const made = (): unknown => nameFilter(filter as object);
    expect(made).toThrow(TypeError);
    expect(made).toThrow(message);
  });
});

describe('the handle that a callback receives (domain_event.c:virDomainEventDispatchDefaultFunc)', () => {
  function lent(keep: (handle: DomainHandle) => void = () => {}) {
    const { loop, queue, registrations } = newRegistrations();
    const domain = pretendDomain('web1', UUID);
    const handles: DomainHandle[] = [];
    const found: unknown[] = [];
    for (let n = 0; n < 2; n += 1)
      registrations.registerAny(
        null,
        'lifecycle',
        (event) => {
          handles.push(event.domain);
          found.push(event.domain.lookup());
          keep(event.domain);
        },
        {},
      );
    queue('lifecycle', paused, domain);
    Object.assign(domain, { name: 'renamed', uuid: null });
    loop.turn();
    const [handle] = handles;
    if (handle === undefined) throw new Error('no callback');
    return { handle, handles, found, domain };
  }

  test('a handle has name, uuid and id as they were when the event was made, also after the callback (D10)', () => {
    const { handle } = lent();
    expect({ ...handle }).toEqual({ name: 'web1', uuid: UUID, id: 1 });
  });

  test('a handle is made for each call (D10)', () => {
    const { handles } = lent();
    expect(new Set(handles).size).toBe(2);
  });

  test('a handle leads to the domain during the callback, and after it to none: ERR_NO_REFERENCE', () => {
    const { handle, found, domain } = lent();
    expect(found[0]).toBe(domain);
    for (const use of [() => handle.lookup(), () => handle.ref(), () => handle.free()])
      expect(use).toThrow(expect.objectContaining({ code: 'ERR_NO_REFERENCE' }));
  });

  test('a handle leads to the domain after the callback as long as a reference that was taken there is not freed', () => {
    const { handle, domain } = lent((each) => each.ref().ref());
    handle.free();
    expect(handle.lookup()).toBe(domain);
    handle.free();
    expect(() => handle.lookup()).toThrow(StateError);
    expect(() => handle.free()).toThrow(StateError);
  });

  test('a reference is freed by its scope too; the handle stays with the callback until it returns', () => {
    const found: unknown[] = [];
    const { handle, domain } = lent((each) => {
      {
        using mine = each.ref();
        found.push(mine.lookup());
      }
      found.push(each.lookup());
    });
    expect(found).toEqual([domain, domain, domain, domain]);
    expect(() => handle.lookup()).toThrow(StateError);
  });

  test('freeing more than was taken is refused, and does not take the handle from the callback', () => {
    const errors: unknown[] = [];
    const { found } = lent((each) => {
      try {
        each.free();
      } catch (error) {
        errors.push(error);
      }
      each.lookup();
    });
    expect(errors).toHaveLength(2);
    expect(found).toHaveLength(2);
  });

  test('the handle of a callback that throws, or waits, is taken back when it returns', async () => {
    const { loop, queue, registrations, errors } = newRegistrations();
    const handles: DomainHandle[] = [];
    registrations.registerAny(
      null,
      'reboot',
      ({ domain }) => {
        handles.push(domain);
        throw new Error('mine');
      },
      {},
    );
    registrations.registerAny(
      null,
      'reboot',
      async ({ domain }) => {
        handles.push(domain);
        await null;
        domain.lookup();
      },
      {},
    );
    queue('reboot', {});
    loop.turn();
    expect(handles).toHaveLength(2);
    for (const handle of handles) expect(() => handle.lookup()).toThrow(StateError);
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual(['Error: mine', expect.stringContaining('take a reference with ref()')]);
  });
});
