import { rmSync } from 'fs';

/** Removes what `setup.ts` made. */
export default function teardown(): void {
  rmSync(process.env.TMPDIR!, { recursive: true, force: true });
}
