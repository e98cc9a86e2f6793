'use strict'; // Plays a data plane whose snapshots come in two parts: the second one when it is asked for the next, or never.
const { parentPort } = require('worker_threads');

let rest;
const snapshot = (id) => {
  rest?.();
  parentPort.postMessage({ type: 'addresses', addresses: [{ address: `first of ${id}` }] });
  rest = () => parentPort.postMessage({ type: 'snapshot', ids: [id], snapshot: { node: 'a', addresses: [{ address: `last of ${id}` }] } });
};
parentPort.on('message', ({ type, id }) => type === 'stop' ? parentPort.close() : type === 'snapshot' && snapshot(id));
parentPort.postMessage({ type: 'ready' });
