import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
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
 * @param days how long it is valid; a negative number gives one that has expired
 */
export function selfSigned(dir: string, name: string, names: readonly string[], days = 30): Certificate {
  const [cert, key, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((suffix) => join(dir, `${name}.${suffix}`));
  const san = names.map((entry) => (isIP(entry) ? `IP:${entry}` : `DNS:${entry}`)).join(',');
  writeFileSync(extensions, `subjectAltName=${san}\nbasicConstraints=critical,CA:TRUE\n`);
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
  openssl('x509', '-req', '-in', request, '-signkey', key, '-days', String(days), '-extfile', extensions, '-out', cert);
  return { cert, key };
}

function openssl(...parameters: string[]): void {
  execFileSync('openssl', parameters, { stdio: ['ignore', 'ignore', 'pipe'] }); // its errors become part of the one that is thrown
}
