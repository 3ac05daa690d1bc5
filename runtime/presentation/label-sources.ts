import { ModelFailure } from '../errors.ts';
import type { Label } from '../onnx/signature.ts';

/** File beside the model that class labels are read from. */
export const LABELS_FILE = 'labels.json';

/** Keys of `metadata_props` that exporters put class labels under, and of an object in labels.json. */
const LABEL_KEYS = ['labels', 'class_labels', 'classes', 'class_names', 'label_names', 'names', 'id2label'];

/**
 * Labels of a `labels.json`: a list, an object from index to label (`{"0": "cat"}`), or an object with one of these under `labels`,
 * `classes` or `id2label`.
 * @throws ModelFailure ModelInvalid for anything else
 */
export function parseLabelsFile(text: string): Label[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badLabelsFile('it is not JSON', cause);
  }
  const labels = labelList(value) ?? labelsUnderKey(value);
  if (!labels) throw badLabelsFile('it is neither a list of names nor an object from index to name');
  return labels;
}

function badLabelsFile(problem: string, cause?: unknown): ModelFailure {
  return new ModelFailure(
    'ModelInvalid',
    `${LABELS_FILE} beside the model cannot be used: ${problem}. Write the class names in column order, e.g. ["cat", "dog"].`,
    { cause },
  );
}

function labelsUnderKey(value: unknown): Label[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = value as Readonly<Record<string, unknown>>;
  const key = LABEL_KEYS.find((name) => Object.hasOwn(entries, name));
  return key === undefined ? undefined : labelList(entries[key]);
}

/** A list of labels, or an object whose keys are 0..C-1. */
function labelList(value: unknown): Label[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const list = Array.isArray(value) ? (value as unknown[]) : inIndexOrder(value as Readonly<Record<string, unknown>>);
  return list && list.length > 0 && list.every(isLabel) ? list : undefined;
}

function inIndexOrder(entries: Readonly<Record<string, unknown>>): unknown[] | undefined {
  const count = Object.keys(entries).length;
  const indices = Array.from({ length: count }, (_, index) => String(index));
  return indices.every((index) => Object.hasOwn(entries, index)) ? indices.map((index) => entries[index]) : undefined;
}

function isLabel(value: unknown): value is Label {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value);
}

/**
 * Labels in ONNX `metadata_props`, as exporters and people write them: JSON, a Python list or dict (`{0: 'person', 1: 'bicycle'}`), or
 * names separated by commas or lines.
 * @returns undefined when there are none that can be read
 */
export function metadataLabels(metadata: ReadonlyMap<string, string>): Label[] | undefined {
  const text = LABEL_KEYS.map((key) => metadata.get(key)?.trim()).find((value) => value !== undefined && value !== '');
  if (text === undefined) return undefined;
  if (/^[[{(]/.test(text)) return labelList(parseLoosely(text));
  const names = text.split(/\r?\n|,/).map((name) => name.trim());
  return names.length > 1 && names.every((name) => name !== '') ? names : undefined;
}

/** JSON, else Python's way of writing lists and dicts of plain names turned into JSON. */
function parseLoosely(text: string): unknown {
  const asJson = text
    .replace(/^\((.*?),?\)$/s, '[$1]')
    .replaceAll(/'((?:[^'\\"]|\\')*)'/g, (_, name: string) => JSON.stringify(name.replaceAll(String.raw`\'`, "'")))
    .replaceAll(/([{,]\s*)(\d+)\s*:/g, '$1"$2":');
  for (const candidate of [text, asJson]) {
    try {
      return JSON.parse(candidate);
    } catch {
      continue;
    }
  }
  return undefined;
}
