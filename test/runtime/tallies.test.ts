import { expect } from 'chai';
import * as fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { CounterTallies, HistogramTallies } from '../../runtime/tallies.ts';

const BOUNDS = [0.001, 0.5, 1, 10];
const FACTS = { name: 'x_seconds', help: 'What "it" is.' };

describe('tallies', () => {
  it('tell of a histogram what prom-client tells of its own', async () => {
    const value = fc.oneof(fc.constantFrom(...BOUNDS, 0), fc.double({ min: 0, max: 20, noNaN: true }));
    const observed = fc.array(fc.tuple(fc.constantFrom('a', 'b "c"'), value), { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(observed, async (values) => {
        const [theirs, ours] = [new Registry(), new Registry()];
        const histogram = new Histogram({ ...FACTS, labelNames: ['route'], buckets: BOUNDS, registers: [theirs] });
        const tallies = new HistogramTallies({ ...FACTS, bounds: BOUNDS, registry: ours });
        const byRoute = new Map<string, ReturnType<typeof tallies.add>>();
        for (const [route, seconds] of values) {
          histogram.observe({ route }, seconds);
          if (!byRoute.has(route)) byRoute.set(route, tallies.add({ route }));
          byRoute.get(route)!.observe(seconds);
        }
        expect(await ours.metrics()).to.equal(await theirs.metrics());
      }),
    );
  });

  it('tell of a counter what prom-client tells of its own', async () => {
    const [theirs, ours] = [new Registry(), new Registry()];
    const counter = new Counter({ ...FACTS, labelNames: ['route', 'code'], registers: [theirs] });
    const tallies = new CounterTallies({ ...FACTS, registry: ours });
    for (const [route, code, times] of [
      ['/predict', '200', 3],
      ['none', '404', 1],
    ] as const) {
      counter.inc({ route, code }, times);
      tallies.add({ route, code }).value += times;
    }
    expect(await ours.metrics()).to.equal(await theirs.metrics());
    expect(await ours.metrics()).to.include('x_seconds{route="/predict",code="200"} 3');
  });

  it('tell nothing of what was never counted but that it exists', async () => {
    const registry = new Registry();
    new HistogramTallies({ ...FACTS, bounds: BOUNDS, registry }).add();
    expect(await registry.metrics())
      .to.include('x_seconds_count 0')
      .and.include('x_seconds_bucket{le="+Inf"} 0');
  });
});
