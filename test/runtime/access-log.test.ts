import { expect } from 'chai';
import { accessLog } from '../../runtime/access-log.ts';
import { RequestStages, type RequestRecord } from '../../runtime/request-record.ts';
import { aRequest } from '../support/request-record.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('access log', () => {
  let lines: object[];
  const log = {
    debug: unexpected,
    info: (fields: object) => void lines.push(fields),
    warn: unexpected,
    error: unexpected,
  };
  beforeEach(() => (lines = []));

  /** The lines for one request, with a random number of 0.3. */
  function linesFor(record: RequestRecord, sampleRate: number): object[] {
    accessLog(log, sampleRate, () => 0.3)?.(record);
    return lines;
  }

  it('says what was asked, how it ended and where the time went', () => {
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    expect(linesFor(aRequest({ traceparent }), 1)).to.deep.equal([
      {
        protocol: 'http',
        method: 'POST',
        route: '/v1/models/NAME:predict',
        status: 200,
        durationMs: 12.5,
        readMs: 1,
        decodeMs: 0.5,
        queueMs: 2,
        runMs: 8,
        encodeMs: 0.25,
        rows: 3,
        requestId: 'a-request',
        traceId: TRACE,
        generation: '1718000000000000',
      },
    ]);
  });

  it('leaves out the parts that a request never reached', () => {
    const [line] = linesFor(aRequest({ status: 400, stages: new RequestStages() }), 1);
    expect(line).not.to.have.any.keys('readMs', 'decodeMs', 'queueMs', 'runMs', 'encodeMs');
  });

  for (const { name, record, sampleRate, logged } of [
    { name: 'all at 1', record: aRequest(), sampleRate: 1, logged: 1 },
    { name: 'one that falls into the sample', record: aRequest(), sampleRate: 0.31, logged: 1 },
    { name: 'not one that falls outside', record: aRequest(), sampleRate: 0.29, logged: 0 },
    { name: 'every failure of ours', record: aRequest({ status: 500, isFailure: true }), sampleRate: 0.01, logged: 1 },
    { name: 'a refusal like an answer', record: aRequest({ status: 400 }), sampleRate: 0.29, logged: 0 },
    { name: 'no health checks', record: aRequest({ route: '/readyz' }), sampleRate: 1, logged: 0 },
    {
      name: 'no failed health checks',
      record: aRequest({ route: '/livez', isFailure: true }),
      sampleRate: 1,
      logged: 0,
    },
    { name: 'nothing at 0', record: aRequest({ status: 500, isFailure: true }), sampleRate: 0, logged: 0 },
  ]) {
    it(`logs ${name}`, () => {
      expect(linesFor(record, sampleRate)).to.have.length(logged);
    });
  }

  it('takes what is no trace for none', () => {
    const [line] = linesFor(aRequest({ traceparent: 'made\nup' }), 1);
    expect(line).to.have.property('traceId', undefined);
  });
});

function unexpected(): never {
  throw new Error('only info is for requests');
}
