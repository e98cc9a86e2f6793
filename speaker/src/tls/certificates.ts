import { existsSync } from 'fs';
import { join } from 'path';
import { Worker } from 'worker_threads';

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What is to be made; keys are new, on the curve P-256. It is good for `days` days from `now` on, milliseconds since 1970. */
export type CertificateTask = { readonly commonName: string; readonly days: number; readonly now: number } & (
  | { readonly make: 'authority' }
  | { readonly make: 'selfSigned'; readonly names: readonly string[] }
  | { readonly make: 'issued'; readonly names: readonly string[]; readonly authority: KeyPair }
);

/** A certificate that nobody vouches for, as servers of metrics use. @param names DNS names and IP addresses */
export async function selfSignedCertificate(commonName: string, names: readonly string[], days: number, now = Date.now()): Promise<KeyPair> {
  return make({ make: 'selfSigned', commonName, names, days, now });
}

/** A certificate authority. */
export async function makeAuthority(commonName: string, days: number, now = Date.now()): Promise<KeyPair> {
  return make({ make: 'authority', commonName, days, now });
}

/**
 * A server's certificate, signed by an authority that `makeAuthority` made.
 * @throws Error when the authority's key is of another kind
 */
export async function issueCertificate(
  authority: KeyPair, commonName: string, names: readonly string[], days: number, now = Date.now(),
): Promise<KeyPair> {
  return make({ make: 'issued', commonName, names, days, now, authority });
}

/** Where the build puts what makes certificates. */
const MAKER = join(__dirname, 'certificate-maker.js');

/** In a thread that ends with it: what makes certificates takes 15 MB, for ever. Not bundled, as in tests, it is done here. */
async function make(task: CertificateTask): Promise<KeyPair> {
  if (!existsSync(MAKER)) {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return (require('./certificate-maker') as typeof import('./certificate-maker')).makeCertificate(task);
  }
  return new Promise((resolve, reject) => {
    const worker = new Worker(MAKER, { workerData: { certificate: task } });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that makes certificates ended with ${code}`))); // after an answer this changes nothing
  });
}
