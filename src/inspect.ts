/** Lets an inspector of XState see the actors of a domain: Stately's, or any that `createActor` takes. */
import type { AnyActorRef, InspectionEvent, Observer } from 'xstate';
import type { Domain } from './domain.ts';
import { messageOf } from './errors.ts';

/**
 * Tells an inspector of the domain's actors: first those that are there, as `@xstate.actor`, then what happens to them, as
 * `createActor(machine, { inspect })` would have from the start. It is called inside of the machines' steps; one
 * that throws is let go of, with a process warning, and harms nobody.
 *
 * @param inspector - as `createBrowserInspector().inspect` of `@statelyai/inspect` is
 * @returns ends it; nothing is told after it
 * @example
 * ```ts
 * using inspecting = inspectDomain(vm, inspector.inspect);
 * ```
 */
export function inspectDomain(
  domain: Domain,
  inspector: Observer<InspectionEvent> | ((event: InspectionEvent) => void),
): Disposable {
  const { actor } = domain;
  const inspect = typeof inspector === 'function' ? inspector : inspector.next?.bind(inspector);
  let isOpen = inspect !== undefined;
  const tell = (event: InspectionEvent): void => {
    if (!isOpen) return;
    try {
      inspect?.(event);
    } catch (error) {
      close();
      process.emitWarning(`an inspector failed: ${messageOf(error)}`, 'QemuActorsWarning');
    }
  };
  const close = (): void => {
    isOpen = false;
    subscription?.unsubscribe();
  };
  let subscription: { unsubscribe(): void } | null = null;
  for (const actorRef of actorsOf(actor as unknown as AnyActorRef))
    tell({ type: '@xstate.actor', actorRef, rootId: actor.sessionId });
  if (isOpen) subscription = actor.system.inspect(tell);
  return { [Symbol.dispose]: close };
}

/** Itself, and all below it. */
function actorsOf(actor: AnyActorRef): AnyActorRef[] {
  const { children = {} } = actor.getSnapshot() as {
    readonly children?: Readonly<Record<string, AnyActorRef>>;
  };
  return [actor, ...Object.values(children).flatMap(actorsOf)];
}
