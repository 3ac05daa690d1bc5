import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { ANNOTATIONS, LABELS } from './api/labels.ts';

/** A pod template as the operator applied it, and the path of the model in it. */
export interface AppliedTemplate {
  /** spec.model.path */
  readonly path: string;
  readonly template: V1PodTemplateSpec;
}

/**
 * The same as texts for two annotations. What only this model has is kept apart from what all models with the same settings have alike, so
 * that thousands of them hold the larger part in memory once.
 */
export interface PackedTemplate {
  /** Value of ANNOTATIONS.templateHash in it. */
  readonly hash: string;
  /** JSON of the list of what stands in the places that `shape` leaves open, the hash first. */
  readonly values: string;
  /** JSON, deflated, base64: some 1.2 KB for a small spec. */
  readonly shape: string;
}

/** Two of them, those that are not proven, and what others write, must fit into the 256 KiB that all annotations of an object have together. */
export const MAX_PACKED_CHARACTERS = 64 * 1024;
/** Above any template that could have been packed. */
const MAX_UNPACKED_BYTES = 2 * 1024 * 1024;

/**
 * zlib's defaults are for streams: 268 KB for each template, and 16 KiB that stay until the next full garbage collection. A template has
 * some 5 KB, which the window holds, and 4 KiB are enough for most when packed.
 */
const DEFLATE = { windowBits: 13, memLevel: 6, chunkSize: 4 * 1024 } as const;

/** @returns undefined when it is too large to be kept */
export function packTemplate({ path, template }: AppliedTemplate): PackedTemplate | undefined {
  const hash = hashOf(template) ?? '';
  const json = JSON.stringify({ path, template });
  const values = json.includes(ESCAPE) ? [hash] : [hash, path, ...namesOf(template)];
  const open = (text: string, place: string, index: number): string =>
    text.replaceAll(`:${JSON.stringify(values[index])}`, `:${place}`);
  const shape = deflate(values.length > 1 ? OPEN.slice(0, values.length).reduce(open, json) : json);
  const packed = { hash, values: JSON.stringify(values), shape };
  return packed.values.length + shape.length > MAX_PACKED_CHARACTERS ? undefined : packed;
}

/** Reads the values of two annotations; the template itself is left packed. */
export function readPacked(values: string | undefined, shape: string | undefined): PackedTemplate | undefined {
  const hash = values === undefined ? undefined : parseValues(values)?.[0];
  if (values === undefined || shape === undefined || hash === undefined) return undefined;
  return { hash, values, shape };
}

/** @returns undefined for text that anybody has edited into something else */
export function unpackTemplate({ hash, values, shape }: PackedTemplate): AppliedTemplate | undefined {
  try {
    const json = inflateRawSync(Buffer.from(shape, 'base64'), { maxOutputLength: MAX_UNPACKED_BYTES }).toString();
    const known = parseValues(values) ?? [];
    if (json.length + (json.split(ESCAPE).length - 1) * values.length > MAX_UNPACKED_BYTES) return undefined;
    const fill = (_: string, value: unknown): unknown => known[PLACES.indexOf(value as string)] ?? value;
    const filled = (known.length > 1 ? JSON.parse(json, fill) : JSON.parse(json)) as Partial<AppliedTemplate> | null;
    const { path, template } = filled ?? {};
    return typeof path === 'string' && template && hashOf(template) === hash ? { path, template } : undefined;
  } catch {
    return undefined;
  }
}

/** Generation that the template pins, if its model is the one at that path. */
export function generationOf(packed: PackedTemplate, path: string): string | undefined {
  const applied = unpackTemplate(packed);
  return applied?.path === path ? applied.template.metadata?.annotations?.[ANNOTATIONS.modelGeneration] : undefined;
}

/** Control characters, which hardly anybody writes; a template that has such text keeps all of its values in the shape. */
const PLACES = ['\u0001', '\u0002', '\u0003', '\u0004'];
/** As JSON has them. */
const OPEN = PLACES.map((place) => JSON.stringify(place));
const ESCAPE = String.raw`"\u000`;

/** Names of the model and of its generation. */
function namesOf({ metadata }: V1PodTemplateSpec): string[] {
  const names = [metadata?.labels?.[LABELS.instance], metadata?.annotations?.[ANNOTATIONS.modelGeneration]];
  return names.filter((name) => name !== undefined);
}

function parseValues(text: string): string[] | undefined {
  try {
    const values: unknown = JSON.parse(text);
    return Array.isArray(values) && values.every((value) => typeof value === 'string') ? values : undefined;
  } catch {
    return undefined;
  }
}

/** Models made together mostly have the settings of the one before. */
let last = { json: '', base64: '' };

function deflate(json: string): string {
  if (last.json !== json) last = { json, base64: deflateRawSync(json, DEFLATE).toString('base64') };
  return last.base64;
}

function hashOf({ metadata }: V1PodTemplateSpec): string | undefined {
  return metadata?.annotations?.[ANNOTATIONS.templateHash];
}
