import { CommandError, run } from '../command.ts';
import { ensureTools } from '../tools.ts';

/** The user's kubectl, else the one of the test bed. @throws ToolError when there is none and none can be made */
export async function findKubectl(): Promise<string> {
  return (await answers('kubectl', ['version', '--client'])) ? 'kubectl' : (await ensureTools(['kubectl'])).kubectl;
}

/** Whether a program is there and ends well with these arguments. */
export async function answers(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(command, args);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
