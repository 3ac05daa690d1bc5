import { registerHooks } from 'node:module';
import { extname } from 'node:path';

/**
 * For `node --import`, as the image starts the operator: whoever imports @kubernetes/client-node gets the small part of it that
 * is used. Without it everything works the same, with more memory.
 */
// From a checkout it is TypeScript, in the image JavaScript, as this file.
const LEAN = new URL(`./cluster/lean-client-node${extname(import.meta.url)}`, import.meta.url).href;
const PACKAGE = '@kubernetes/client-node';

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isIndex = specifier === PACKAGE;
    const isGeneratedIndex =
      specifier.endsWith('/gen/index.js') && (context.parentURL?.includes(`/${PACKAGE}/dist/`) ?? false);
    return isIndex || isGeneratedIndex ? { url: LEAN, shortCircuit: true } : nextResolve(specifier, context);
  },
});
