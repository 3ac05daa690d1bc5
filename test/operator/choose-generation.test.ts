import { expect } from 'chai';
import type { Rejection } from '../../operator/api/observed.ts';
import type { ModelResolution } from '../../operator/api/resolution.ts';
import { chooseGeneration, type Choice, type RolloutEvidence } from '../../operator/choose-generation.ts';
import type { DeployedRollout } from '../../operator/rollout-memory.ts';

const IDENTITY = 'this-path';
const resolved = (generation: string): ModelResolution => ({
  kind: 'resolved',
  generation,
  sizeBytes: 1,
  resolvedAt: '2026-01-01T00:00:00Z',
});
const DENIED: ModelResolution = { kind: 'delegated', reason: 'ModelAccessDenied', message: 'no right' };
const UNAVAILABLE: ModelResolution = { kind: 'failed', reason: 'StorageUnavailable', message: '', retryable: true };
const NOT_FOUND: ModelResolution = { kind: 'failed', reason: 'ModelNotFound', message: '', retryable: false };

const FINE: RolloutEvidence = { isServing: true, refusal: undefined };
const STARTING: RolloutEvidence = { isServing: false, refusal: undefined };
const REFUSED: RolloutEvidence = { isServing: false, refusal: { reason: 'ModelInvalid', message: 'broken' } };

/** The template hash tells generation and spec apart. */
const hash = (generation: string | undefined, spec = 'spec'): string => `${spec}/${generation}`;

function deployed(generation: string | undefined, more: Partial<DeployedRollout> = {}): DeployedRollout {
  return {
    resolvedFor: IDENTITY,
    lastGood: undefined,
    rejection: undefined,
    generation,
    templateHash: hash(generation),
    ...more,
  };
}
const rejectionOf = (generation: string, spec?: string): Rejection => ({
  generation,
  templateHash: hash(generation, spec),
  reason: 'ModelInvalid',
  message: 'broken',
});

interface Row {
  readonly name: string;
  readonly resolution: ModelResolution;
  readonly deployed: DeployedRollout | undefined;
  readonly evidence?: RolloutEvidence;
  /** Of the spec as it is now; default the one that is deployed. */
  readonly spec?: string;
  /** undefined: nothing is rolled out. */
  readonly choice: { generation: string | undefined; lastGood?: string; rejection?: Rejection } | undefined;
}

const ROWS: readonly Row[] = [
  { name: 'the first generation', resolution: resolved('1'), deployed: undefined, choice: { generation: '1' } },
  { name: 'nothing while it is not known', resolution: UNAVAILABLE, deployed: undefined, choice: undefined },
  { name: 'nothing while it does not exist', resolution: NOT_FOUND, deployed: undefined, choice: undefined },
  {
    name: 'what pods resolve themselves, where the operator may not look',
    resolution: DENIED,
    deployed: undefined,
    choice: { generation: undefined },
  },
  { name: 'the same again', resolution: resolved('1'), deployed: deployed('1'), choice: { generation: '1' } },
  {
    name: 'a newer one, and remembers what served before',
    resolution: resolved('2'),
    deployed: deployed('1'),
    choice: { generation: '2', lastGood: '1' },
  },
  {
    name: 'a newer one, and remembers nothing of one that never served',
    resolution: resolved('3'),
    deployed: deployed('2', { lastGood: '1' }),
    evidence: STARTING,
    choice: { generation: '3', lastGood: '1' },
  },
  {
    name: 'the same while storage fails, whatever the spec',
    resolution: UNAVAILABLE,
    deployed: deployed('1'),
    spec: 'other',
    choice: { generation: '1' },
  },
  {
    name: 'the same after the object was deleted',
    resolution: NOT_FOUND,
    deployed: deployed('1'),
    choice: { generation: '1' },
  },
  {
    name: 'the same after the operator lost its right',
    resolution: DENIED,
    deployed: deployed('1'),
    choice: { generation: '1' },
  },
  {
    name: 'the one found after the operator got its right',
    resolution: resolved('1'),
    deployed: deployed(undefined),
    choice: { generation: '1' },
  },
  {
    name: 'nothing of another path while this one is not known',
    resolution: UNAVAILABLE,
    deployed: deployed('1', { resolvedFor: 'other-path' }),
    choice: undefined,
  },
  {
    name: 'no last good one of another path',
    resolution: resolved('7'),
    deployed: deployed('1', { resolvedFor: 'other-path' }),
    choice: { generation: '7' },
  },
  {
    name: 'the last good one when the newest is refused',
    resolution: resolved('2'),
    deployed: deployed('2', { lastGood: '1' }),
    evidence: REFUSED,
    choice: { generation: '1', lastGood: '1', rejection: rejectionOf('2') },
  },
  {
    name: 'the last good one as long as the refused is the newest',
    resolution: resolved('2'),
    deployed: deployed('1', { lastGood: '1', rejection: rejectionOf('2') }),
    choice: { generation: '1', lastGood: '1', rejection: rejectionOf('2') },
  },
  {
    name: 'the last good one while storage fails meanwhile',
    resolution: UNAVAILABLE,
    deployed: deployed('1', { lastGood: '1', rejection: rejectionOf('2') }),
    choice: { generation: '1', lastGood: '1', rejection: rejectionOf('2') },
  },
  {
    name: 'the next generation after a refused one',
    resolution: resolved('3'),
    deployed: deployed('1', { lastGood: '1', rejection: rejectionOf('2') }),
    choice: { generation: '3', lastGood: '1' },
  },
  {
    name: 'the refused one again with another spec',
    resolution: resolved('2'),
    deployed: deployed('1', { lastGood: '1', rejection: rejectionOf('2') }),
    spec: 'more memory',
    choice: { generation: '2', lastGood: '1' },
  },
  {
    name: 'the newest, refused or not, when there is nothing to go back to',
    resolution: resolved('1'),
    deployed: deployed('1'),
    evidence: REFUSED,
    choice: { generation: '1' },
  },
  {
    name: 'the newest when pods of an older template are the ones that fail',
    resolution: resolved('3'),
    deployed: deployed('2', { lastGood: '1' }),
    evidence: REFUSED,
    choice: { generation: '3', lastGood: '1' },
  },
];

describe('chooseGeneration', () => {
  for (const { name, resolution, deployed, evidence = FINE, spec, choice } of ROWS) {
    it(`chooses ${name}`, () => {
      const templateHashOf = (generation: string | undefined): string => hash(generation, spec);
      const chosen = chooseGeneration({ identity: IDENTITY, resolution, deployed, evidence, templateHashOf });
      const expected: Choice | undefined = choice && {
        generation: choice.generation,
        memory: { resolvedFor: IDENTITY, lastGood: choice.lastGood, rejection: choice.rejection },
      };
      expect(chosen).to.deep.equal(expected);
    });
  }

  it('comes to rest: what was chosen is chosen again once it is deployed', () => {
    for (const { resolution, deployed, evidence = FINE, spec } of ROWS) {
      const templateHashOf = (generation: string | undefined): string => hash(generation, spec);
      const input = { identity: IDENTITY, resolution, templateHashOf };
      const first = chooseGeneration({ ...input, deployed, evidence });
      if (!first) continue;
      const { generation, memory } = first;
      const next = { ...memory, generation, templateHash: templateHashOf(generation) };
      for (const evidence of [FINE, STARTING]) {
        expect(chooseGeneration({ ...input, deployed: next, evidence })).to.deep.equal(first);
      }
    }
  });
});
