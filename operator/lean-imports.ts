import { registerHooks } from 'node:module';
import { extname } from 'node:path';
import { leanModule } from './cluster/lean-modules.ts';

/**
 * For `node --import`, where the operator or the command line runs from its own files and is not bundled: whoever imports
 * @kubernetes/client-node or undici gets the small part of it that is used. Without it everything works the same, with more memory.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const lean = leanModule(specifier, context.parentURL);
    return lean === undefined ? nextResolve(specifier, context) : { url: urlOf(lean), shortCircuit: true };
  },
});

/** From a checkout it is TypeScript, compiled it is JavaScript, as this file. */
function urlOf(name: string): string {
  return new URL(`./cluster/${name}${extname(import.meta.url)}`, import.meta.url).href;
}
