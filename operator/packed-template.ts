import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { ANNOTATIONS } from './api/labels.ts';

/** A pod template as the operator applied it, and the path of the model in it. */
export interface AppliedTemplate {
  /** spec.model.path */
  readonly path: string;
  readonly template: V1PodTemplateSpec;
}

/** The same as text for an annotation. */
export interface PackedTemplate {
  /** Value of ANNOTATIONS.templateHash in it. */
  readonly hash: string;
  /** `HASH:BASE64`, some 1.3 KB for a small spec. */
  readonly text: string;
}

/** Two of them, and what others write, must fit into the 256 KiB that all annotations of an object have together. */
const MAX_PACKED_CHARACTERS = 64 * 1024;
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
  const base64 = deflateRawSync(json, DEFLATE).toString('base64');
  return base64.length > MAX_PACKED_CHARACTERS ? undefined : { hash, text: `${hash}:${base64}` };
}

/** Reads the value of an annotation; the template itself is left packed. */
export function readPacked(text: string | undefined): PackedTemplate | undefined {
  const [, hash] = /^([0-9a-f]+):/.exec(text ?? '') ?? [];
  return text === undefined || hash === undefined ? undefined : { hash, text };
}

/** @returns undefined for text that anybody has edited into something else */
export function unpackTemplate({ hash, text }: PackedTemplate): AppliedTemplate | undefined {
  try {
    const packed = Buffer.from(text.slice(hash.length + 1), 'base64');
    const json = inflateRawSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES }).toString();
    const value = JSON.parse(json) as Partial<AppliedTemplate> | null;
    const { path, template } = value ?? {};
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

function hashOf({ metadata }: V1PodTemplateSpec): string | undefined {
  return metadata?.annotations?.[ANNOTATIONS.templateHash];
}
