/**
 * Order of two resource versions of one kind: negative when `a` is older. They are decimal numbers of any length that only
 * grow: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
