const MAX_CHARACTERS = 80;

/** A name out of a file, in quotes, fit for a one-line message: control characters are replaced, long names cut. */
export function quote(name: string): string {
  const plain = name.replaceAll(/[\p{C}\u2028\u2029]/gu, '\ufffd');
  return `"${plain.length > MAX_CHARACTERS ? `${plain.slice(0, MAX_CHARACTERS - 1)}…` : plain}"`;
}
