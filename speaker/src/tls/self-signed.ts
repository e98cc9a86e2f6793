import { X509Certificate } from 'crypto';
import { selfSignedCertificate, type KeyPair } from './certificates';

/** Validity, in days. */
const DAYS = 365;
/** It is replaced when so little of that is left, in milliseconds. */
const RENEW_MS = 30 * 24 * 3_600_000;

/** A certificate that nobody vouches for: made when it is first asked for, and anew when the wall clock shows a time for which it is not good, or soon not any more. */
export class SelfSignedCertificate {
  private made?: { readonly pair: Promise<KeyPair>; from: number; to: number };

  /**
   * @param names DNS names and IP addresses
   * @param now milliseconds since 1970
   */
  constructor(private readonly commonName: string, private readonly names: readonly string[], private readonly now: () => number = Date.now) {}

  /** @returns the same object as long as it is the same certificate */
  current(): Promise<KeyPair> {
    const now = this.now();
    if (!this.made || now < this.made.from || now > this.made.to - RENEW_MS) {
      const made = { pair: this.make(now), from: -Infinity, to: Infinity }; // who asks meanwhile waits for the same one
      this.made = made;
      made.pair.then(({ cert }) => {
        const { validFrom, validTo } = new X509Certificate(cert);
        Object.assign(made, { from: Date.parse(validFrom), to: Date.parse(validTo) });
      }, () => {
        this.made = undefined; // the next one who asks has it tried again
      });
    }
    return this.made.pair;
  }

  private make(now: number): Promise<KeyPair> {
    return selfSignedCertificate(this.commonName, this.names, DAYS, now);
  }
}
