import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ensureTools } from '../../../dev/tools.ts';
import type { ModelDeployment } from '../../../operator/api/generated.ts';
import { computeStatus } from '../../../operator/status/compute-status.ts';
import { kstatus } from '../../support/kstatus.ts';
import { STATES } from '../../operator/status/states.ts';

/** A ModelDeployment as the API server would hand it to a tool that waits for it. */
type Judged = Pick<ModelDeployment, 'metadata' | 'status'>;

describe('kstatus, as Flux and Helm have it', function () {
  this.timeout(180_000);
  let program: string;

  before(async () => {
    program = (await ensureTools(['kstatus'])).kstatus;
  });

  /** What the real library says of each. */
  async function judge(objects: readonly Judged[]): Promise<string[]> {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const said = text(child.stdout);
    child.stdin.end(objects.map((object) => JSON.stringify(object)).join('\n'));
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).to.equal(0);
    return (await said).trim().split('\n');
  }

  const objects: readonly (readonly [name: string, object: Judged])[] = STATES.flatMap(({ name, observed }) => {
    const status = computeStatus(observed);
    const { modelDeployment } = observed;
    const { metadata } = modelDeployment;
    const edited = Object.assign({}, metadata, { generation: metadata.generation + 1 });
    const going = Object.assign({}, metadata, { deletionTimestamp: '2026-03-01T12:00:00Z' });
    return [
      [name, { ...modelDeployment, status }],
      [`${name}, and the spec was edited since`, { ...modelDeployment, metadata: edited, status }],
      [`${name}, and it is being deleted`, { ...modelDeployment, metadata: going, status }],
    ] as const;
  });

  it('judges every state as the tables of these tests say', async () => {
    const said = await judge(objects.map(([, object]) => object));
    const judged = objects.map(([name], index) => `${name}: ${said[index]}`);
    expect(judged).to.deep.equal(objects.map(([name, object]) => `${name}: ${kstatus(object)}`));
    expect(new Set(said)).to.deep.equal(new Set(['Current', 'InProgress', 'Failed', 'Terminating']));
  });

  it('calls an object without a status current, so a first status must come within one pass', async () => {
    const { modelDeployment } = STATES[0]!.observed;
    expect(await judge([modelDeployment])).to.deep.equal(['Current']);
    expect(kstatus(modelDeployment)).to.equal('Current');
  });
});
