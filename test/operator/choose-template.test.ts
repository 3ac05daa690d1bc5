import { expect } from 'chai';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { Rejection } from '../../operator/api/observed.ts';
import type { ModelResolution } from '../../operator/api/resolution.ts';
import { chooseTemplate, type ChoiceInput, type RolloutEvidence } from '../../operator/choose-template.ts';
import { packTemplate, type PackedTemplate } from '../../operator/packed-template.ts';
import type { DeployedRollout } from '../../operator/rollout-memory.ts';

const IDENTITY = 'this-path';
const NOW_MS = Date.UTC(2026, 0, 1);
const resolved = (generation: string): ModelResolution => ({
  kind: 'resolved',
  generation,
  sizeBytes: 1,
  resolvedAt: '2026-01-01T00:00:00Z',
});
const DENIED: ModelResolution = { kind: 'delegated', reason: 'ModelAccessDenied', message: 'no right' };
const UNAVAILABLE: ModelResolution = { kind: 'failed', reason: 'StorageUnavailable', message: '', retryable: true };
const PENDING: ModelResolution = { kind: 'pending', message: 'Asking.' };
const NOT_FOUND: ModelResolution = { kind: 'failed', reason: 'ModelNotFound', message: '', retryable: false };

const FINE: RolloutEvidence = { isServing: true, refusal: undefined, othersServing: [] };
const STARTING: RolloutEvidence = { isServing: false, refusal: undefined, othersServing: [] };
const REFUSED: RolloutEvidence = {
  isServing: false,
  refusal: { reason: 'ModelInvalid', message: 'broken', mayPass: false },
  othersServing: [],
};
const FULL: RolloutEvidence = {
  isServing: false,
  refusal: { reason: 'Unschedulable', message: 'No room.', mayPass: true },
  othersServing: [],
};

/** A hash that tells generation and spec apart, in the letters of hashes: `1` of spec `a` is `a1`. */
const hash = (generation: string | undefined, spec = 'a'): string => `${spec}${generation ?? ''}`;

/** The template with that hash, as the Deployment remembers it. */
function packed(templateHash: string): PackedTemplate {
  const template: V1PodTemplateSpec = {
    metadata: { annotations: { 'modeldeployment.dev/template-hash': templateHash } },
  };
  return packTemplate({ path: 'gs://models/iris.onnx', template })!;
}

function deployed(generation: string | undefined, more: Partial<DeployedRollout> = {}): DeployedRollout {
  return {
    resolvedFor: IDENTITY,
    lastGood: undefined,
    unproven: [],
    rejection: undefined,
    generation,
    templateHash: hash(generation),
    applied: packed(hash(generation)),
    ...more,
  };
}
const lastGood = packed(hash('1'));
const rejectionOf = (generation: string | undefined, more: Partial<Rejection> = {}): Rejection => ({
  generation,
  templateHash: hash(generation),
  reason: 'ModelInvalid',
  message: 'broken',
  resolveNow: undefined,
  retryAt: undefined,
  ...more,
});
/** Refused for want of room at NOW_MS. */
const noRoom: Partial<Rejection> = {
  reason: 'Unschedulable',
  message: 'No room.',
  retryAt: '2026-01-01T00:30:00.000Z',
};

interface Row {
  readonly name: string;
  readonly resolution: ModelResolution;
  readonly deployed: DeployedRollout | undefined;
  readonly evidence?: RolloutEvidence;
  /** Of the spec as it is now; default the one that is deployed. */
  readonly spec?: string;
  readonly resolveNow?: string;
  readonly nowMs?: number;
  /** undefined: nothing is rolled out. */
  readonly choice: Expected | undefined;
}

interface Expected {
  /** Of the template that is to be deployed. */
  readonly hash: string;
  readonly lastGood?: PackedTemplate;
  /** Hashes. */
  readonly unproven?: readonly string[];
  readonly rejection?: Rejection;
}

