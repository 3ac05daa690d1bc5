import { registerHooks } from 'node:module';
import { extname } from 'node:path';

/**
 * For `node --import`, as the image starts the operator: whoever imports @kubernetes/client-node or undici gets the small part of
 * it that is used. Without it everything works the same, with more memory.
 */
const LEAN = urlOf('lean-client-node');
const LEAN_UNDICI = urlOf('lean-undici');
const PACKAGE = '@kubernetes/client-node';

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === 'undici') return { url: LEAN_UNDICI, shortCircuit: true };
    const isIndex = specifier === PACKAGE;
    const isGeneratedIndex =
      specifier.endsWith('/gen/index.js') && (context.parentURL?.includes(`/${PACKAGE}/dist/`) ?? false);
    return isIndex || isGeneratedIndex ? { url: LEAN, shortCircuit: true } : nextResolve(specifier, context);
  },
});

/** From a checkout it is TypeScript, in the image JavaScript, as this file. */
function urlOf(name: string): string {
  return new URL(`./cluster/${name}${extname(import.meta.url)}`, import.meta.url).href;
}
