/** Everything that a driver's subscribers hear, in order, to look at and to wait for. */
import { domainEvents } from '../../src/events/domain-events.ts';
import { reports } from '../../src/events/reports.ts';
import type { Domain, DomainEvent, Driver, EventId } from '../../src/index.ts';

export class Seen {
  readonly all: DomainEvent[] = [];
  readonly #waiters = new Set<() => void>();

  constructor(driver: Driver, domain?: Domain) {
    for (const type of [...Object.keys(domainEvents), ...Object.keys(reports)] as EventId[]) {
      // Raw events would double everything.
      if (type === 'monitor-event') continue;
      driver.on(
        type,
        (event) => {
          this.all.push(event);
          for (const check of [...this.#waiters]) check();
        },
        domain === undefined ? {} : { domain },
      );
    }
  }

  of<I extends EventId>(type: I): DomainEvent<I>[] {
    return this.all.filter((event) => event.type === type) as DomainEvent<I>[];
  }

  /** `started booted`, `suspended paused`, … */
  get lifecycle(): string[] {
    return this.of('lifecycle').map(({ args }) => `${args.event} ${args.detail}`);
  }

  /** `running unknown`, `paused user`, … */
  get states(): string[] {
    return this.of('state').map(({ args }) => `${args.state} ${args.reason}`);
  }

  /** Waits until what was seen so far, or will be, satisfies. The test's own time-out bounds it. */
  until(satisfied: (seen: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!satisfied(this)) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }
}