const ROWS: readonly Row[] = [
  { name: 'the first generation', resolution: resolved('1'), deployed: undefined, choice: { hash: 'a1' } },
  { name: 'nothing while it is not known', resolution: UNAVAILABLE, deployed: undefined, choice: undefined },
  { name: 'nothing before storage has answered', resolution: PENDING, deployed: undefined, choice: undefined },
  {
    name: 'the same while an operator that has just started waits for storage',
    resolution: PENDING,
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2') }),
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('2') },
  },
  { name: 'nothing while it does not exist', resolution: NOT_FOUND, deployed: undefined, choice: undefined },
  {
    name: 'what pods resolve themselves, where the operator may not look',
    resolution: DENIED,
    deployed: undefined,
    choice: { hash: 'a' },
  },
  { name: 'the same again', resolution: resolved('1'), deployed: deployed('1'), choice: { hash: 'a1' } },
  {
    name: 'a newer one, and remembers what served before',
    resolution: resolved('2'),
    deployed: deployed('1'),
    choice: { hash: 'a2', lastGood },
  },
  {
    name: 'another spec, and remembers what served before',
    resolution: resolved('1'),
    deployed: deployed('1'),
    spec: 'b',
    choice: { hash: 'b1', lastGood },
  },
  {
    name: 'a newer one, and does not take one that is not known to serve for a good one',
    resolution: resolved('3'),
    deployed: deployed('2', { lastGood }),
    evidence: STARTING,
    choice: { hash: 'a3', lastGood, unproven: ['a2'] },
  },
  {
    name: 'a newer one, and of those not known to serve the newest four',
    resolution: resolved('7'),
    deployed: deployed('6', { unproven: ['5', '4', '3', '2'].map((generation) => packed(hash(generation))) }),
    evidence: STARTING,
    choice: { hash: 'a7', unproven: ['a6', 'a5', 'a4', 'a3'] },
  },
  {
    name: 'a newer one, and nothing twice that was deployed twice',
    resolution: resolved('3'),
    deployed: deployed('2', { unproven: [packed(hash('1')), packed(hash('2'))] }),
    evidence: STARTING,
    choice: { hash: 'a3', unproven: ['a1', 'a2'] },
  },
  {
    name: 'a newer one, and nothing unproven any more once a later one serves',
    resolution: resolved('3'),
    deployed: deployed('2', { unproven: [packed(hash('1'))] }),
    choice: { hash: 'a3', lastGood: packed(hash('2')) },
  },
  {
    name: 'the one that was replaced before it was known to serve, when the newest is refused and it does',
    resolution: resolved('3'),
    deployed: deployed('3', { unproven: [packed(hash('2')), packed(hash('1'))] }),
    evidence: { ...REFUSED, othersServing: ['a1'] },
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('3') },
  },
  {
    name: 'what serves now rather than what served once',
    resolution: resolved('3'),
    deployed: deployed('3', { lastGood, unproven: [packed(hash('2'))] }),
    evidence: { ...REFUSED, othersServing: ['a2'] },
    choice: { hash: 'a2', lastGood: packed(hash('2')), rejection: rejectionOf('3') },
  },
  {
    name: 'what served once when somebody has spoilt the memory of what serves now',
    resolution: resolved('3'),
    deployed: deployed('3', { lastGood, unproven: [{ hash: 'a2', values: '["a2"]', shape: 'spoilt' }] }),
    evidence: { ...REFUSED, othersServing: ['a2'] },
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('3') },
  },
  {
    name: 'the newest, refused or not, while nothing before it is known to serve',
    resolution: resolved('2'),
    deployed: deployed('2', { unproven: [packed(hash('1'))] }),
    evidence: REFUSED,
    choice: { hash: 'a2', unproven: ['a1'] },
  },
  {
    name: 'a newer one, and nothing older than what served when that is too large to be remembered',
    resolution: resolved('3'),
    deployed: deployed('2', { lastGood, applied: undefined }),
    choice: { hash: 'a3' },
  },
  {
    name: 'the same generation while storage fails, whatever the spec',
    resolution: UNAVAILABLE,
    deployed: deployed('1'),
    spec: 'b',
    choice: { hash: 'b1', lastGood },
  },
  {
    name: 'the same after the object was deleted',
    resolution: NOT_FOUND,
    deployed: deployed('1'),
    choice: { hash: 'a1' },
  },
  {
    name: 'the same after the operator lost its right',
    resolution: DENIED,
    deployed: deployed('1'),
    choice: { hash: 'a1' },
  },
  {
    name: 'the one found after the operator got its right',
    resolution: resolved('1'),
    deployed: deployed(undefined),
    choice: { hash: 'a1', lastGood: packed('a') },
  },
  {
    name: 'nothing of another path while this one is not known',
    resolution: UNAVAILABLE,
    deployed: deployed('1', { resolvedFor: 'other-path' }),
    choice: undefined,
  },
  {
    name: 'another path, and remembers what served before',
    resolution: resolved('7'),
    deployed: deployed('1', { resolvedFor: 'other-path' }),
    spec: 'b',
    choice: { hash: 'b7', lastGood },
  },
  {
    name: 'the last good one when the newest is refused',
    resolution: resolved('2'),
    deployed: deployed('2', { lastGood }),
    evidence: REFUSED,
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('2') },
  },
  {
    name: 'the last good one when a spec is refused',
    resolution: resolved('1'),
    deployed: deployed('1', { lastGood, templateHash: 'b1' }),
    evidence: REFUSED,
    spec: 'b',
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('1', { templateHash: 'b1' }) },
  },
  {
    name: 'the last good one when a spec is refused whose pods resolve the model themselves',
    resolution: DENIED,
    deployed: deployed(undefined, { lastGood, templateHash: 'b' }),
    evidence: REFUSED,
    spec: 'b',
    choice: { hash: 'a1', lastGood, rejection: rejectionOf(undefined, { templateHash: 'b' }) },
  },
  {
    name: 'the last good one as long as the refused is the newest',
    resolution: resolved('2'),
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2') }),
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('2') },
  },
  {
    name: 'the last good one although it does not serve any more',
    resolution: resolved('2'),
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2') }),
    evidence: STARTING,
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('2') },
  },
  {
    name: 'the last good one while storage fails meanwhile',
    resolution: UNAVAILABLE,
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2') }),
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('2') },
  },
  {
    name: 'the next generation after a refused one',
    resolution: resolved('3'),
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2') }),
    choice: { hash: 'a3', lastGood },
  },
  {
    name: 'the refused one again with another spec',
    resolution: resolved('2'),
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2') }),
    spec: 'c',
    choice: { hash: 'c2', lastGood },
  },
  {
    name: 'what is deployed when the spec is put back to it',
    resolution: resolved('1'),
    deployed: deployed('1', { lastGood, rejection: rejectionOf('1', { templateHash: 'b1' }) }),
    choice: { hash: 'a1', lastGood },
  },
  {
    name: 'the refused one again when somebody asks for it',
    resolution: resolved('2'),
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2') }),
    resolveNow: 'again',
    choice: { hash: 'a2', lastGood },
  },
  {
    name: 'the last good one when there is no room for the newest until the deadline, for a while',
    resolution: resolved('2'),
    deployed: deployed('2', { lastGood }),
    evidence: FULL,
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('2', noRoom) },
  },
  {
    name: 'the last good one until that while is over',
    resolution: resolved('2'),
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2', noRoom) }),
    nowMs: NOW_MS + 30 * 60_000 - 1,
    choice: { hash: 'a1', lastGood, rejection: rejectionOf('2', noRoom) },
  },
  {
    name: 'the one there was no room for when that while is over',
    resolution: resolved('2'),
    deployed: deployed('1', { lastGood, rejection: rejectionOf('2', noRoom) }),
    nowMs: NOW_MS + 30 * 60_000,
    choice: { hash: 'a2', lastGood },
  },
  {
    name: 'the newest, refused or not, when there is nothing to go back to',
    resolution: resolved('1'),
    deployed: deployed('1'),
    evidence: REFUSED,
    choice: { hash: 'a1' },
  },
  {
    name: 'the newest when somebody has spoilt the memory of the last good one',
    resolution: resolved('2'),
    deployed: deployed('2', { lastGood: { hash: 'a1', values: '["a1"]', shape: 'spoilt' } }),
    evidence: REFUSED,
    choice: { hash: 'a2', lastGood: { hash: 'a1', values: '["a1"]', shape: 'spoilt' } },
  },
  {
    name: 'the newest when pods of an older template are the ones that fail',
    resolution: resolved('3'),
    deployed: deployed('2', { lastGood }),
    evidence: REFUSED,
    choice: { hash: 'a3', lastGood, unproven: ['a2'] },
  },
];

