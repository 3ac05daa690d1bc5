import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { freePorts } from '../../dev/free-port.ts';

describe('freePorts', () => {
  it('gives different ports that can be listened on, below those of outgoing connections', async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).to.equal(20);
    for (const port of ports) {
      expect(port).to.be.within(20_000, 29_999);
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
    }
  });
});
