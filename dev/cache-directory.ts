import { homedir } from 'node:os';
import { join } from 'node:path';

/** The user's cache folder of this project: `$XDG_CACHE_HOME` or `~/.cache`, then `modeldeployment`. */
export function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'modeldeployment');
}
