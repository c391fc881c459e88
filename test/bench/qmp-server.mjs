/** A thread that serves QMP on a unix socket: greeting, the look at attach, then what it is told to send. */
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const GREETING =
  '{"QMP":{"version":{"qemu":{"micro":22,"minor":2,"major":7},"package":""},"capabilities":["oob"]}}';
const ANSWERS = {
  'query-status': { status: 'running', running: true, singlestep: false },
  'query-uuid': { UUID: '00000000-0000-0000-0000-000000000000' },
};
const clients = new Set();
const server = createServer((socket) => {
  clients.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => clients.delete(socket));
  socket.write(`${GREETING}\r\n`);
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop();
    for (const line of lines) {
      const { execute, id } = JSON.parse(line);
      socket.write(`${JSON.stringify({ return: ANSWERS[execute] ?? {}, id })}\r\n`);
    }
  });
});
server.listen(workerData.path, () => parentPort.postMessage('listening'));
parentPort.on('message', (bytes) => {
  for (const socket of clients) socket.write(Buffer.from(bytes));
});
