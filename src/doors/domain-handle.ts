/** The domain as libvirt's callbacks get it: lent for the call, kept only by a reference. */
import type { Domain, DomainEvent } from '../domain.ts';
import { StateError } from '../errors.ts';

/**
 * Which domain an event was about. Its values are those of the moment in which the event was made, and stay; the way
 * to the domain itself is open until the callback returns, and longer only for who took a reference.
 *
 * libvirt 9.0.0 `include/libvirt/libvirt-domain.h:virDomainPtr`, `virDomainRef`, `virDomainFree`.
 *
 * @public
 */
export class DomainHandle implements Disposable {
  readonly name: string;
  /** Null if its QEMU had none. */
  readonly uuid: string | null;
  /** libvirt's small domain id of the run that the event belongs to; null if it belongs to none. */
  readonly id: number | null;
  #domain: Domain | null;
  #references = 0;
  #isLent = true;

  /** @internal */
  constructor({ name, uuid, id, domain }: DomainEvent) {
    this.name = name;
    this.uuid = uuid;
    this.id = id;
    this.#domain = domain;
  }

  /**
   * The domain as it is now: it may have changed since, or be detached.
   *
   * @throws StateError `ERR_NO_REFERENCE` after the callback, without a reference
   */
  lookup(): Domain {
    if (this.#domain === null)
      throw new StateError(
        `the handle of ${this.name} was lent until its callback returned; take a reference with ref() there`,
        { domain: this.name, code: 'ERR_NO_REFERENCE' },
      );
    return this.#domain;
  }

  /** Takes a reference; each is given back by one `free()`. @throws StateError as `lookup` */
  ref(): this {
    this.lookup();
    this.#references += 1;
    return this;
  }

  /** Gives a reference back. @throws StateError `ERR_NO_REFERENCE` if none is left that was taken */
  free(): void {
    if (this.#references === 0)
      throw new StateError(`no reference to ${this.name} was taken that could be freed`, {
        domain: this.name,
        code: 'ERR_NO_REFERENCE',
      });
    this.#references -= 1;
    this.#letGo();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** The callback returned. @internal */
  takeBack(): void {
    this.#isLent = false;
    this.#letGo();
  }

  #letGo(): void {
    if (!this.#isLent && this.#references === 0) this.#domain = null;
  }
}
