import { X509Certificate, createPrivateKey } from 'crypto';
import { issueCertificate, makeAuthority, type KeyPair } from '../tls';

/** What the Secret holds, PEM: entries `ca.crt`, `ca.key`, `tls.crt`, `tls.key`, as MetalLB has them. */
export interface CertificateSet {
  /** The authority, then former ones that are still good: servers that have not heard of the new one yet go on being trusted. */
  readonly caCert: string;
  readonly caKey: string;
  readonly serving: KeyPair;
}

/** How long certificates are good, in days. */
export const AUTHORITY_DAYS = 3650;
export const SERVING_DAYS = 365;
/** A serving certificate is renewed when so much of its time is left, an authority when it would end before a certificate that it signs. */
const RENEW_AT = 1 / 3;
const DAY_MS = 24 * 3_600_000;
/** Former authorities that are kept. */
const MOST_FORMER = 2;

/** What is to be made anew, and why. */
export interface Defect {
  readonly anew: 'everything' | 'serving';
  readonly why: string;
}

/**
 * Looks at what is there.
 * @param names by which the server is asked for
 * @param now milliseconds since 1970
 * @returns undefined where all is good
 */
export function inspect({ caCert, caKey, serving }: CertificateSet, names: readonly string[], now: number): Defect | undefined {
  try {
    const authority = new X509Certificate(firstPem(caCert));
    const authorityEnds = Date.parse(authority.validTo) - SERVING_DAYS * DAY_MS;
    if (now >= authorityEnds || now < Date.parse(authority.validFrom)) return { anew: 'everything', why: `the authority is good from ${authority.validFrom} to ${authority.validTo}` };
    if (!authority.ca) return { anew: 'everything', why: 'ca.crt is no certificate authority' };
    if (!authority.checkPrivateKey(createPrivateKey(caKey))) return { anew: 'everything', why: 'ca.key is not the key of ca.crt' };
    return inspectServing(authority, serving, names, now, authorityEnds);
  } catch (error) {
    return { anew: 'everything', why: `ca.crt or ca.key cannot be read: ${(error as Error).message}` };
  }
}

function inspectServing(
  authority: X509Certificate, { cert, key }: KeyPair, names: readonly string[], now: number, authorityEnds: number,
): Defect | undefined {
  const anew = (why: string) => ({ anew: 'serving' as const, why });
  try {
    const certificate = new X509Certificate(cert);
    const from = Date.parse(certificate.validFrom), to = Date.parse(certificate.validTo);
    const goodUntil = Math.min(to - (to - from) * RENEW_AT, authorityEnds);
    if (now >= goodUntil || now < from) return anew(`tls.crt is good from ${certificate.validFrom} to ${certificate.validTo}`);
    if (!certificate.verify(authority.publicKey)) return anew('tls.crt is not of the authority in ca.crt');
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return anew('tls.key is not the key of tls.crt');
    const missing = names.find((name) => certificate.checkHost(name) === undefined);
    return missing === undefined ? undefined : anew(`tls.crt is not for ${missing}`);
  } catch (error) {
    return anew(`tls.crt or tls.key cannot be read: ${(error as Error).message}`);
  }
}

/**
 * A new serving certificate, of the authority that is there; with a new authority where that is to be, or its key cannot sign.
 * @param now milliseconds since 1970
 */
export async function renew(former: CertificateSet | undefined, anew: Defect['anew'], names: readonly string[], now: number): Promise<CertificateSet> {
  if (former && anew === 'serving') {
    try {
      const authority = { cert: firstPem(former.caCert), key: former.caKey };
      return { ...former, serving: await issueCertificate(authority, names[0], names, SERVING_DAYS, now) };
    } catch {
      // A key of another kind, which somebody else's program made: its authority is replaced, and trusted as a former one.
    }
  }
  const authority = await makeAuthority('home-load-balancer-webhook', AUTHORITY_DAYS, now);
  const kept = former ? pems(former.caCert).filter((pem) => isUsable(pem, now)).slice(0, MOST_FORMER) : [];
  const serving = await issueCertificate(authority, names[0], names, SERVING_DAYS, now);
  return { caCert: [authority.cert, ...kept].map(endLine).join(''), caKey: authority.key, serving };
}

/** From entries of a Secret, in base64; undefined when one is missing. */
export function fromSecret(data: Readonly<Record<string, string>> | undefined): CertificateSet | undefined {
  const [caCert, caKey, cert, key] = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'].map((name) => Buffer.from(data?.[name] ?? '', 'base64').toString('utf8'));
  return caCert && caKey && cert && key ? { caCert, caKey, serving: { cert, key } } : undefined;
}

export function toSecret({ caCert, caKey, serving: { cert, key } }: CertificateSet): Record<string, string> {
  return Object.fromEntries(Object.entries({ 'ca.crt': caCert, 'ca.key': caKey, 'tls.crt': cert, 'tls.key': key })
    .map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
}

function pems(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function firstPem(text: string): string {
  const [first] = pems(text);
  if (first === undefined) throw new Error('no PEM certificate');
  return first;
}

function isUsable(pem: string, now: number): boolean {
  try {
    return Date.parse(new X509Certificate(pem).validTo) > now;
  } catch {
    return false;
  }
}

function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
