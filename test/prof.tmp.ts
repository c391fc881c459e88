import { openDriver } from '../src/index.ts';
import { FakeQemu } from '../src/testing/index.ts';
const q = await FakeQemu.start();
const driver = await openDriver();
const vm = await driver.attach({ monitor: q.path });
let n = 0;
driver.on('lifecycle', () => { n++; });
const N = 100000;
const t0 = performance.now();
for (let i = 0; i < N; i++) { q.emit(i % 2 ? 'RESUME' : 'STOP'); if (i % 500 === 0) await new Promise(r => setImmediate(r)); }
while (n < N) await new Promise(r => setImmediate(r));
console.log('events/s', Math.round(N / (performance.now() - t0) * 1000));
process.exit(0);
