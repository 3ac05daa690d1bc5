import { expect } from 'chai';
import type { ModelDeploymentStatus } from '../../../operator/api/generated.ts';
import { computeEvents, type StatusEvent } from '../../../operator/status/compute-events.ts';
import { computeStatus } from '../../../operator/status/compute-status.ts';
import { CURRENT, NEW_GENERATION, OLD_GENERATION, endedWith, observed, pod } from '../../support/observed.ts';

const starting = computeStatus(observed({ modelDeployment: { spec: { replicas: 2 } }, pods: [pod('a')] }));
const halfWay = computeStatus(observed({ modelDeployment: { spec: { replicas: 2 } } }));
const ready = computeStatus(observed());
const older: ModelDeploymentStatus = { ...ready, model: { ...ready.model, generation: OLD_GENERATION } };
const invalid = (words: string): ModelDeploymentStatus =>
  computeStatus(observed({ pods: [pod('a', { status: endedWith('ModelInvalid', words) })] }));
const outage = computeStatus(
  observed({ resolution: { kind: 'failed', retryable: true, reason: 'StorageUnavailable', message: 'Wait.' } }),
);
const goneBack = computeStatus(
  observed({
    pods: [pod('old', { ready: true, generation: OLD_GENERATION })],
    desired: { templateHash: CURRENT, generation: OLD_GENERATION },
    rejection: { generation: NEW_GENERATION, templateHash: 'x', reason: 'ModelInvalid', message: 'a.' },
  }),
);
const isReady = `Every replica serves model generation ${NEW_GENERATION}.`;

describe('computeEvents', () => {
  const rows: readonly (readonly [
    name: string,
    previous: ModelDeploymentStatus | undefined,
    next: ModelDeploymentStatus,
    events: readonly StatusEvent[],
  ])[] = [
    ['nothing changed', ready, ready, []],
    ['one more of several pods came up', starting, halfWay, []],
    [
      'it is new and was ready before anyone looked',
      undefined,
      ready,
      [{ type: 'Normal', reason: 'Ready', message: isReady }],
    ],
    ['it is new and starts', undefined, starting, []],
    ['it is new and broken', undefined, invalid('a'), [{ type: 'Warning', reason: 'ModelInvalid', message: 'a.' }]],
    ['it became ready', halfWay, ready, [{ type: 'Normal', reason: 'Ready', message: isReady }]],
    [
      'the model was replaced',
      older,
      ready,
      [
        {
          type: 'Normal',
          reason: 'Resolved',
          message: `Model generation changed from ${OLD_GENERATION} to ${NEW_GENERATION}.`,
        },
      ],
    ],
    [
      'the new model was refused and the old one taken up again',
      ready,
      goneBack,
      [
        {
          type: 'Warning',
          reason: 'ModelRejected',
          message: `Model generation ${NEW_GENERATION} was refused (ModelInvalid): a. Generation ${OLD_GENERATION} serves on.`,
        },
      ],
    ],
    ['it broke', ready, invalid('a'), [{ type: 'Warning', reason: 'ModelInvalid', message: 'a.' }]],
    ['it is broken as before', invalid('a'), invalid('a'), []],
    [
      'it broke in another way',
      invalid('a'),
      invalid('b'),
      [{ type: 'Warning', reason: 'ModelInvalid', message: 'b.' }],
    ],
    ['storage fell silent', ready, outage, [{ type: 'Warning', reason: 'StorageUnavailable', message: 'Wait.' }]],
    ['storage is silent as before', outage, outage, []],
    ['storage answers again', outage, ready, []],
  ];
  for (const [name, previous, next, events] of rows) {
    it(`tells ${events.length} when ${name}`, () => {
      expect(computeEvents(previous, next)).to.deep.equal(events);
    });
  }
});
