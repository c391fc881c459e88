/** The way of a QEMU event from the wire to its domain: raw first, then by its row of Table 1. */
import { qemuEventChannel } from '../diagnostics.ts';
import { Dropped } from '../events/payload.ts';
import { type QemuMachineEvent, qemuEventRoutes } from '../events/qemu-events.ts';
import type { DropReason } from '../events/reports.ts';
import type { Incarnation } from '../machines/domain-context.ts';
import type { QmpEvent } from '../qmp/message.ts';
import type { DomainRecord, Environment } from './environment.ts';

/** Names are kept with their counts, and come from QEMU. */
const MAX_COUNTED_NAME_LENGTH = 100;

/**
 * Hands one QEMU event to the domain's machine, synchronously, or counts why not.
 *
 * libvirt 9.0.0 `qemu_monitor_json.c:qemuMonitorJSONIOProcessEvent`.
 */
export function routeEvent(
  environment: Environment,
  record: DomainRecord,
  incarnation: Incarnation,
  message: QmpEvent,
): void {
  const { event, data, timestamp } = message;
  if (qemuEventChannel.hasSubscribers)
    qemuEventChannel.publish({ domain: record.name, incarnation: incarnation.uuid, event, data });
  if (environment.wants())
    environment.tell(record, {
      type: 'monitor-event',
      args: { event, timestamp, data: data ?? null },
      incarnation,
    });
  const drop = (reason: DropReason): void =>
    environment.tell(record, {
      type: 'drop',
      args: { reason, event: event.slice(0, MAX_COUNTED_NAME_LENGTH) },
      incarnation,
    });
  const route = qemuEventRoutes.get(event);
  if (route === undefined) return drop('unknown');
  if (route === 'ignored') return drop('ignored-in-state');
  const payload = route.parse(data);
  if (payload instanceof Dropped) return drop(payload.reason);
  // Type and payload come from the same row.
  record.actor.send({
    type: route.type,
    data: payload,
    timestamp,
    incarnation: incarnation.uuid,
  } as QemuMachineEvent);
}
