import { expect } from 'chai';
import { startFaultyProxy, type FaultyProxy } from '../../../dev/faulty-proxy.ts';
import { REASONS, type Reason } from '../../../operator/api/model-deployment.ts';
import { sharedStorageEmulator } from '../../support/bucket.ts';
import { conditionOf, type LiveObject } from '../../support/cluster-objects.ts';
import { kstatus } from '../../support/kstatus.ts';
import { soon, startOperatorBed, type OperatorBed } from '../../support/operator-bed.ts';
import { FAULTS, type FaultContext } from './fault-matrix.ts';

/** Every reason on a real API server with the real controllers; test/e2e has the same with real pods. */
describe('fault matrix on a real API server', function () {
  this.timeout(240_000);
  let bed: OperatorBed;
  let storage: FaultyProxy;
  const rows = Object.entries(FAULTS).map(([reason, fault]) => ({ reason, name: reason.toLowerCase(), ...fault }));

  before(async () => {
    storage = await startFaultyProxy((await sharedStorageEmulator()).url);
    bed = await startOperatorBed({ STORAGE_EMULATOR_HOST: storage.url });
    const fates = new Map(rows.map(({ name, fate }) => [name, fate]));
    bed.kubelet.fateOf = (pod) => fates.get(pod.metadata.labels['app.kubernetes.io/instance'])?.(pod) ?? 'ready';
  });
  after(async () => {
    await bed.stop();
    await storage.stop();
  });

  const contextOf = (name: string): FaultContext => ({ bed, storage, name });

  async function untilSeen(name: string, type: string, expected: RegExp): Promise<LiveObject> {
    return soon(async () => {
      const object = await bed.objects.get('modelDeployment', name);
      expect(conditionOf(object, type)).to.match(expected);
      expect(object.status.observedGeneration).to.equal(object.metadata.generation);
      return object;
    });
  }

  it('has a row for every reason', () => {
    expect(Object.keys(FAULTS)).to.have.members(Object.keys(REASONS));
  });

  for (const { reason, name, condition = 'Ready', says, kstatus: judged, ...fault } of rows) {
    it(`tells ${reason}, and is ${judged} for kstatus`, async () => {
      if (!fault.isMissing && fault.path === undefined) await bed.bucket.upload(`${name}/model.onnx`, 'a model');
      await fault.before?.(contextOf(name));
      const path = fault.path ?? bed.bucket.path(`${name}/model.onnx`);
      await bed.objects.createModelDeployment(name, { model: { path }, ...fault.spec });
      if (fault.onceReady) {
        await untilSeen(name, 'Ready', /^True Ready/);
        await fault.onceReady(contextOf(name));
      } else if (fault.after) {
        await untilSeen(name, 'Ready', /./);
        await fault.after(contextOf(name));
      }
      const object = await soon(async () => {
        const seen = await untilSeen(name, condition, new RegExp(`^\\w+ ${reason}: `));
        expect(messageOf(seen, condition)).to.match(says);
        expect(kstatus(seen)).to.equal(judged);
        return seen;
      });
      const stalls = REASONS[reason as Reason].stalls === 'yes' && condition === 'Ready';
      expect(conditionOf(object, 'Stalled').startsWith(`True ${reason}`)).to.equal(stalls);
      for (const { observedGeneration } of object.status.conditions) {
        expect(observedGeneration).to.equal(object.metadata.generation);
      }
    });
  }

  it('told each story in few events, the last of them with the reason', async () => {
    for (const { reason, name, condition = 'Ready' } of rows) {
      const story = await bed.objects.events(name);
      expect(story.length, `${reason}: ${story.join('\n')}`).to.be.at.most(6);
      // That something new starts is no news, and only edges of Ready are told.
      const isTold = condition === 'Ready' && reason !== 'RolloutInProgress';
      if (isTold) expect(story.at(-1)?.split(':')[0], story.join('\n')).to.equal(reason);
    }
  });

  function messageOf(object: LiveObject, type: string): string {
    return object.status.conditions.find((one: LiveObject) => one.type === type).message;
  }
});
