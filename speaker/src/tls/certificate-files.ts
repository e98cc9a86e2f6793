import { X509Certificate, createPrivateKey } from 'crypto';
import { readFileSync, statSync } from 'fs';
import { join } from 'path';
import type { KeyPair } from './certificates';

/**
 * A certificate in files `tls.crt` and `tls.key` of a folder, as a mounted Secret has them. They are looked at for each connection, which costs two system
 * calls, and read again when they have changed; so a renewed certificate counts without a restart.
 */
export class CertificateFiles {
  private pair?: KeyPair;
  private stamp?: string;

  constructor(private readonly folder: string) {}

  /**
   * The certificate as it is now; the last good one while the files are being replaced.
   * @throws Error naming the file, when there never was a good one
   */
  current(): KeyPair {
    const [cert, key] = ['tls.crt', 'tls.key'].map((name) => join(this.folder, name));
    try {
      const stamp = [cert, key].map((file) => statSync(file, { bigint: true })).map(({ mtimeNs, ino, size }) => `${mtimeNs} ${ino} ${size}`).join();
      if (stamp !== this.stamp || !this.pair) {
        this.pair = checked({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') });
        this.stamp = stamp;
      }
    } catch (error) {
      if (!this.pair) {
        throw new Error(`no certificate in ${this.folder} (tls.crt and tls.key, both PEM, are wanted there): ${(error as Error).message}`, { cause: error });
      }
    }
    return this.pair;
  }
}

function checked(pair: KeyPair): KeyPair {
  if (!new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))) {
    throw new Error('the key is not that of the certificate');
  }
  return pair;
}
