/** libvirt 9.0.0 `qemu_driver.c:processSerialChangedEvent` */
import { AGENT_CHANNEL_NAME, findDevice, isChannel } from '../../events/devices.ts';
import { believesQemu } from '../../machines/domain-devices.ts';
import type { Handler } from './handler.ts';

/** Only channels count; of a serial port or a console it means nothing. */
export const serialChanged: Handler<'serialChanged'> = ({ alias, open }, lease) => {
  const domain = lease.facts();
  const { devices, facts } = domain;
  const device = findDevice(devices, alias);
  if (device === undefined && !believesQemu(domain)) return { status: 'ignored', why: `no device ${alias}` };
  if (device !== undefined && !isChannel(device)) return { status: 'ignored', why: `${alias} is no channel` };
  const state = open ? 'connected' : 'disconnected';
  const isAgent = device?.name === AGENT_CHANNEL_NAME;
  return {
    status: 'done',
    facts: { known: { channels: { ...facts.channels, [alias]: state } } },
    emits: isAgent ? [{ type: 'agent-lifecycle', args: { state, reason: 'channel' } }] : [],
  };
};
