import { parseModelPath, type ModelPath } from '../../storage/model-path.ts';

/** Whose command it is. */
export interface CommandTarget {
  readonly name: string;
  readonly path: string;
  /** ` -n ml`, as this program was called. */
  readonly kubectlFlags: string;
}

/**
 * A command of the table of reasons with this object's names in it: NAME, gs://BUCKET, FOLDER, and the path where the table
 * would have a shell look it up.
 */
export function nextCommand(template: string, { name, path, kubectlFlags }: CommandTarget): string {
  const { bucket, folder } = placeOf(path);
  return template
    .replaceAll(/\$\(kubectl get modeldeployment NAME -o jsonpath='\{\.spec\.model\.path\}'\)/g, quoteWord(path))
    .replaceAll('gs://BUCKET/FOLDER/', folder)
    .replaceAll('gs://BUCKET', bucket)
    .replaceAll(/\bNAME\b/g, name)
    .replaceAll(/\bkubectl (?!explain)/g, `kubectl${kubectlFlags} `);
}

function placeOf(path: string): { bucket: string; folder: string } {
  const parsed = parse(path);
  if (parsed?.kind !== 'gcs' && parsed?.kind !== 'gcs-prefix')
    return { bucket: 'gs://BUCKET', folder: 'gs://BUCKET/FOLDER/' };
  const bucket = `gs://${parsed.bucket}`;
  const inBucket = parsed.kind === 'gcs' ? parsed.object.slice(0, parsed.object.lastIndexOf('/') + 1) : parsed.prefix;
  return { bucket, folder: quoteWord(`${bucket}/${inBucket}`) };
}

function parse(path: string): ModelPath | undefined {
  try {
    return parseModelPath(path);
  } catch {
    return undefined;
  }
}

/** A word of a shell command, quoted where it needs it. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
