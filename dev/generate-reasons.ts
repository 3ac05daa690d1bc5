/** The table of reasons in operator/api/model-deployment.ts -> docs/reasons.md, a page for people who look one up. */
import { writeFile } from 'node:fs/promises';
import { REASONS, type ReasonDoc, type Stalls } from '../operator/api/model-deployment.ts';

/** Where the page is committed. */
export const REASONS_FILE = new URL('../docs/reasons.md', import.meta.url);

const INTRODUCTION = `<!-- Generated from operator/api/model-deployment.ts by \`npm run generate\`. Do not edit. -->

# Reasons

Every condition of a ModelDeployment carries one of these reasons. The one that counts is in the REASON column of
\`kubectl get modeldeployments\`; \`-o wide\` adds the message, which says what to do. Replace NAME by the name of the ModelDeployment.

A reason after which a person must act also sets the condition \`Stalled\`, so that whatever waits for readiness by the rules of kstatus,
such as Flux, stops waiting. Once the cause is gone the operator goes on by itself: nothing has to be restarted or deleted.
`;

/** By `stalls`. */
const WHO_ACTS: Readonly<Record<Stalls, string>> = {
  yes: 'A person must act: `Stalled` is set.',
  no: 'Nobody has to act.',
  afterDeadline:
    'May mend itself; `Stalled` is set once a rollout has made no progress for longer than its deadline (10 minutes).',
};

/** The whole page, as committed. */
export function generateReasons(): string {
  const docs: readonly (readonly [string, ReasonDoc])[] = Object.entries(REASONS);
  const overview = docs.map(([reason, { meaning }]) => `| [${reason}](#${reason.toLowerCase()}) | ${meaning} |`);
  const sections = docs.map(([reason, doc]) => section(reason, doc));
  return [INTRODUCTION, ['| Reason | Meaning |', '| --- | --- |', ...overview, ''].join('\n'), ...sections].join('\n');
}

function section(reason: string, { meaning, causes, nextCommand, stalls }: ReasonDoc): string {
  const likely = causes.map((cause) => `- ${cause}`).join('\n');
  return `## ${reason}

${meaning} ${WHO_ACTS[stalls]}

Likely causes:

${likely}

Next command:

\`\`\`sh
${nextCommand}
\`\`\`
`;
}

if (import.meta.main) await writeFile(REASONS_FILE, generateReasons());
