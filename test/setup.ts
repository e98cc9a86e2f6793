import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

/** cdk8s makes a folder for each app of a test, and removes none: they all go into one, which `teardown.ts` removes. */
export default function setup(): void {
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'cdk8s-tests-'));
}
