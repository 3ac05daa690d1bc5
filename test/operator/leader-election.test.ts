import { expect } from 'chai';
import { ConflictError, TransientError } from '../../operator/errors.ts';
import { LeaderElection, type Lease, type LeaseStore } from '../../operator/leader-election.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

/** The API server's part: one Lease with optimistic locking, reachable or not. */
class FakeLeases {
  lease: Lease | undefined;
  isDown = false;
  writes = 0;

  store(): LeaseStore {
    return {
      read: () => this.#answer(() => this.lease),
      create: (spec) => this.#answer(() => this.#write({ metadata: { name: 'operator' }, spec })),
      update: (lease) =>
        this.#answer(() => {
          if (lease.metadata?.resourceVersion !== this.lease?.metadata?.resourceVersion) throw new ConflictError('409');
          return this.#write(lease);
        }),
    };
  }

  get holder(): string | undefined {
    return this.lease?.spec?.holderIdentity;
  }

  async #answer<T>(work: () => T): Promise<T> {
    if (this.isDown) throw new TransientError('no answer');
    return work();
  }

  #write(lease: Lease): Lease {
    this.writes += 1;
    this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.writes) } };
    return this.lease;
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function makeElection(leases: FakeLeases, clock: FakeClock, identity: string) {
  const state = { isLost: false, hasAcquired: false };
  const election = new LeaderElection({
    leases: leases.store(),
    identity,
    clock,
    random: () => 0,
    onLost: () => (state.isLost = true),
    log: silent,
  });
  const start = async (): Promise<void> => {
    void election.acquire().then(() => (state.hasAcquired = true));
    await clock.advance(0);
    await settle();
  };
  return { election, state, start };
}

describe('leader election', () => {
  let leases: FakeLeases;
  let clock: FakeClock;
  beforeEach(() => {
    leases = new FakeLeases();
    clock = new FakeClock();
  });

  it('leads at once where nobody does, and renews every two seconds', async () => {
    const a = makeElection(leases, clock, 'a');
    await a.start();
    expect(a.state.hasAcquired).to.equal(true);
    expect(leases.lease?.spec).to.deep.equal({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    await clock.advance(20_000);
    expect(leases.writes).to.equal(11);
    expect(leases.lease?.spec).to.include({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:20.000000Z',
    });
    expect(a.election.isLeading).to.equal(true);
  });

  it('waits while another leads, and takes over 15 s after the last renewal that it saw', async () => {
    leases.lease = {
      metadata: { resourceVersion: '0' },
      spec: {
        holderIdentity: 'dead',
        leaseDurationSeconds: 15,
        leaseTransitions: 3,
        renewTime: '1999-01-01T00:00:00Z',
      },
    };
    const b = makeElection(leases, clock, 'b');
    await b.start();
    await clock.advance(14_000);
    expect(b.state.hasAcquired).to.equal(false);
    await clock.advance(3_000);
    expect(b.state.hasAcquired).to.equal(true);
    expect(leases.lease?.spec).to.include({ holderIdentity: 'b', leaseTransitions: 4 });
  });

  it('gives the lease up when asked to, so that another leads within a second and a bit', async () => {
    const a = makeElection(leases, clock, 'a');
    const b = makeElection(leases, clock, 'b');
    await a.start();
    await b.start();
    await clock.advance(30_000);
    expect(leases.holder).to.equal('a');
    await a.election.release();
    expect(a.election.isLeading).to.equal(false);
    await clock.advance(1_200);
    expect(leases.holder).to.equal('b');
    expect(b.election.isLeading).to.equal(true);
    expect(a.state.isLost).to.equal(false);
  });

  it('stops writing and tells when the lease cannot be renewed for 10 s, before another can lead', async () => {
    const a = makeElection(leases, clock, 'a');
    await a.start();
    leases.isDown = true;
    await clock.advance(9_999);
    expect(a.election.isLeading).to.equal(true);
    await clock.advance(1);
    expect(a.election.isLeading).to.equal(false);
    expect(a.state.isLost).to.equal(true);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('goes on leading after an outage that was shorter', async () => {
    const a = makeElection(leases, clock, 'a');
    await a.start();
    leases.isDown = true;
    await clock.advance(7_000);
    leases.isDown = false;
    await clock.advance(60_000);
    expect(a.election.isLeading).to.equal(true);
    expect(a.state.isLost).to.equal(false);
  });

  it('ends at once when somebody else holds the lease', async () => {
    const a = makeElection(leases, clock, 'a');
    await a.start();
    leases.lease = { metadata: { resourceVersion: 'x' }, spec: { holderIdentity: 'b', leaseDurationSeconds: 15 } };
    await clock.advance(4_000);
    expect(a.state.isLost).to.equal(true);
    expect(leases.holder).to.equal('b');
  });

  it('never has two leaders, whoever comes and goes', async () => {
    const replicas = ['a', 'b', 'c'].map((identity) => makeElection(leases, clock, identity));
    for (const replica of replicas) await replica.start();
    for (let second = 0; second < 90; second += 1) {
      if (second === 20) leases.isDown = true;
      if (second === 45) leases.isDown = false;
      await clock.advance(1_000);
      expect(replicas.filter(({ election }) => election.isLeading).length).to.be.lessThan(2);
    }
    expect(replicas.filter(({ election }) => election.isLeading)).to.have.lengthOf(1);
  });
});