function inputOf({ resolution, deployed, evidence = FINE, spec, resolveNow, nowMs = NOW_MS }: Row): ChoiceInput {
  const templateHashOf = (generation: string | undefined): string => hash(generation, spec);
  return { identity: IDENTITY, resolution, deployed, evidence, resolveNow, nowMs, templateHashOf };
}

/** What the Deployment holds after the choice was applied; undefined: nothing may be rolled out. */
function applied(input: ChoiceInput): DeployedRollout | undefined {
  const choice = chooseTemplate(input);
  if (!choice) return undefined;
  const { goBackTo, generation, memory } = choice;
  const template = goBackTo ? packTemplate(goBackTo)! : packed(input.templateHashOf(generation));
  return { ...memory, generation, templateHash: template.hash, applied: template };
}

describe('chooseTemplate', () => {
  for (const row of ROWS) {
    it(`chooses ${row.name}`, () => {
      const next = applied(inputOf(row));
      const { choice } = row;
      expect(next && { hash: next.templateHash, resolvedFor: next.resolvedFor }).to.deep.equal(
        choice && { hash: choice.hash, resolvedFor: IDENTITY },
      );
      expect(next?.lastGood).to.deep.equal(choice?.lastGood);
      expect(next?.unproven.map((template) => template.hash)).to.deep.equal(choice && (choice.unproven ?? []));
      expect(next?.rejection).to.deep.equal(choice?.rejection);
    });
  }

  it('comes to rest: what was chosen is chosen again once it is deployed', () => {
    for (const row of ROWS) {
      const input = inputOf(row);
      const first = applied(input);
      if (!first) continue;
      for (const evidence of [FINE, STARTING]) {
        expect(applied({ ...input, deployed: first, evidence }), row.name).to.deep.equal(first);
      }
    }
  });
});
