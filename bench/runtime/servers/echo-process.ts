/** JSON in, the same JSON out, and nothing else; bytes come back as bytes. Argument: the port. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    const isJson = request.headers['content-type'] === 'application/json';
    const answer = isJson && body.length > 0 ? Buffer.from(JSON.stringify(JSON.parse(body.toString()))) : body;
    response.writeHead(200, {
      'Content-Type': isJson ? 'application/json' : 'application/octet-stream',
      'Content-Length': answer.length,
    });
    response.end(answer);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
