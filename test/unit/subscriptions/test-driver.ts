/**
 * An in-memory driver of domains, networks, storage pools and node devices over one event state, as libvirt's
 * `test:///default`: connections share its objects and its events.
 */
import { StateError } from '../../../src/errors.ts';
import { EventState } from '../../../src/subscriptions/event-state.ts';
import { ManualLoop } from './manual-loop.ts';

export type Family = 'domain' | 'network' | 'storage-pool' | 'node-device';

export interface TestEvent {
  /** Family and event id in one: `network lifecycle`. */
  readonly type: string;
  readonly key: string;
  readonly event: string;
}

export class TestObject {
  readonly family: Family;
  readonly uuid: string;
  active = false;
  persistent = false;

  constructor(family: Family, uuid: string) {
    this.family = family;
    this.uuid = uuid;
  }
}

export class TestDriver {
  readonly loop = new ManualLoop();
  readonly events = new EventState<TestEvent>(this.loop, {
    keysOf: ({ key }) => [key],
    onCallbackError: (error) => {
      throw error;
    },
    onUndelivered: () => {},
  });
  /** The domain `test`, which runs. */
  readonly test = this.#object('domain', 'test-uuid', true);
  readonly objects = new Map<string, TestObject>([[this.test.uuid, this.test]]);

  connect(): TestConnection {
    return new TestConnection(this);
  }

  #object(family: Family, uuid: string, active: boolean): TestObject {
    return Object.assign(new TestObject(family, uuid), { active, persistent: active });
  }
}

export type Callback = (event: TestEvent) => void;

export class TestConnection {
  readonly #driver: TestDriver;

  constructor(driver: TestDriver) {
    this.#driver = driver;
  }

  registerAny(family: Family, object: TestObject | null, id: string, callback: Callback): number {
    const key = object?.uuid ?? null;
    return this.#driver.events.register({
      type: `${family} ${id}`,
      key,
      door: 'any',
      identity: callback,
      callback,
    });
  }

  deregisterAny(id: number): boolean {
    return this.#driver.events.deregister(id, 'any');
  }

  register(callback: Callback): number {
    const place = { type: 'domain lifecycle', key: null, door: 'legacy', identity: callback } as const;
    this.#driver.events.register({ ...place, callback });
    return 0;
  }

  deregister(callback: Callback): boolean {
    const place = { type: 'domain lifecycle', key: null, door: 'legacy', identity: callback } as const;
    return this.#driver.events.deregisterSame(place);
  }

  define(family: Family, uuid: string): TestObject {
    const object = this.#objectOf(family, uuid);
    object.persistent = true;
    this.#tell(object, 'defined');
    return object;
  }

  undefine(object: TestObject): void {
    object.persistent = false;
    if (!object.active) this.#driver.objects.delete(object.uuid);
    this.#tell(object, 'undefined');
  }

  /** Node devices are created, all else is started. */
  createXML(family: Family, uuid: string): TestObject {
    const object = this.#objectOf(family, uuid);
    this.create(object);
    return object;
  }

  create(object: TestObject): void {
    object.active = true;
    this.#tell(object, object.family === 'node-device' ? 'created' : 'started');
  }

  /** @throws StateError unless it runs */
  destroy(object: TestObject): void {
    if (!object.active) throw new StateError(`${object.family} ${object.uuid} is not active`);
    object.active = false;
    if (!object.persistent) this.#driver.objects.delete(object.uuid);
    this.#tell(object, object.family === 'node-device' ? 'deleted' : 'stopped');
  }

  refresh(pool: TestObject): void {
    this.#driver.events.queue({ type: 'storage-pool refresh', key: pool.uuid, event: 'refresh' });
  }

  build(pool: TestObject): void {
    this.#tell(pool, 'created');
  }

  delete(pool: TestObject): void {
    this.#tell(pool, 'deleted');
  }

  #objectOf(family: Family, uuid: string): TestObject {
    const object = this.#driver.objects.get(uuid) ?? new TestObject(family, uuid);
    this.#driver.objects.set(uuid, object);
    return object;
  }

  #tell({ family, uuid }: TestObject, event: string): void {
    this.#driver.events.queue({ type: `${family} lifecycle`, key: uuid, event });
  }
}
