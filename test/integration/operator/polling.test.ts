import { expect } from 'chai';
import { startFaultyProxy, type FaultyProxy } from '../../../dev/faulty-proxy.ts';
import { sharedStorageEmulator } from '../../support/bucket.ts';
import { soon, startOperatorBed, type OperatorBed } from '../../support/operator-bed.ts';

const GENERATION = 'modeldeployment.dev/model-generation';
const MODELS = 20;

/** What the operator asks storage, counted by a proxy in between. */
describe('polling of many models of one bucket, on a real API server', function () {
  this.timeout(240_000);
  let bed: OperatorBed;
  let proxy: FaultyProxy;

  before(async () => {
    proxy = await startFaultyProxy((await sharedStorageEmulator()).url);
    bed = await startOperatorBed({ STORAGE_EMULATOR_HOST: proxy.url });
    for (let index = 0; index < MODELS; index += 1) {
      await bed.bucket.upload(`models/${index}.onnx`, 'a model');
      await create(`polled-${index}`, { path: bed.bucket.path(`models/${index}.onnx`) });
    }
    for (let index = 0; index < MODELS; index += 1) await untilPinned(`polled-${index}`, /^\d+$/);
    await bed.operator.untilQuiet();
  });
  after(async () => {
    await bed.stop();
    await proxy.stop();
  });

  /** Without pods: this is about storage. */
  const create = (name: string, model: object): Promise<unknown> =>
    bed.objects.createModelDeployment(name, { model, replicas: 0 });

  async function untilPinned(name: string, generation: string | RegExp): Promise<void> {
    await soon(async () => {
      const { spec } = await bed.objects.get('deployment', name);
      expect(spec.template.metadata.annotations[GENERATION]).to.match(new RegExp(generation));
    });
  }

  const isList = (path: string): boolean => path.includes('/o?');

  it('is one listing an interval, and notices what was overwritten', async () => {
    // Those that were made one after another have found together by now.
    proxy.reset();
    await soon(() => expect(proxy.requests.length).to.be.at.least(5));
    const singly = proxy.requests.filter(({ path }) => !isList(path));
    expect(singly.map(({ path }) => path)).to.deep.equal([]);
    const generation = await bed.bucket.upload('models/7.onnx', 'another model');
    await untilPinned('polled-7', generation);
  });

  it('leaves a model alone that wants to be asked about once an hour, until it is told to resolve now', async () => {
    const path = bed.bucket.path('models/seldom.onnx');
    const first = await bed.bucket.upload('models/seldom.onnx', 'one');
    await create('seldom', { path, pollInterval: '1h' });
    await untilPinned('seldom', first);
    const second = await bed.bucket.upload('models/seldom.onnx', 'two');
    proxy.reset();
    await soon(() => expect(proxy.requests.length).to.be.at.least(4));
    expect(proxy.requests.filter((request) => request.path.includes('seldom'))).to.deep.equal([]);
    await untilPinned('seldom', first);
    await bed.objects.patch('modelDeployment', 'seldom', {
      metadata: { annotations: { 'modeldeployment.dev/resolve-now': '1' } },
    });
    await untilPinned('seldom', second);
  });
});
