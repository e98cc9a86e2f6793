import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of a certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a self-signed certificate with `openssl`; it is its own certificate authority.
 *
 * @param names IP addresses and DNS names
 * @param days how long it is valid; 0 gives one that has expired before it is used
 */
export function selfSigned(dir: string, name: string, names: readonly string[], days = 30): Certificate {
  const cert = join(dir, `${name}.crt`), key = join(dir, `${name}.key`);
  const san = names.map((entry) => (/^[\d.]+$|:/.test(entry) ? `IP:${entry}` : `DNS:${entry}`)).join(',');
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days), '-subj', `/CN=${name}`,
    '-addext', `subjectAltName=${san}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', key, '-out', cert,
  ], { stdio: ['ignore', 'ignore', 'ignore'] });
  return { cert, key };
}
