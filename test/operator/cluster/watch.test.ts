import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig, type KubernetesObject } from '@kubernetes/client-node';
import { expect } from 'chai';
import { systemClock } from '../../../operator/clock.ts';
import { ApiServerConnection } from '../../../operator/cluster/connection.ts';
import { RESOURCES } from '../../../operator/cluster/resources.ts';
import { startWatch, type RunningWatch } from '../../../operator/cluster/watch.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

/** How the API server answers one request. */
type Answer = (response: ServerResponse) => void;

function object(name: string, resourceVersion: number): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'a', resourceVersion: `${resourceVersion}` },
  };
}

const line = (type: string, what: object): string => `${JSON.stringify({ type, object: what })}\n`;
const bookmark = (resourceVersion: number, annotations = {}): string =>
  line('BOOKMARK', { kind: 'Service', metadata: { resourceVersion: `${resourceVersion}`, annotations } });
const endOfList = (resourceVersion: number): string =>
  bookmark(resourceVersion, { 'k8s.io/initial-events-end': 'true' });

/** 200, these lines, and the watch stays open. */
const open =
  (...lines: readonly string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const text of lines) response.write(text);
  };
/** 200, these lines, the end. */
const ended =
  (...lines: readonly string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(lines.join(''));
  };
const refused =
  (status: number, headers = {}): Answer =>
  (response) => {
    response.writeHead(status, headers).end('{}');
  };
const cut: Answer = (response) => response.destroy();

