/** The domain machine with its monitor, handlers and operations attached; made once for a driver. */
import { type ProcessEventType, processEvents } from '../events/process-events.ts';
import { domainMachine } from '../machines/domain-machine.ts';
import type { OperationName } from '../machines/domain-operations.ts';
import { processEventMachine } from '../machines/process-event-machine.ts';
import type { Environment } from './environment.ts';
import type { Handler } from './handlers/handler.ts';
import { handlers } from './handlers/index.ts';
import { createMonitorLogic } from './monitor.ts';
import { runOperation } from './operations.ts';
import { supervised } from './supervise.ts';

export function createDomainLogic(environment: Environment): typeof domainMachine {
  const handler = supervised(environment, async ({ type, data }, lease, { abilities }) => {
    // Type and data were put together by Table 2.
    const { commands } = processEvents[type as ProcessEventType];
    const lacking = commands.find((command) => abilities?.commands.has(command) === false);
    if (lacking !== undefined) return { status: 'ignored', why: `not supported by this QEMU: ${lacking}` };
    const handle = handlers[type as ProcessEventType] as Handler<ProcessEventType>;
    return handle(data as Parameters<typeof handle>[0], lease);
  });
  const operation = supervised(environment, ({ id, type, data }, lease, record) =>
    runOperation(id, type as OperationName, data, { lease, record, environment }),
  );
  return domainMachine.provide({
    actors: {
      monitor: createMonitorLogic(environment),
      processEvent: processEventMachine.provide({ actors: { handler } }),
      operation: processEventMachine.provide({ actors: { handler: operation } }),
    },
  });
}
