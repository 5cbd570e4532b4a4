/** A cache of what never changes under its key, bounded by a weight. */
export class LruCache<T> {
  private readonly entries = new Map<string, { readonly value: T; readonly weight: number }>();
  private readonly maxWeight: number;
  private weight = 0;

  /** @param maxWeight sum of the weights that are kept at most */
  constructor(maxWeight: number) {
    this.maxWeight = maxWeight;
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: T, weight = 1): void {
    this.weight += weight - (this.entries.get(key)?.weight ?? 0);
    this.entries.delete(key);
    this.entries.set(key, { value, weight });
    for (const [oldest, entry] of this.entries) {
      if (this.weight <= this.maxWeight) break;
      this.entries.delete(oldest);
      this.weight -= entry.weight;
    }
  }
}
