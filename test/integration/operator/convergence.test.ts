import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { conditionOf, type LiveObject } from '../../support/cluster-objects.ts';
import { soon, startOperatorBed, type OperatorBed } from '../../support/operator-bed.ts';
import { VALID_SPECS } from '../crds/valid-specs.ts';

describe('convergence on a real API server', function () {
  this.timeout(240_000);
  let bed: OperatorBed;
  let storage: Server;

  before(async () => {
    // Storage that lets the operator read nothing: the pods are to resolve the models, and every spec gets its children.
    storage = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 403, message: 'denied', errors: [{ reason: 'forbidden' }] } }));
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    const { port } = storage.address() as AddressInfo;
    bed = await startOperatorBed({ STORAGE_EMULATOR_HOST: `http://127.0.0.1:${port}` });
  });
  after(async () => {
    await bed.stop();
    storage.closeAllConnections();
    storage.close();
  });

  it('every spec that the schema accepts gets children that the API server accepts', async () => {
    for (const [index, { spec }] of VALID_SPECS.entries()) {
      await bed.objects.createModelDeployment(`valid-${index}`, spec);
    }
    await soon(async () => {
      const objects = await bed.objects.list('modelDeployment');
      const unfinished = objects.filter(
        (object) => object.status?.observedGeneration !== 1 || conditionOf(object, 'Available').startsWith('False'),
      );
      const wanted = unfinished.filter((object) => object.spec.replicas > 0);
      expect(wanted.map((object) => `${describeSpec(object)}: ${conditionOf(object, 'Ready')}`)).to.deep.equal([]);
    });
    const deployments = await bed.objects.list('deployment');
    expect(deployments).to.have.lengthOf(VALID_SPECS.length);
    const complaints = bed.operator.log().filter(({ level }) => level >= 40);
    expect(complaints).to.deep.equal([]);
  });

  it('an operator that starts anew writes nothing at all', async () => {
    for (const { metadata } of await bed.objects.list('deployment')) await bed.untilSettled(metadata.name);
    const writes = await bed.requestsDuring(async () => {
      await bed.restartOperator();
      await soon(async () => expect(await bed.operator.passes()).to.be.at.least(VALID_SPECS.length));
      await bed.operator.untilQuiet();
    });
    expect(writes).to.deep.equal([]);
  });

  function describeSpec(object: LiveObject): string {
    return VALID_SPECS[Number(object.metadata.name.split('-')[1])]?.name ?? object.metadata.name;
  }
});
