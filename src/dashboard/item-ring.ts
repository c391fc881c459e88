/** The last items, as JSON, ready to be sent: bounded by their number and by their length. */

export interface RingLimits {
  readonly items: number;
  readonly itemChars: number;
}

export interface Slice {
  /** Oldest first, without a gap up to the last one. */
  readonly items: readonly string[];
  /** How many between were not kept, or did not fit. */
  readonly lost: number;
}

export class ItemRing {
  readonly #limits: RingLimits;
  /** Before `#head` they are forgotten. */
  #items: string[] = [];
  #head = 0;
  #chars = 0;
  #last = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  /** The number of the last item; 0: there was none. */
  get last(): number {
    return this.#last;
  }

  /** The number of the oldest one that is kept; one more than the last if none is. */
  get first(): number {
    return this.#last - this.#size + 1;
  }

  get #size(): number {
    return this.#items.length - this.#head;
  }

  /** Takes the number `last + 1`. */
  push(json: string): void {
    this.#last += 1;
    this.#items.push(json);
    this.#chars += json.length;
    while (this.#size > this.#limits.items || this.#chars > this.#limits.itemChars) {
      this.#chars -= this.#items[this.#head]?.length ?? 0;
      this.#items[this.#head] = '';
      this.#head += 1;
    }
    if (this.#head < 1024 || this.#head < this.#size) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  /** Those after a number; the newest ones, if all together are longer than `maxChars`. */
  after(seq: number, maxChars = Number.POSITIVE_INFINITY): Slice {
    const oldest = Math.max(this.#head, this.#items.length - (this.#last - seq));
    let from = this.#items.length;
    for (let chars = 0; from > oldest; from -= 1) {
      chars += this.#items[from - 1]?.length ?? 0;
      if (chars > maxChars) break;
    }
    const items = this.#items.slice(from);
    return { items, lost: this.#last - seq - items.length };
  }
}
