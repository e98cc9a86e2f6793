/** The contract of an API server, on the embedded one. `lab/test/api-contract.e2e.test.ts` runs the same tests on a real one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedApiServer } from '../../../lab/apiserver';
import { apiContract } from '../../../lab/test/api-contract';

apiContract(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'contract-'));
  const server = new EmbeddedApiServer({ tls: true });
  await server.listen();
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig());
  return {
    kubeconfig,
    compact: () => server.compact(),
    close: async () => {
      await server.close();
      rmSync(dir, { recursive: true });
    },
  };
});
