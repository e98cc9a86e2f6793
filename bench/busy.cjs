/* Loaded into the speaker by `node --require`: from SIGUSR2 to the next one its main thread parses 20 MB of JSON again and again, as a list of a large
   cluster makes it do, and hardly ever comes to anything else. */
const { isMainThread } = require('worker_threads');

if (isMainThread) {
  const item = { metadata: { name: 'pod-0123456789', labels: { app: 'web', tier: 'front' } }, status: { podIPs: [{ ip: '10.244.1.10' }], ready: true } };
  let text, busy = false;
  const parse = () => {
    if (!busy) return;
    JSON.parse(text);
    setImmediate(parse);
  };
  process.on('SIGUSR2', () => {
    text ??= JSON.stringify(Array(Math.ceil(20e6 / (JSON.stringify(item).length + 1))).fill(item));
    busy = !busy;
    parse();
  });
}
