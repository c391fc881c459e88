// The schemas of several versions as one.
//
// A use is the type at one place, as QEMU's masked name in each version, lowest first: ['118', '121'], or null where
// the version has nothing there. Two uses are the same type if they are the same list, so that nothing depends on the
// numbers themselves: they are only compared, and everything is walked from the names of commands and events.

/** @typedef {{ name: string, 'meta-type': string, [key: string]: any }} Entity */
/** @typedef {{ version: string, schema: readonly Entity[] }} Introspection */
/** @typedef {readonly (string | null)[]} Use */
/** @typedef {{ name: string, use: Use, optional: boolean, history: History }} Member */
/** @typedef {{ since: string | null, gone: string | null, deprecated: boolean, unstable: boolean }} History */

/** An object without members, in a version that has no variant for a case. */
const EMPTY = '';
/** In the order in which a union lists them. */
const KINDS = ['builtin', 'enum', 'array', 'object', 'alternate'];

export const byText = (/** @type {string} */ a, /** @type {string} */ b) => (a < b ? -1 : a > b ? 1 : 0);

/** Tells uses apart. @param {Use} use */
export const idOf = (use) => JSON.stringify(use);

const byVersion = (/** @type {Introspection} */ a, /** @type {Introspection} */ b) => {
  const [left, right] = [a, b].map(({ version }) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

export class Schemas {
  /** @param {readonly Introspection[]} introspections */
  constructor(introspections) {
    const sorted = [...introspections].sort(byVersion);
    this.versions = sorted.map(({ version }) => version);
    /** @type {Map<string, Entity>[]} */
    this.tables = sorted.map(({ schema }) => new Map(schema.map((entity) => [entity.name, entity])));
    /** @type {Map<string, Use>} */
    this.wider = new Map();
    this.#findWider();
  }

  /** @param {'command' | 'event'} kind */
  roots(kind) {
    const names = new Set(
      this.tables.flatMap((table) =>
        [...table.values()].filter((e) => e['meta-type'] === kind).map((e) => e.name),
      ),
    );
    return [...names].sort(byText).map((name) => {
      const found = this.tables.map((table) => {
        const entity = table.get(name);
        return entity?.['meta-type'] === kind ? entity : null;
      });
      const use = (/** @type {string} */ key) => found.map((entity) => entity && (entity[key] ?? EMPTY));
      return {
        name,
        takes: use('arg-type'),
        gives: use('ret-type'),
        oob: found.some((entity) => entity?.['allow-oob'] === true),
        history: this.#history(
          found,
          this.tables.map(() => true),
        ),
      };
    });
  }

  /**
   * A use by kinds of type: more than one if a version has another kind there than the others.
   *
   * @param {Use} use
   * @returns {{ kind: string, use: Use }[]}
   */
  parts(use) {
    const kinds = use.map((name, i) => (name === null ? null : this.#entity(name, i)['meta-type']));
    return KINDS.filter((kind) => kinds.includes(kind)).map((kind) => ({
      kind,
      use: this.#canonical(use.map((name, i) => (kinds[i] === kind ? name : null))),
    }));
  }

  /** @param {Use} use - of kind builtin */
  jsonTypes(use) {
    return [...new Set(this.#present(use).map(([entity]) => entity['json-type']))].sort(byText);
  }

  /** @param {Use} use - of kind array */
  elements(use) {
    return this.#map(use, (entity) => entity['element-type']);
  }

  /** @param {Use} use - of kind enum */
  values(use) {
    return this.#byName(
      use,
      (entity) => entity.members ?? entity.values.map((/** @type {string} */ name) => ({ name })),
    ).map(([name, found]) => ({ name, found, history: this.#history(found, this.#isPresent(use)) }));
  }

  /** @param {Use} use - of kind alternate */
  alternatives(use) {
    const all = this.tables.map((_, i) => {
      const name = use[i];
      return name === null || name === undefined
        ? []
        : this.#entity(name, i).members.map((/** @type {any} */ m) => m.type);
    });
    // JSON tells the members of an alternate apart, so there is one of each kind at most.
    const kindOf = (/** @type {string} */ name, /** @type {number} */ i) => {
      const entity = this.#entity(name, i);
      return entity['meta-type'] === 'builtin' ? `builtin ${entity['json-type']}` : entity['meta-type'];
    };
    const kinds = new Set(
      all.flatMap((names, i) => names.map((/** @type {string} */ name) => kindOf(name, i))),
    );
    return [...kinds].sort(byText).map((kind) => ({
      label: kind.replace('builtin ', ''),
      use: all.map(
        (names, i) => names.find((/** @type {string} */ name) => kindOf(name, i) === kind) ?? null,
      ),
    }));
  }

  /**
   * @param {Use} use - of kind object
   * @returns {Member[]} without the tag
   */
  members(use) {
    return this.#membersOf(use).filter(({ name }) => name !== this.tag(use)?.name);
  }

  /** The member that decides which others there are; null if there is none. @param {Use} use - of kind object */
  tag(use) {
    const name = this.#present(use)
      .map(([entity]) => entity.tag)
      .find((tag) => tag !== undefined);
    return name === undefined ? null : (this.#membersOf(use).find((member) => member.name === name) ?? null);
  }

  /** What each value of the tag adds. @param {Use} use - of kind object, with a tag */
  variants(use) {
    const tag = this.tag(use);
    const [values] = tag === null ? [] : this.parts(tag.use).filter(({ kind }) => kind === 'enum');
    if (values === undefined) return [];
    return this.values(values.use).map(({ name, found, history }) => ({
      name,
      history,
      use: use.map((object, i) => {
        if (object === null || found[i] === null) return null;
        const { variants = [] } = this.#entity(object, i);
        return variants.find((/** @type {any} */ variant) => variant.case === name)?.type ?? EMPTY;
      }),
    }));
  }

  /** @param {Use} use */
  isEmpty(use) {
    return use.every((name, i) => name === null || this.#isEmptyIn(name, i));
  }

  /**
   * What a type is made of, by a label, in an order that the numbers have no part in.
   *
   * @param {{ kind: string, use: Use }} part
   * @returns {{ label: string, use: Use }[]}
   */
  children({ kind, use }) {
    if (kind === 'array') return [{ label: '', use: this.elements(use) }];
    if (kind === 'alternate') return this.alternatives(use);
    if (kind !== 'object') return [];
    const members = this.members(use).map(({ name, use }) => ({ label: name, use }));
    return [...members, ...this.variants(use).map(({ name, use }) => ({ label: name, use }))];
  }

  /** @returns {Use[]} */
  #rootUses() {
    return [
      ...this.roots('command').flatMap(({ takes, gives }) => [takes, gives]),
      ...this.roots('event').map(({ takes }) => takes),
    ];
  }

  /**
   * A type that occurs at some place only since a later version, and elsewhere in all: it is written once, as it is
   * elsewhere. Otherwise each new command would bring copies of what it shares with old ones.
   */
  #findWider() {
    /** @type {Map<string, Use>} */
    const seen = new Map();
    const queue = this.#rootUses();
    for (let use = queue.pop(); use !== undefined; use = queue.pop())
      for (const part of this.parts(use)) {
        const key = idOf(part.use);
        if (seen.has(key)) continue;
        // Others have no name that could be shared.
        if (['enum', 'object', 'alternate'].includes(part.kind)) seen.set(key, part.use);
        queue.push(...this.children(part).map((child) => child.use));
      }
    const widths = (/** @type {Use} */ use) => use.filter((name) => name !== null).length;
    const covers = (/** @type {Use} */ wide, /** @type {Use} */ use) =>
      wide.every(
        (name, i) => use[i] === name || (use[i] === null && name !== null && !this.#isEmptyIn(name, i)),
      );
    for (const [key, use] of seen) {
      if (!use.includes(null) || this.isEmpty(use)) continue;
      const wider = [...seen.values()].filter((wide) => widths(wide) > widths(use) && covers(wide, use));
      const widest = wider.filter((wide) => wider.every((other) => covers(wide, other)));
      if (widest.length === 1) this.wider.set(key, widest[0]);
    }
  }

  /** @param {Use} use */
  #canonical(use) {
    return this.wider.get(idOf(use)) ?? use;
  }

  /** @param {string} name @param {number} i @returns {Entity} */
  #entity(name, i) {
    if (name === EMPTY) return { name, 'meta-type': 'object', members: [] };
    const entity = this.tables[i].get(name);
    if (entity === undefined) throw new Error(`QEMU ${this.versions[i]}: its schema has no type ${name}`);
    return entity;
  }

  /** @param {string} name @param {number} i */
  #isEmptyIn(name, i) {
    const entity = this.#entity(name, i);
    return entity['meta-type'] === 'object' && entity.members.length === 0 && entity.variants === undefined;
  }

  /** @param {Use} use */
  #isPresent(use) {
    return use.map((name) => name !== null);
  }

  /** @param {Use} use @returns {[Entity, number][]} */
  #present(use) {
    return use.flatMap((name, i) => (name === null ? [] : [[this.#entity(name, i), i]]));
  }

  /** @param {Use} use @param {(entity: Entity) => string} f @returns {Use} */
  #map(use, f) {
    return use.map((name, i) => (name === null ? null : f(this.#entity(name, i))));
  }

  /**
   * Things with a name, of all versions together.
   *
   * @param {Use} use @param {(entity: Entity) => any[]} thingsOf @returns {[string, any[]][]}
   */
  #byName(use, thingsOf) {
    const things = use.map((name, i) => (name === null ? [] : thingsOf(this.#entity(name, i))));
    const names = [...new Set(things.flat().map(({ name }) => name))].sort(byText);
    return names.map((name) => [
      name,
      things.map((those) => those.find((thing) => thing.name === name) ?? null),
    ]);
  }

  /** @param {Use} use @returns {Member[]} */
  #membersOf(use) {
    const present = this.#isPresent(use);
    return this.#byName(use, (entity) => entity.members).map(([name, found]) => ({
      name,
      use: found.map((member) => member?.type ?? null),
      // `default` is there if the member may be left out, and is null in all versions so far.
      optional: found.some((member, i) => (member === null ? present[i] : 'default' in member)),
      history: this.#history(found, present),
    }));
  }

  /**
   * @param {readonly any[]} found - the thing in each version, or null
   * @param {readonly boolean[]} expected - the versions that could have it
   * @returns {History}
   */
  #history(found, expected) {
    const missing = found.some((thing, i) => thing === null && expected[i]);
    const last = found.findLastIndex((thing) => thing !== null);
    const gone = found.findIndex((_, i) => i > last && expected[i]);
    const features = found[last]?.features ?? [];
    return {
      since: missing ? (this.versions[found.findIndex((thing) => thing !== null)] ?? null) : null,
      gone: gone === -1 ? null : (this.versions[gone] ?? null),
      deprecated: features.includes('deprecated'),
      unstable: features.includes('unstable'),
    };
  }
}
