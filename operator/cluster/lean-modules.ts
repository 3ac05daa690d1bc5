const PACKAGE = '@kubernetes/client-node';

/**
 * Which module of this folder stands in for one of @kubernetes/client-node, undici or the framework's gaxios: the small part of it that is used.
 * @param specifier as it is imported
 * @param importer path or URL of the importing file
 * @returns its name without extension; undefined for any other
 */
export function leanModule(specifier: string, importer: string | undefined): string | undefined {
  if (specifier === 'undici') return 'lean-undici';
  if (specifier === 'gaxios' && importer?.includes('/@dot-i/k8s-operator/')) return 'lean-gaxios';
  const isIndex = specifier === PACKAGE;
  const isGeneratedIndex = specifier.endsWith('/gen/index.js') && (importer?.includes(`/${PACKAGE}/dist/`) ?? false);
  return isIndex || isGeneratedIndex ? 'lean-client-node' : undefined;
}
