import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/** A Lease of coordination.k8s.io/v1, as it travels. */
export interface Lease {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly spec?: LeaseSpec;
}

/** Times are RFC 3339 with microseconds. */
export interface LeaseSpec {
  /** Empty: nobody. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** The Lease object that all replicas of the operator compete for. Every method rejects with one of operator/errors.ts. */
export interface LeaseStore {
  read(): Promise<Lease | undefined>;
  create(spec: LeaseSpec): Promise<Lease>;
  /** Rejects when somebody else wrote since it was read (resourceVersion). */
  update(lease: Lease): Promise<Lease>;
}

export interface LeaderElectionOptions {
  readonly leases: LeaseStore;
  /** Of this process, unlike any other's. */
  readonly identity: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** The lease could not be renewed in time: this process must end at once. */
  readonly onLost: () => void;
  readonly log: Logger;
}

/** The timing of client-go's leaderelection: https://pkg.go.dev/k8s.io/client-go/tools/leaderelection */
export const LEASE_DURATION_MS = 15_000;
export const RENEW_DEADLINE_MS = 10_000;
export const RETRY_PERIOD_MS = 2_000;
/** Between two looks of a process that waits, which client-go makes every 2 to 4.4 s: what a leader gave up is to be taken up within 3 s. */
const FOLLOW_PERIOD_MS = 1_000;
/** Attempts of several waiting processes spread over this much more of the period. */
const JITTER = 1.2;

/**
 * One of several processes leads, by a Lease: the leader renews it, the others wait until it has not changed for as long as it
 * says. Judged by this process's own clock, so clocks need not agree.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #acquired = Promise.withResolvers<void>();
  /** The lease as it was read or written last, and when this process first saw it so. */
  #lease: Lease | undefined;
  #observedAt = 0;
  /** An attempt failed, so the lease may be another than is known here. */
  #mustRead = true;
  /** Start of the last attempt that renewed the lease; undefined: this process does not lead. */
  #renewedAt: number | undefined;
  #cancelTimer: () => void = () => {};
  #cancelDeadline: () => void = () => {};
  #attempt: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  /** Holds the lease, and would not have to be renewed by now. */
  get isLeading(): boolean {
    return this.#renewedAt !== undefined && this.#options.clock.elapsed() - this.#renewedAt < RENEW_DEADLINE_MS;
  }

  /** Competes until it leads, however long that takes; then renews until `release` or `onLost`. */
  async acquire(): Promise<void> {
    this.#tryAgainIn(0);
    await this.#acquired.promise;
  }

  /** Gives the lease up, so that another process leads at once. Failing is not told: the lease runs out by itself. */
  async release(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer();
    this.#cancelDeadline();
    await this.#attempt;
    const lease = this.#lease;
    if (!this.isLeading || !lease) return;
    this.#renewedAt = undefined;
    const spec = { ...this.#spec(lease), holderIdentity: '', leaseDurationSeconds: 1 };
    await this.#options.leases.update({ ...lease, spec }).catch((err: unknown) => {
      this.#options.log.warn({ err }, 'the lease could not be given up, it runs out by itself');
    });
  }

  #tryAgainIn(delayMs: number): void {
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#attempt = this.#tryOnce();
    });
  }

  async #tryOnce(): Promise<void> {
    const { clock, random, log } = this.#options;
    const startedAt = clock.elapsed();
    try {
      const isHeld = await this.#acquireOrRenew();
      if (isHeld) this.#onHeld(startedAt);
      else if (this.#renewedAt !== undefined) this.#onTaken();
    } catch (err) {
      log.debug({ err }, 'the lease could not be read or written');
      this.#mustRead = true;
    }
    if (this.#isStopped) return;
    const isLeading = this.#renewedAt !== undefined;
    this.#tryAgainIn(isLeading ? RETRY_PERIOD_MS : FOLLOW_PERIOD_MS * (1 + (JITTER - 1) * random()));
  }

  /** @returns whether this process holds the lease now */
  async #acquireOrRenew(): Promise<boolean> {
    const { leases } = this.#options;
    // A leader whose last write went well needs no read.
    const lease = this.#mustRead ? await leases.read() : this.#lease;
    if (!lease) {
      this.#observe(await leases.create(this.#spec(undefined)));
      return true;
    }
    this.#observe(lease);
    if (!this.#isFree(lease)) return false;
    this.#observe(await leases.update({ ...lease, spec: this.#spec(lease) }));
    this.#mustRead = false;
    return true;
  }

  #observe(lease: Lease): void {
    if (lease.metadata?.resourceVersion !== this.#lease?.metadata?.resourceVersion) {
      this.#observedAt = this.#options.clock.elapsed();
    }
    this.#lease = lease;
  }

  /** Nobody holds it, this process does, or its holder has not renewed it for as long as it says. */
  #isFree({ spec }: Lease): boolean {
    const { clock, identity } = this.#options;
    const holder = spec?.holderIdentity ?? '';
    const durationMs = (spec?.leaseDurationSeconds ?? 0) * 1_000;
    return holder === '' || holder === identity || clock.elapsed() - this.#observedAt >= durationMs;
  }

  #onHeld(startedAt: number): void {
    const { clock, log, identity } = this.#options;
    if (this.#renewedAt === undefined) log.info({ identity }, 'leading');
    this.#renewedAt = startedAt;
    this.#cancelDeadline();
    if (!this.#isStopped) {
      this.#cancelDeadline = clock.after(RENEW_DEADLINE_MS - (clock.elapsed() - startedAt), () => this.#onTaken());
    }
    this.#acquired.resolve();
  }

  /** Not renewed in time, or in another's hands already. */
  #onTaken(): void {
    this.#isStopped = true;
    this.#renewedAt = undefined;
    this.#cancelTimer();
    this.#cancelDeadline();
    this.#options.log.error({}, 'the lease was lost, another process may lead now');
    this.#options.onLost();
  }

  #spec(previous: Lease | undefined): LeaseSpec {
    const { identity, clock } = this.#options;
    const now = new Date(clock.now()).toISOString().replace('Z', '000Z');
    const { holderIdentity, acquireTime, leaseTransitions = 0 } = previous?.spec ?? {};
    const isSame = holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_DURATION_MS / 1_000,
      acquireTime: isSame && acquireTime !== undefined ? acquireTime : now,
      renewTime: now,
      leaseTransitions: previous && !isSame ? leaseTransitions + 1 : leaseTransitions,
    };
  }
}
