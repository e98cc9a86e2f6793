import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EmbeddedApiServer } from './server';

const USAGE = 'usage: tsx lab/apiserver/main.ts --listen HOST:PORT --kubeconfig FILE [--crds FILE] [--service-cluster-ip-range CIDR]... [--insecure-http]';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'listen': { type: 'string', default: '127.0.0.1:0' },
      'kubeconfig': { type: 'string' },
      'crds': { type: 'string' },
      'service-cluster-ip-range': { type: 'string', multiple: true },
      'insecure-http': { type: 'boolean', default: false },
    },
  });
  const match = /^\[?(.+?)\]?:(\d+)$/.exec(values.listen);
  if (!match || !values.kubeconfig) throw new Error(USAGE);
  const [, host, port] = match;
  const server = new EmbeddedApiServer({
    crds: values.crds,
    tls: !values['insecure-http'],
    names: [host, '127.0.0.1', 'localhost'],
    serviceClusterIpRanges: values['service-cluster-ip-range'],
  });
  const url = await server.listen(Number(port), host);
  writeFileSync(values.kubeconfig, server.kubeconfig(), { mode: 0o600 });
  process.stdout.write(`${url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
});