describe('watch of the API server', () => {
  let server: Server;
  let connection: ApiServerConnection;
  let watch: RunningWatch | undefined;
  /** Queries of the requests so far, and the answers to come; the last one is given again and again. */
  let queries: URLSearchParams[];
  let answers: Answer[];
  let story: string[];
  let outages: string[];

  beforeEach(async () => {
    [queries, answers, story, outages] = [[], [], [], []];
    server = createServer(({ url = '' }, response) => {
      queries.push(new URL(url, 'http://api').searchParams);
      (answers.length > 1 ? answers.shift() : answers[0])?.(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const kubeConfig = new KubeConfig();
    const cluster = { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
    kubeConfig.loadFromClusterAndUser(cluster, { name: 'nobody' });
    connection = new ApiServerConnection(kubeConfig);
  });
  afterEach(async () => {
    watch?.stop();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  function start(clock = systemClock, silenceMs = 60_000): void {
    watch = startWatch(
      {
        resource: RESOURCES.service,
        namespace: 'a',
        labelSelector: 'app=x',
        onChanged: ({ metadata }) => story.push(`changed ${metadata?.name}`),
        onRemoved: ({ metadata }) => story.push(`removed ${metadata?.name}`),
        onListed: (objects, version) =>
          story.push(`listed ${objects.map(({ metadata }) => metadata?.name).join(' ')} at ${version}`),
      },
      {
        connection,
        clock,
        outages: {
          begin: (name, { statusCode }) => void outages.push(`${name} ${statusCode ?? 'no answer'}`),
          over: () => {},
        },
        random: () => 0,
        silenceMs,
      },
    );
  }

  async function untilTold(...expected: readonly string[]): Promise<void> {
    await eventually(() => expect(story).to.deep.equal(expected));
  }

  it('lists and watches with one request, and hands the list over as a whole', async () => {
    answers = [open(line('ADDED', object('x', 3)), line('ADDED', object('y', 5)))];
    start();
    await eventually(() => expect(queries).to.have.lengthOf(1));
    await settle();
    expect(story).to.deep.equal([]);
    expect(watch?.isHealthy).to.equal(false);
    watch?.stop();
    answers = [
      open(line('ADDED', object('x', 3)), line('ADDED', object('y', 5)), endOfList(7), line('DELETED', object('y', 9))),
    ];
    start();
    await untilTold('listed x y at 7', 'removed y');
    await watch?.whenListed;
    expect(watch?.isHealthy).to.equal(true);
    expect(Object.fromEntries(queries[1]!)).to.include({
      watch: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
      labelSelector: 'app=x',
    });
  });

  it('lists in pages where the API server does not stream lists', async () => {
    const page = (metadata: object, ...items: readonly object[]): Answer => ended(JSON.stringify({ metadata, items }));
    answers = [
      refused(422),
      page({ resourceVersion: '7', continue: 'more' }, object('x', 3)),
      page({ resourceVersion: '7' }, object('y', 5)),
      open(line('MODIFIED', object('x', 8))),
    ];
    start();
    await untilTold('listed x y at 7', 'changed x');
    expect(queries.map((query) => query.get('continue'))).to.deep.equal([null, null, 'more', null]);
    expect(queries[3]?.get('resourceVersion')).to.equal('7');
    expect(outages).to.deep.equal([]);
  });

  it('goes on where it was when the API server ends the watch, counting bookmarks', async () => {
    answers = [ended(endOfList(7), line('MODIFIED', object('x', 8))), ended(bookmark(20)), open()];
    start();
    await eventually(() => expect(queries).to.have.lengthOf(3));
    expect(queries.map((query) => query.get('resourceVersion'))).to.deep.equal([null, '8', '20']);
    expect(outages).to.deep.equal([]);
  });

  it('goes on where it was after a cut connection', async () => {
    answers = [ended(endOfList(7)), cut, open()];
    start();
    await eventually(() => expect(queries).to.have.lengthOf(3));
    expect(queries[2]?.get('resourceVersion')).to.equal('7');
    expect(outages).to.deep.equal(['a/services no answer']);
  });

  const gone = line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
  for (const { what, answer } of [
    { what: 'an error event 410', answer: ended(gone) },
    { what: 'HTTP 410', answer: refused(410) },
    { what: 'a resourceVersion from before a restore (504)', answer: refused(504) },
    { what: 'a kind that is gone (404)', answer: refused(404) },
  ]) {
    it(`lists again after ${what}`, async () => {
      answers = [ended(line('ADDED', object('x', 3)), endOfList(7)), answer, open(endOfList(40))];
      start();
      await untilTold('listed x at 7', 'listed  at 40');
      expect(queries[2]?.get('sendInitialEvents')).to.equal('true');
    });
  }

  it('gives up a watch that is open and silent, and goes on where it was', async () => {
    answers = [open(endOfList(7), bookmark(9)), open()];
    start(systemClock, 200);
    await eventually(() => expect(queries.length).to.be.at.least(2));
    expect(queries[1]?.get('resourceVersion')).to.equal('9');
    expect(outages[0]).to.equal('a/services no answer');
  });

  it('waits as long as Retry-After asks, keeps its place, and says so', async () => {
    const clock = new FakeClock();
    answers = [ended(endOfList(7)), refused(429, { 'retry-after': '4' }), open()];
    start(clock);
    await eventually(() => expect(outages).to.deep.equal(['a/services 429']));
    expect(watch?.isHealthy).to.equal(false);
    expect(clock.nextTimerMs).to.be.at.least(4_000);
    await clock.advance(clock.nextTimerMs);
    await eventually(() => expect(queries).to.have.lengthOf(3));
    expect(queries[2]?.get('resourceVersion')).to.equal('7');
    await eventually(() => expect(watch?.isHealthy).to.equal(true));
  });

  it('does not run hot on watches that end at once', async () => {
    const clock = new FakeClock();
    answers = [ended(endOfList(7)), ended()];
    start(clock);
    await eventually(() => expect(outages).to.have.lengthOf(1));
    await settle();
    expect(queries).to.have.lengthOf(2);
  });

  it('is quiet after it was stopped', async () => {
    answers = [open(endOfList(7))];
    start();
    await watch?.whenListed;
    watch?.stop();
    await settle();
    await settle();
    expect(queries).to.have.lengthOf(1);
    expect(outages).to.deep.equal([]);
  });
});
