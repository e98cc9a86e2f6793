#!/usr/bin/env node
import { isMainThread, workerData } from 'worker_threads';

/*
 * One file is the whole program: the data plane's thread starts from it too. Each thread loads only what it runs; what were imported here by name
 * would be loaded, and kept, by both.
 */
if (isMainThread) {
  void import('./cli').then(({ run }) => run(process.argv));
} else if ((workerData as { role?: string } | null)?.role === 'dataplane') {
  void import('./dataplane').then(({ runDataPlaneWorker }) => runDataPlaneWorker());
}
