import { model } from './invalid-object.ts';
import type { InvalidObject } from './invalid-object.ts';

/** A wrong member of spec.model beside a right path. */
function inModel(name: string, members: object, field: string, ...says: string[]): InvalidObject {
  return { name: `model: ${name}`, spec: { model: { ...model, ...members } }, says: [`spec.model.${field}`, ...says] };
}

/** Wrong members of spec.model besides path. */
export const MODELS: readonly InvalidObject[] = [
  { name: 'no model', spec: {}, says: ['spec.model', 'Required value'] },
  { name: 'no path', spec: { model: {} }, says: ['spec.model.path', 'Required value'] },
  { name: 'no spec', spec: undefined, says: ['spec', 'Required value'] },
  inModel('generation as a number', { generation: 1718000000000000 }, 'generation', 'must be of type string'),
  inModel('generation of letters', { generation: 'latest' }, 'generation', 'must be the digits', '"1718000000000000"'),
  inModel('generation empty', { generation: '' }, 'generation', 'must be the digits'),
  inModel('generation below zero', { generation: '-1' }, 'generation', 'must be the digits'),
  inModel('generation of 20 digits', { generation: '9'.repeat(20) }, 'generation', 'may not be more than 19'),
  inModel(
    'generation and Follow',
    { generation: '17', updates: 'Follow' },
    'updates',
    'must not be Follow while generation',
  ),
  inModel(
    'generation of a claim',
    { path: 'pvc://m/a.onnx', generation: '17' },
    'generation',
    'exists only for gs:// paths',
  ),
  inModel('Pinned claim', { path: 'pvc://m/a.onnx', updates: 'Pinned' }, 'updates', 'must not be Pinned with a pvc://'),
  inModel(
    'pollInterval of a claim',
    { path: 'pvc://m/a.onnx', pollInterval: '5m' },
    'pollInterval',
    'gs:// paths only',
  ),
  inModel('pollInterval without a unit', { pollInterval: '60' }, 'pollInterval', 'must be a duration', '5m'),
  inModel('pollInterval too short', { pollInterval: '500ms' }, 'pollInterval', 'from 1s to 24h'),
  inModel('pollInterval too long', { pollInterval: '25h' }, 'pollInterval', 'from 1s to 24h'),
  inModel('pollInterval of words', { pollInterval: 'hourly' }, 'pollInterval', 'must be a duration'),
  inModel('updates unknown', { updates: 'Never' }, 'updates', 'supported values: "Follow", "Pinned"'),
  inModel('sha256 too short', { sha256: 'abc123' }, 'sha256', 'must be the 64 hexadecimal digits', 'sha256sum'),
  inModel(
    'sha256 with a prefix',
    { sha256: `sha256:${'0'.repeat(64)}` },
    'sha256',
    'must be the 64 hexadecimal digits',
  ),
  inModel('sha256 not hexadecimal', { sha256: 'g'.repeat(64) }, 'sha256', 'must be the 64 hexadecimal digits'),
  inModel('task unknown', { task: 'Clustering' }, 'task', '"Auto", "Classification", "Regression", "Raw"'),
  inModel('labels twice', { labels: ['cat', 'dog', 'cat'] }, 'labels[2]', 'Duplicate value: "cat"'),
  inModel('labels none', { labels: [] }, 'labels', 'should have at least 1 items'),
  inModel('label empty', { labels: ['cat', ''] }, 'labels[1]', 'must be a class name'),
  inModel('label blank', { labels: ['cat', ' '] }, 'labels[1]', 'must be a class name'),
  inModel('label with a line break', { labels: ['cat\n', 'dog'] }, 'labels[0]', 'without line breaks'),
  inModel('labels as numbers', { labels: [0, 1] }, 'labels[0]', 'must be of type string'),
  inModel('labels too many', { labels: numbered(4097, 4) }, 'labels', 'must have at most 4096 items'),
  inModel('labels too long together', { labels: numbered(2000, 100) }, 'labels', 'below 120,000 bytes'),
  inModel('one class', { task: 'Classification', labels: ['cat'] }, 'labels', 'at least two classes', '[cat, dog]'),
  inModel('labels of a regression', { task: 'Regression', labels: ['a', 'b'] }, 'labels', 'are class names'),
  inModel('labels of raw outputs', { task: 'Raw', labels: ['a', 'b'] }, 'labels', 'are class names'),
  inModel(
    'activation of a regression',
    { task: 'Regression', activation: 'Softmax' },
    'activation',
    'set task to Classification',
  ),
  inModel(
    'activation of raw outputs',
    { task: 'Raw', activation: 'Sigmoid' },
    'activation',
    'set task to Classification',
  ),
  inModel('activation unknown', { activation: 'ReLU' }, 'activation', '"None", "Softmax", "Sigmoid"'),
];

/** Distinct texts of a given length. */
function numbered(count: number, length: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index).padStart(length, '0'));
}
