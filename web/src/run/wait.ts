// "Not so fast": after a throttle the server tells how long to wait. Counted down where it matters.

export class Wait {
  #until = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onTick` is called about once a second while it lasts, and once when it is over. */
  constructor(private readonly onTick: () => void, private readonly now: () => number = Date.now) {}

  /** Seconds left, rounded up; 0 when nothing has to be waited for. */
  get left(): number {
    return Math.max(0, Math.ceil((this.#until - this.now()) / 1000));
  }

  start(seconds: number): void {
    // A wrong number must not lock the button for hours.
    this.#until = Math.max(this.#until, this.now() + Math.min(Math.max(seconds, 0), 120) * 1000);
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    clearTimeout(this.#timer);
    this.onTick();
    const rest = this.#until - this.now();
    if (rest > 0) this.#timer = setTimeout(() => this.#tick(), rest % 1000 || 1000);
  }
}

/** The `retry_after` of a refusal, whatever kind it is. */
export function retryAfter(failure: unknown): number {
  const seconds = (failure as { retryAfter?: unknown } | null)?.retryAfter;
  return typeof seconds === 'number' && seconds > 0 ? seconds : 0;
}
