/** Throttling as a stage of API Gateway does it: a bucket of `burst` tokens that fills at `ratePerS`. */
export class TokenBucket {
  readonly #ratePerS: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(limits: { readonly ratePerS: number; readonly burst: number }, nowMs: number) {
    this.#ratePerS = limits.ratePerS;
    this.#burst = limits.burst;
    this.#tokens = limits.burst;
    this.#atMs = nowMs;
  }

  /** Takes a token; false where there is none. A clock that goes back fills nothing. */
  take(nowMs: number): boolean {
    const passedS = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + passedS * this.#ratePerS);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
