import { expect } from 'chai';
import { checkFencing } from '../../../bench/operator/chaos/check.ts';
import type { ApiRequest } from '../../../dev/control-plane.ts';

/** `SECOND USER VERB RESOURCE [STATUS]`, one a line. */
function requests(text: string): ApiRequest[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [second = '', user = '', verb = '', resource, status = '200'] = line.trim().split(' ');
      return {
        user,
        verb,
        resource,
        status: Number(status),
        receivedAt: new Date(Number(second) * 1_000),
        userAgent: '',
        uri: '',
        namespace: 'default',
        name: 'iris',
      };
    });
}

const ROWS: readonly { readonly name: string; readonly log: string; readonly findings: number }[] = [
  {
    name: 'one operator',
    log: '1 a create leases\n2 a patch services\n3 a update leases\n4 a patch deployments',
    findings: 0,
  },
  {
    name: 'a change of the lead',
    log: '1 a create leases\n2 a patch services\n9 b update leases\n10 b patch services',
    findings: 0,
  },
  {
    name: 'a former leader that writes',
    log: '1 a create leases\n9 b update leases\n10 a patch services',
    findings: 1,
  },
  { name: 'one that writes before it leads', log: '1 a patch services\n2 a create leases', findings: 1 },
  {
    name: 'a former leader that is refused',
    log: '1 a create leases\n9 b update leases\n10 a patch services 409',
    findings: 0,
  },
  {
    name: 'an attempt for the lease that is refused',
    log: '1 a create leases\n2 b update leases 409\n3 a patch services',
    findings: 0,
  },
  {
    name: 'a former leader that reads and tells',
    log: '1 a create leases\n9 b update leases\n10 a get services\n11 a create events',
    findings: 0,
  },
  { name: 'answers out of order', log: '9 b update leases\n2 a patch services\n1 a create leases', findings: 0 },
];

describe('fencing check of the chaos run', () => {
  for (const { name, log, findings } of ROWS) {
    it(`finds ${findings} in ${name}`, () => {
      expect(checkFencing(requests(log))).to.have.lengthOf(findings);
    });
  }
});
