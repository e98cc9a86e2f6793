#!/usr/bin/env node
import { isMainThread, workerData } from 'worker_threads';
import { run } from './cli';
import { runDataPlaneWorker } from './dataplane';

// One file is the whole program: the data plane's thread starts from it too.
if (isMainThread) {
  void run(process.argv);
} else if ((workerData as { role?: string } | null)?.role === 'dataplane') {
  runDataPlaneWorker();
}
